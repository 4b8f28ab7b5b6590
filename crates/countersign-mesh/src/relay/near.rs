//! Who is near. Nothing here is proved, and nothing depends on it but the wait before forwarding.

use super::{Hop, LinkId, Neighbour};
use alloc::collections::BTreeMap;

/// Most neighbours that are remembered; the one that was silent longest goes.
const NEIGHBOURS_MAX: usize = 256;
/// Milliseconds of silence after which somebody is not near any more.
const NEAR: u64 = 60_000;

#[derive(Debug, Default)]
pub(super) struct Near {
    neighbours: BTreeMap<Hop, Neighbour>,
}

impl Near {
    /// Somebody sent a packet of this event.
    pub(super) fn heard(&mut self, hop: Hop, now: u64) {
        if !self.neighbours.contains_key(&hop) && self.neighbours.len() >= NEIGHBOURS_MAX {
            let silent = self.neighbours.values().min_by_key(|near| near.last_heard);
            if let Some(silent) = silent.map(|near| near.hop) {
                self.neighbours.remove(&silent);
            }
        }
        let new = Neighbour { hop, last_heard: now, packets: 0, first: 0, echoes: 0 };
        let near = self.neighbours.entry(hop).or_insert(new);
        near.last_heard = now;
        near.packets += 1;
    }

    /// And it was the first to send it.
    pub(super) fn heard_first(&mut self, hop: Hop) {
        if let Some(near) = self.neighbours.get_mut(&hop) {
            near.first += 1;
        }
    }

    /// It sent what we had sent.
    pub(super) fn echoed(&mut self, hop: Hop) {
        if let Some(near) = self.neighbours.get_mut(&hop) {
            near.echoes += 1;
        }
    }

    pub(super) fn forget_link(&mut self, link: LinkId) {
        self.neighbours.retain(|hop, _| hop.link != link);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Neighbour> {
        self.neighbours.values()
    }

    /// How many were heard lately on this link.
    pub(super) fn count(&self, link: LinkId, now: u64) -> usize {
        let on_link = self.neighbours.values().filter(|near| near.hop.link == link);
        on_link.filter(|near| now.saturating_sub(near.last_heard) < NEAR).count()
    }
}
