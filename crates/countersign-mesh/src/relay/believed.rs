//! What hubs have said: the time, the distance, the epochs, which orders were given out.

use crate::beacon::{self, Beacon};
use crate::control::{Action, Control};
use crate::hub::HubSaid;
use crate::keys::KeyEpoch;
use crate::packet::{Packet, PacketId, T16, Ttl};
use crate::window::Window;
use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;
use countersign::{Fingerprint, Timestamp};

/// Milliseconds after which a distance is old.
const HOPS_LAST: u64 = 300_000;
/// Minutes that a packet is of use: the seed's two hours.
pub(super) const AGE_MAX_MINUTES: u16 = 120;
/// Minutes that a packet may be ahead.
const AHEAD_MAX_MINUTES: u16 = 5;
/// Most epochs that hubs announced.
const ANNOUNCED_MAX: usize = 16;

/// How old a packet is, by its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Within two hours, or nobody can tell.
    Fine,
    /// Older.
    Stale,
    /// More than five minutes ahead.
    Future,
}

#[derive(Debug, Default)]
pub(super) struct Believed {
    clock: Option<HubClock>,
    /// This is a hub: its clock is its own.
    is_own: bool,
    hubs: BTreeMap<Fingerprint, OfHub>,
    announced: BTreeSet<KeyEpoch>,
}

/// The hub's time at a moment of the relay's clock.
#[derive(Debug, Clone, Copy)]
struct HubClock {
    time: Timestamp,
    start: Timestamp,
    at: u64,
}

/// What one hub said last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfHub {
    pub(super) beacon: Option<u64>,
    pub(super) orders: Window,
    way: Option<Way>,
}

#[derive(Debug, Clone, Copy)]
struct Way {
    packet: PacketId,
    beacon: Beacon,
    hops: u8,
    heard: u64,
}

impl Believed {
    pub(super) fn set_own_time(&mut self, time: Timestamp, start: Timestamp, now: u64) {
        self.is_own = true;
        self.clock = Some(HubClock { time, start, at: now });
    }

    pub(super) fn time(&self, now: u64) -> Option<Timestamp> {
        let clock = self.clock?;
        Some(clock.time.plus(Duration::from_millis(now.saturating_sub(clock.at))))
    }

    pub(super) fn t16(&self, now: u64) -> T16 {
        match (self.clock, self.time(now)) {
            (Some(clock), Some(time)) => beacon::t16(clock.start, time),
            _ => T16::UNKNOWN,
        }
    }

    /// Compares what the packet says with the hub's time, if both are known. `[M5]`
    pub(super) fn age(&self, t16: T16, now: u64) -> Age {
        match (self.t16(now).minutes(), t16.minutes()) {
            (Some(now), Some(then)) if now.saturating_sub(then) > AGE_MAX_MINUTES => Age::Stale,
            (Some(now), Some(then)) if then.saturating_sub(now) > AHEAD_MAX_MINUTES => Age::Future,
            _ => Age::Fine,
        }
    }

    /// Sets the clock by a beacon; false if this hub said something newer before.
    pub(super) fn beacon(&mut self, said: &HubSaid<Beacon>, packet: &Packet, now: u64) -> bool {
        let HubSaid { hub, notice: beacon } = said;
        let of_hub = self.hubs.entry(*hub).or_default();
        if of_hub.beacon.is_some_and(|last| beacon.sequence <= last) {
            return false;
        }
        of_hub.beacon = Some(beacon.sequence);
        of_hub.way = beacon.hops(packet.ttl()).map(|hops| Way {
            packet: packet.id(),
            beacon: *beacon,
            hops,
            heard: now,
        });
        if !self.is_own {
            self.clock = Some(HubClock { time: beacon.time, start: beacon.start, at: now });
        }
        true
    }

    /// Another copy of a beacon, which perhaps came a shorter way.
    pub(super) fn beacon_again(&mut self, id: &PacketId, left: Ttl) {
        let ways = self.hubs.values_mut().filter_map(|of_hub| of_hub.way.as_mut());
        for way in ways.filter(|way| way.packet == *id) {
            way.hops = way.beacon.hops(left).map_or(way.hops, |hops| hops.min(way.hops));
        }
    }

    /// Links to the nearest hub that was heard lately.
    pub(super) fn hops(&self, now: u64) -> Option<u8> {
        let ways = self.hubs.values().filter_map(|of_hub| of_hub.way);
        ways.filter(|way| now.saturating_sub(way.heard) < HOPS_LAST).map(|way| way.hops).min()
    }

    /// Takes an order; false if it was given out before, or is too old to tell.
    pub(super) fn order(&mut self, said: &HubSaid<Control>) -> bool {
        if let Action::Rekey { epoch } = said.notice.action
            && self.announced.len() < ANNOUNCED_MAX
        {
            self.announced.insert(epoch);
        }
        self.hubs.entry(said.hub).or_default().orders.pass(said.notice.sequence)
    }

    /// Whether a hub announced the epoch. `[M12]`
    pub(super) fn is_announced(&self, epoch: KeyEpoch) -> bool {
        self.announced.contains(&epoch)
    }

    pub(super) fn announced(&self) -> impl ExactSizeIterator<Item = KeyEpoch> + '_ {
        self.announced.iter().copied()
    }

    pub(super) fn hubs(&self) -> impl ExactSizeIterator<Item = (&Fingerprint, &OfHub)> {
        self.hubs.iter()
    }

    /// From a snapshot.
    pub(super) fn remember(&mut self, hub: Fingerprint, beacon: Option<u64>, orders: Window) {
        self.hubs.insert(hub, OfHub { beacon, orders, way: None });
    }

    /// From a snapshot.
    pub(super) fn announce(&mut self, epoch: KeyEpoch) {
        self.announced.insert(epoch);
    }
}
