//! A node of the mesh with real links: UDP multicast, WebSocket, Bluetooth Low Energy.
