//! A relay: frames in, frames out, and what is in between.
//!
//! The owner calls, then drains [`Relay::poll_output`] until it gives nothing, then sleeps until [`Relay::poll_timeout`].

mod config;
mod counters;

pub use config::{
    Bearer, Cause, EPOCHS_MAX, Hop, Limits, LinkId, Output, PeerId, RelayConfig, Role,
};
pub use counters::{Counters, DropReason, Neighbour};

use crate::Entropy;
use crate::keys::{KeyEpoch, NetKeys};
use crate::packet::{Packet, PacketId, ShortId, T16, Ttl};
use crate::receipt::Receipt;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use countersign::Timestamp;
use thiserror::Error;

/// Most links of a relay.
pub const LINKS_MAX: usize = 64;

/// Why a link cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LinkError {
    /// Frames too small for pieces of a packet.
    #[error("the link's frames have {0} bytes; at least 20 are needed")]
    FrameTooSmall(usize),
    /// Too many.
    #[error("a relay has at most 64 links")]
    TooMany,
}

/// Why a relay does not take keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeysError {
    /// It has no keys and gets none.
    #[error("a keyless relay takes no keys; make it a member from the start")]
    Keyless,
    /// Keys of another event.
    #[error("the keys belong to another event than the relay's")]
    OtherEvent,
    /// Too many epochs.
    #[error("a relay has keys of at most 8 epochs; retire one first")]
    TooMany,
}

/// Why a snapshot is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// Cut off, changed, or of another version.
    #[error("this is no snapshot of a relay of this version, or it is damaged")]
    Damaged,
}

/// A node of the mesh. Pure: it is told the time and what came in, and says what to send.
#[derive(Debug)]
pub struct Relay<E> {
    config: RelayConfig,
    entropy: E,
    counters: Counters,
    outputs: VecDeque<Output>,
}

impl<E: Entropy> Relay<E> {
    /// A relay without links. `now` is in milliseconds of a clock that only goes forward, here and everywhere.
    pub fn new(config: RelayConfig, entropy: E, _now: u64) -> Self {
        Self { config, entropy, counters: Counters::default(), outputs: VecDeque::new() }
    }

    /// A link is there. `frame_max` is what one frame carries: 20 or more, see [`crate::framing::gatt_value_len`]. The same id again replaces it.
    pub fn link_up(
        &mut self,
        _link: LinkId,
        _bearer: Bearer,
        frame_max: usize,
        _now: u64,
    ) -> Result<(), LinkError> {
        if frame_max < crate::framing::FRAME_MIN {
            return Err(LinkError::FrameTooSmall(frame_max));
        }
        Ok(())
    }

    /// A link is gone; what waited for it alone is kept for others.
    pub fn link_down(&mut self, _link: LinkId) {}

    /// A frame came in.
    pub fn handle_frame(&mut self, _from: Hop, _frame: &[u8], _now: u64) {
        self.counters.frames_in += 1;
    }

    /// A whole packet came in without frames: scanned from a QR. It is treated as one that came over that link, which need not be up.
    pub fn handle_packet(&mut self, _from: Hop, _bytes: &[u8], _now: u64) {}

    /// The time of [`Relay::poll_timeout`] has come; calling it early or late does no harm.
    pub fn handle_timeout(&mut self, _now: u64) {}

    /// When to call [`Relay::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Option<u64> {
        None
    }

    /// What to do next; nothing when everything is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Sends a packet that begins here as far as the hub was measured to be: what the hub says goes farthest. It is kept like any
    /// other, and sent when a link comes if there is none.
    pub fn originate(&mut self, packet: Packet, now: u64) -> PacketId {
        let ttl = if packet.packet_type().is_the_hubs() { Ttl::MAX } else { self.ttl(now) };
        self.originate_with_ttl(packet, ttl, now)
    }

    /// The same, as far as the caller says.
    pub fn originate_with_ttl(&mut self, packet: Packet, _ttl: Ttl, _now: u64) -> PacketId {
        packet.id()
    }

    /// The owner found a delivered packet worthless: it is neither forwarded, if that has not happened, nor kept.
    pub fn refuse(&mut self, _packet: &PacketId) {}

    /// The hub's own receipt: what it names is neither forwarded nor kept any more. Receipts that arrive are settled without this.
    pub fn settle(&mut self, _receipt: &Receipt, _now: u64) {}

    /// At the hub: the time and the event's start. Everybody else learns both from beacons.
    pub fn set_time(&mut self, _time: Timestamp, _start: Timestamp, _now: u64) {}

    /// The hub's time, once it is known.
    pub fn hub_time(&self, _now: u64) -> Option<Timestamp> {
        None
    }

    /// The hub's time as packets carry it.
    pub fn t16(&self, _now: u64) -> T16 {
        T16::UNKNOWN
    }

    /// Links to the hub, as the last beacons showed it: a hint.
    pub fn hops(&self, _now: u64) -> Option<u8> {
        None
    }

    /// How far an own packet goes: twice the way to the hub and three, 7 while it is unknown, at most 15.
    pub fn ttl(&self, now: u64) -> Ttl {
        self.hops(now).map_or(Ttl::DEFAULT, Ttl::for_distance)
    }

    /// Keys of another epoch, after the new QR was scanned.
    pub fn add_keys(&mut self, _keys: NetKeys) -> Result<(), KeysError> {
        Ok(())
    }

    /// Keys of an epoch that is over: its packets are refused from now on, those that are kept are dropped.
    pub fn retire_keys(&mut self, _epoch: KeyEpoch) {}

    /// What was done and dropped.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Who is near.
    pub fn neighbours(&self) -> impl Iterator<Item = &Neighbour> {
        core::iter::empty()
    }

    /// How many packets are kept.
    pub fn stored(&self) -> usize {
        0
    }

    /// Whether the packet is kept.
    pub fn is_stored(&self, _packet: &PacketId) -> bool {
        false
    }

    /// Whether the hub has decided about the packet, as far as this relay remembers.
    pub fn is_settled(&self, _packet: &ShortId) -> bool {
        false
    }

    /// What a restart must not lose: kept packets with their age, seen and settled ids, numbers of the hubs' orders.
    pub fn snapshot(&self, _now: u64) -> Vec<u8> {
        Vec::new()
    }

    /// Takes a snapshot in, right after [`Relay::new`]. Everything seen counts as seen just now; kept packets go on ageing.
    pub fn restore(&mut self, _snapshot: &[u8], _now: u64) -> Result<(), SnapshotError> {
        Ok(())
    }
}
