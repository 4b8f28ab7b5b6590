//! Packets that are kept until the hub has decided about them, or for two hours.

use super::LinkId;
use super::believed::AGE_MAX_MINUTES;
use crate::packet::{Packet, PacketId, PacketType, ShortId, T16};
use crate::seen::Keyed;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use hashbrown::HashSet;

/// Milliseconds in a minute.
const MINUTE: u64 = 60_000;
/// Minutes that receipts are kept: a hub says again what it is asked again.
const RECEIPT_MINUTES: u16 = 15;
/// Most ids of packets that are not taken again.
const SETTLED_MAX: usize = 8_192;

#[derive(Debug)]
pub(super) struct Kept {
    pub(super) packet: Packet,
    /// When it came, milliseconds; before zero if that was before a restart.
    pub(super) born: i64,
    /// What it counts against; own packets against nothing.
    pub(super) from: Option<LinkId>,
    /// An own packet for which there was no link yet.
    pub(super) unsent: bool,
}

/// The moment that long ago.
pub(super) fn born(now: u64, age: u64) -> i64 {
    let [now, age] = [now, age].map(|time| i64::try_from(time).unwrap_or(i64::MAX));
    now - age
}

impl Kept {
    /// Milliseconds.
    pub(super) fn age(&self, now: u64) -> u64 {
        u64::try_from(born(now, 0).saturating_sub(self.born)).unwrap_or(0)
    }

    fn is_over(&self, now: u64, now16: T16) -> bool {
        let minutes = minutes_kept(self.packet.packet_type());
        let by_hub_time = match (now16.minutes(), self.packet.t16().minutes()) {
            (Some(now), Some(then)) => now.saturating_sub(then) > minutes,
            _ => false,
        };
        by_hub_time || self.age(now) >= u64::from(minutes) * MINUTE
    }
}

const fn minutes_kept(kind: PacketType) -> u16 {
    match kind {
        PacketType::Receipt => RECEIPT_MINUTES,
        PacketType::Vote
        | PacketType::Beacon
        | PacketType::Control
        | PacketType::Auth
        | PacketType::Sync
        | PacketType::Bundle => AGE_MAX_MINUTES,
    }
}

#[derive(Debug)]
pub(super) struct Store {
    packets: BTreeMap<PacketId, Kept>,
    /// What each link brought, oldest first: a full store makes room for every packet of a flood.
    by_link: BTreeMap<LinkId, BTreeSet<(i64, PacketId)>>,
    bytes: usize,
    packets_max: usize,
    bytes_max: usize,
    settled: HashSet<ShortId, Keyed>,
    settled_in_order: VecDeque<ShortId>,
}

impl Store {
    pub(super) fn new(packets_max: usize, bytes_max: usize, keyed: Keyed) -> Self {
        Self {
            packets: BTreeMap::new(),
            by_link: BTreeMap::new(),
            bytes: 0,
            packets_max,
            bytes_max,
            settled: HashSet::with_hasher(keyed),
            settled_in_order: VecDeque::new(),
        }
    }

    /// Keeps a packet. When there is no room, the oldest of the link that has most has to go, and never an own one; false if
    /// there is no such. `[M10]`
    pub(super) fn keep(&mut self, id: PacketId, kept: Kept) -> Room {
        let mut room = Room::Free;
        while self.packets.len() >= self.packets_max
            || self.bytes + kept.packet.as_bytes().len() > self.bytes_max
        {
            let Some(oldest) = self.oldest_of_the_fullest() else { return Room::None };
            self.remove(&oldest);
            room = Room::Made;
        }
        self.remove(&id);
        self.bytes += kept.packet.as_bytes().len();
        if let Some(link) = kept.from {
            self.by_link.entry(link).or_default().insert((kept.born, id));
        }
        self.packets.insert(id, kept);
        room
    }

    pub(super) fn remove(&mut self, id: &PacketId) -> bool {
        let Some(kept) = self.packets.remove(id) else { return false };
        self.bytes -= kept.packet.as_bytes().len();
        if let Some(link) = kept.from
            && let Some(of_link) = self.by_link.get_mut(&link)
        {
            of_link.remove(&(kept.born, *id));
            if of_link.is_empty() {
                self.by_link.remove(&link);
            }
        }
        true
    }

    /// The hub has decided: forgets the packet, and never takes it again. Says whether it was kept. `[M11]`
    pub(super) fn settle(&mut self, short: ShortId) -> bool {
        if self.settled.insert(short) {
            self.settled_in_order.push_back(short);
            if self.settled_in_order.len() > SETTLED_MAX
                && let Some(first) = self.settled_in_order.pop_front()
            {
                self.settled.remove(&first);
            }
        }
        let kept: Vec<PacketId> = self.packets.range(of_short(short)).map(|(id, _)| *id).collect();
        kept.iter().filter(|id| self.remove(id)).count() > 0
    }

    pub(super) fn is_settled(&self, short: &ShortId) -> bool {
        self.settled.contains(short)
    }

    pub(super) fn settled(&self) -> impl ExactSizeIterator<Item = &ShortId> {
        self.settled_in_order.iter()
    }

    /// Forgets what is over, and never takes it again: neighbours would hand it round for ever. Says how many.
    pub(super) fn expire(&mut self, now: u64, now16: T16) -> usize {
        let over = self.packets.iter().filter(|(_, kept)| kept.is_over(now, now16));
        let over: Vec<PacketId> = over.map(|(id, _)| *id).collect();
        over.iter().for_each(|id| {
            self.settle(id.short());
        });
        over.len()
    }

    /// Forgets what does not hold; says how many.
    pub(super) fn retain(&mut self, holds: impl Fn(&Packet) -> bool) -> usize {
        let over = self.packets.iter().filter(|(_, kept)| !holds(&kept.packet));
        let over: Vec<PacketId> = over.map(|(id, _)| *id).collect();
        over.iter().filter(|id| self.remove(id)).count()
    }

    pub(super) fn contains(&self, id: &PacketId) -> bool {
        self.packets.contains_key(id)
    }

    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&PacketId, &Kept)> {
        self.packets.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&PacketId, &mut Kept)> {
        self.packets.iter_mut()
    }

    fn oldest_of_the_fullest(&self) -> Option<PacketId> {
        let fullest = self.by_link.values().max_by_key(|of_link| of_link.len())?;
        fullest.first().map(|(_, id)| *id)
    }
}

/// Whether there was room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// There was.
    Free,
    /// After another packet was forgotten.
    Made,
    /// There was not.
    None,
}

/// All ids that begin so.
pub(super) fn of_short(short: ShortId) -> core::ops::RangeInclusive<PacketId> {
    let fill = |byte: u8| {
        let mut id = [byte; PacketId::LEN];
        id[..ShortId::LEN].copy_from_slice(short.as_bytes());
        PacketId::from_bytes(id)
    };
    fill(0)..=fill(0xff)
}
