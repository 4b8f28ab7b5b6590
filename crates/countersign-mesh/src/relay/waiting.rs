//! Packets that wait for their moment: to be forwarded, or to answer a neighbour.

use super::{Hop, LinkId};
use crate::packet::{Packet, PacketId, Ttl};
use alloc::collections::{BTreeMap, BTreeSet};

/// What a packet waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// To go out on every link but the one it came from.
    Forward,
    /// To go to whoever asked on this link.
    Answer(LinkId),
}

pub(super) type Key = (PacketId, Purpose);

#[derive(Debug)]
pub(super) struct Wait {
    pub(super) packet: Packet,
    pub(super) from: Option<Hop>,
    /// Copies that were overheard meanwhile, by link.
    pub(super) copies: BTreeMap<LinkId, u8>,
    pub(super) due: u64,
}

/// What became of another copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copy {
    /// Nothing waits.
    NotWaiting,
    /// It was counted.
    Counted,
    /// It had more hops left, and what waits has them now too.
    Raised,
}

#[derive(Debug)]
pub(super) struct Waiting {
    waits: BTreeMap<Key, Wait>,
    by_time: BTreeSet<(u64, Key)>,
    max: usize,
}

impl Waiting {
    pub(super) const fn new(max: usize) -> Self {
        Self { waits: BTreeMap::new(), by_time: BTreeSet::new(), max }
    }

    /// False if too many wait already.
    pub(super) fn add(&mut self, key: Key, packet: Packet, from: Option<Hop>, due: u64) -> bool {
        if self.waits.len() >= self.max {
            return false;
        }
        if self.waits.contains_key(&key) {
            return true;
        }
        self.by_time.insert((due, key));
        self.waits.insert(key, Wait { packet, from, copies: BTreeMap::new(), due });
        true
    }

    /// Another copy came over that link: whoever asked there has it now, and what is to be forwarded goes as far as the better
    /// copy would have. `[M9]`
    pub(super) fn copy_came(&mut self, id: PacketId, link: LinkId, ttl: Ttl) -> Copy {
        self.cancel(&(id, Purpose::Answer(link)));
        let Some(wait) = self.waits.get_mut(&(id, Purpose::Forward)) else {
            return Copy::NotWaiting;
        };
        let copies = wait.copies.entry(link).or_default();
        *copies = copies.saturating_add(1);
        if ttl > wait.packet.ttl() {
            wait.packet.set_ttl(ttl);
            return Copy::Raised;
        }
        Copy::Counted
    }

    /// Whether it waited.
    pub(super) fn cancel(&mut self, key: &Key) -> bool {
        let Some(wait) = self.waits.remove(key) else { return false };
        self.by_time.remove(&(wait.due, *key));
        true
    }

    /// Everything about these packets; how many waited.
    pub(super) fn cancel_all(&mut self, ids: core::ops::RangeInclusive<PacketId>) -> usize {
        let first = (*ids.start(), Purpose::Forward);
        let last = (*ids.end(), Purpose::Answer(LinkId(u32::MAX)));
        let keys: alloc::vec::Vec<Key> =
            self.waits.range(first..=last).map(|(key, _)| *key).collect();
        keys.iter().filter(|key| self.cancel(key)).count()
    }

    /// What nobody is there to receive any more.
    pub(super) fn forget_link(&mut self, link: LinkId) {
        let answers = self.waits.keys().filter(|(_, purpose)| *purpose == Purpose::Answer(link));
        let keys: alloc::vec::Vec<Key> = answers.copied().collect();
        keys.iter().for_each(|key| {
            self.cancel(key);
        });
    }

    /// The next one whose moment has come.
    pub(super) fn pop_due(&mut self, now: u64) -> Option<(Key, Wait)> {
        let (due, key) = *self.by_time.first()?;
        if due > now {
            return None;
        }
        self.by_time.remove(&(due, key));
        self.waits.remove(&key).map(|wait| (key, wait))
    }

    pub(super) fn next_due(&self) -> Option<u64> {
        self.by_time.first().map(|(due, _)| *due)
    }
}
