//! The relay mesh: what carries a vote from a judge's device to the hub through whatever stands in between.
//!
//! ```text
//!  originate ─────────────────────────────────┐
//!                                             ▼
//!  frame ─▶ framing ─▶ Packet ─▶ M2…M9 in order ─▶ remember ─▶ deliver, store ─▶ forward after a random wait
//!           per link    bytes    tag, epoch, net tag,                                │
//!                                age, seen, bucket                                   ▼
//!  hub's receipt ─▶ purge what is stored or waits                                  frames
//!  neighbour's question (a filter of what he has) ─▶ what he lacks ─────────────────┘
//! ```
//!
//! Nothing here reads a clock, draws a random number or does I/O: `now` is an argument (milliseconds of a clock that only goes
//! forward), entropy is one, and [`relay::Relay`] says what to send. The mesh is not trusted by what it carries: it moves
//! packets whose outer layer anybody with the event's QR can make. The bytes are specified in `docs/judging.md`.
#![no_std]

extern crate alloc;

pub mod beacon;
pub mod control;
pub mod event_code;
pub mod framing;
pub mod gcs;
pub mod hub;
pub mod keys;
pub mod net_code;
pub mod packet;
pub mod receipt;
pub mod relay;
pub mod seal;

mod bucket;
mod seen;
mod sync;
mod window;

pub use beacon::Beacon;
pub use control::{Action, Control};
pub use event_code::{BleUuid, EventCode};
pub use hub::{HubKeys, HubSaid};
pub use keys::{AppKey, EventKey, EventKeys, EventTag, KeyEpoch, NetKeys};
pub use net_code::{NetCode, VoteCode};
pub use packet::{Flags, NetChecked, Packet, PacketId, PacketType, ShortId, T16, Ttl};
pub use receipt::{Receipt, ReceiptItem, ReceiptStatus};
pub use relay::{Bearer, Hop, LinkId, Output, Relay, RelayConfig, Role};
pub use seal::Sealer;

/// A cryptographic generator. Nonces survive a broken one; jitter and salts do not need more than it gives.
pub trait Entropy {
    /// Fills the bytes with fresh ones.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}
