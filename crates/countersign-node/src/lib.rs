//! A node of the mesh with real links: UDP multicast, WebSocket, Bluetooth Low Energy.
//!
//! ```text
//!   carriers (link)          one task (node)                      owner
//!   ───────────────          ───────────────                      ─────
//!   multicast ─┐                                ┌─ Event ───▶ a hub, a judge, or nobody
//!   udp ───────┤ frames ──▶  mesh::Relay,  ─────┤
//!   ws ────────┤ ◀── frames  timers, counters   └─ Status ──▶ view, metrics
//!   ble ───────┘                 │    ▲
//!                        snapshot▼    │at start
//!                               disk
//! ```
//!
//! Which packets are taken, kept and forwarded is decided in `countersign-mesh`; here are sockets, queues, time and disk.

mod clock;
pub mod link;
pub mod metrics;
mod node;
mod random;
mod snapshot;
mod status;

pub use node::{Event, Events, Node, NodeConfig, NodeError, NodeHandle};
pub use random::{NoRandom, Random};
pub use status::{LinkStatus, NeighbourStatus, Status};
