//! BEACON: the hub's time, and how far away it is.

use crate::hub::Notice;
use crate::packet::{PacketType, T16, Ttl};
use alloc::vec::Vec;
use core::time::Duration;
use countersign::Timestamp;
use countersign::wire::{Malformed, Reader};

/// What a hub says of itself, every ten seconds or so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beacon {
    /// Rises with every beacon of this hub, also over its restarts: an older one is never believed again.
    pub sequence: u64,
    /// The hub's time when it said this.
    pub time: Timestamp,
    /// When the event began; [`T16`] counts from here.
    pub start: Timestamp,
    /// The bundle's version at the hub.
    pub bundle_version: u32,
    /// The hops that the hub gave the packet: what is missing on arrival is the distance, a hint that anybody can forge.
    pub first_ttl: Ttl,
}

impl Beacon {
    /// Links between the hub and who receives this with so many hops left; none if the hops do not fit.
    pub fn hops(&self, left: Ttl) -> Option<u8> {
        self.first_ttl.get().checked_sub(left.get()).map(|passed| passed + 1)
    }
}

/// Minutes of the event.
pub fn t16(start: Timestamp, now: Timestamp) -> T16 {
    T16::from_minutes(now.since(start).as_millis() as u64 / MINUTE)
}

const MINUTE: u64 = Duration::from_secs(60).as_millis() as u64;

impl Notice for Beacon {
    const TYPE: PacketType = PacketType::Beacon;
    const KIND: &'static str = "hub.beacon";

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(29 + 64);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.time.as_millis().to_be_bytes());
        out.extend_from_slice(&self.start.as_millis().to_be_bytes());
        out.extend_from_slice(&self.bundle_version.to_be_bytes());
        out.push(self.first_ttl.get());
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let beacon = Self {
            sequence: reader.u64()?,
            time: reader.time()?,
            start: reader.time()?,
            bundle_version: reader.u32()?,
            first_ttl: match reader.u8()? {
                ttl if ttl <= Ttl::MAX.get() => Ttl::new(ttl),
                _ => return Err(Malformed::Range),
            },
        };
        reader.finish()?;
        Ok(beacon)
    }
}
