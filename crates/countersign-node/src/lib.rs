//! A node of the mesh with real links: UDP multicast, WebSocket, Bluetooth Low Energy.
//! A node of the mesh with real links: UDP multicast, WebSocket, Bluetooth Low Energy.

mod clock;
pub mod link;
mod random;
