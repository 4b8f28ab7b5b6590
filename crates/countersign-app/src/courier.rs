//! What a phone carries between devices and the server: results there, receipts back.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;
use countersign::Timestamp;
use countersign_league::evidence::{Artefact, Bundle, MatchStart};
use countersign_league::{DeviceId, MatchId};

/// Where a carried result is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Not yet taken by the server; the next try is due at this time.
    ToServer {
        /// When to try again.
        next: Timestamp,
        /// How often it was tried.
        tries: u32,
    },
    /// The server's receipt is here; the device may still need it.
    Receipted {
        /// The receipt's frame.
        receipt: Vec<u8>,
    },
}

/// One result on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The bundle.
    pub bundle: Vec<u8>,
    /// The device that it says it comes from: whom the receipt is offered to.
    pub device: Option<DeviceId>,
    /// Since when it is carried.
    pub since: Timestamp,
    /// Where it is.
    pub delivery: Delivery,
}

/// All results on their way. Holds at most [`Courier::CAPACITY`]; when full, what the server has receipted goes first, and
/// if there is none, nothing more is taken up: the device and other phones still have it.
#[derive(Debug, Default)]
pub struct Courier {
    carried: BTreeMap<MatchId, Carried>,
}

impl Courier {
    /// Most results at a time.
    pub const CAPACITY: usize = 16;
    /// How long a result is carried.
    pub const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
    /// First wait after a failed try; doubles up to [`Self::LAST_WAIT`].
    pub const FIRST_WAIT: Duration = Duration::from_secs(2);
    /// Longest wait between tries.
    pub const LAST_WAIT: Duration = Duration::from_secs(3600);

    /// What is carried, by match.
    pub fn carried(&self) -> impl Iterator<Item = (&MatchId, &Carried)> {
        self.carried.iter()
    }

    /// One of them.
    pub fn get(&self, id: &MatchId) -> Option<&Carried> {
        self.carried.get(id)
    }

    /// How many the server has not taken yet.
    pub fn waiting(&self) -> usize {
        self.carried.values().filter(|carried| !carried.is_receipted()).count()
    }

    /// How many of them are this device's.
    pub(crate) fn of(&self, device: DeviceId) -> usize {
        self.carried.values().filter(|carried| carried.device == Some(device)).count()
    }

    /// Takes a bundle up, to be tried at once. `None`: it is carried already, or there is no room. Otherwise the match that
    /// was given up for it, if any.
    pub(crate) fn take_up(
        &mut self,
        id: MatchId,
        bundle: Vec<u8>,
        now: Timestamp,
    ) -> Option<Option<MatchId>> {
        if self.carried.contains_key(&id) {
            return None;
        }
        let mut dropped = None;
        if self.carried.len() >= Self::CAPACITY {
            let receipted = self.carried.iter().find(|(_, carried)| carried.is_receipted());
            let oldest = *receipted?.0;
            self.carried.remove(&oldest);
            dropped = Some(oldest);
        }
        let delivery = Delivery::ToServer { next: now, tries: 0 };
        let device = claimed_device(&bundle);
        self.carried.insert(id, Carried { bundle, device, since: now, delivery });
        Some(dropped)
    }

    /// Results that are due for a try, each marked as tried: the next try waits longer.
    pub(crate) fn due(&mut self, now: Timestamp, jitter: u16) -> Vec<(MatchId, Vec<u8>)> {
        let mut due = Vec::new();
        for (id, carried) in &mut self.carried {
            if let Delivery::ToServer { next, tries } = &mut carried.delivery
                && *next <= now
            {
                *next = now.plus(wait(*tries, jitter));
                *tries = tries.saturating_add(1);
                due.push((*id, carried.bundle.clone()));
            }
        }
        due
    }

    /// The next try of everything is due now, and the waits begin anew.
    pub(crate) fn hurry(&mut self, now: Timestamp) {
        for carried in self.carried.values_mut() {
            if let Delivery::ToServer { next, tries } = &mut carried.delivery {
                (*next, *tries) = (now, 0);
            }
        }
    }

    /// When the next try is due.
    pub(crate) fn next_try(&self) -> Option<Timestamp> {
        let next = |carried: &Carried| match carried.delivery {
            Delivery::ToServer { next, .. } => Some(next),
            Delivery::Receipted { .. } => None,
        };
        self.carried.values().filter_map(next).min()
    }

    /// The server's receipt arrived.
    pub(crate) fn receipted(&mut self, id: &MatchId, receipt: Vec<u8>) {
        if let Some(carried) = self.carried.get_mut(id) {
            carried.delivery = Delivery::Receipted { receipt };
        }
    }

    /// Receipts that this device may still need.
    pub(crate) fn receipts_for(&self, device: DeviceId) -> Vec<(MatchId, Vec<u8>)> {
        let receipt = |(id, carried): (&MatchId, &Carried)| match &carried.delivery {
            Delivery::Receipted { receipt } if carried.device == Some(device) => {
                Some((*id, receipt.clone()))
            }
            Delivery::Receipted { .. } | Delivery::ToServer { .. } => None,
        };
        self.carried.iter().filter_map(receipt).collect()
    }

    /// The device has the receipt: nothing is left to be carried.
    pub(crate) fn delivered(&mut self, id: &MatchId) -> bool {
        self.carried.remove(id).is_some()
    }

    /// What was carried for longer than [`Self::KEPT`]: gone from here, to be forgotten.
    pub(crate) fn expired(&mut self, now: Timestamp) -> Vec<MatchId> {
        let old = |carried: &Carried| now.since(carried.since) > Self::KEPT;
        let ids: Vec<_> =
            self.carried.iter().filter(|(_, carried)| old(carried)).map(|(id, _)| *id).collect();
        ids.iter().for_each(|id| drop(self.carried.remove(id)));
        ids
    }
}

impl Carried {
    fn is_receipted(&self) -> bool {
        matches!(self.delivery, Delivery::Receipted { .. })
    }
}

/// Nothing is verified here: a wrong device only means that the receipt is offered to nobody.
fn claimed_device(bundle: &[u8]) -> Option<DeviceId> {
    let start = Bundle::decode(bundle).ok()?.start;
    let frame = countersign::Frame::split(&start).ok()?;
    MatchStart::decode(frame.payload).ok().map(|start| start.device)
}

/// 2 s, 4 s, … 1 h, each up to a quarter longer, so that phones of one match do not come all at once.
pub(crate) fn wait(tries: u32, jitter: u16) -> Duration {
    let doubled = Courier::FIRST_WAIT.saturating_mul(1 << tries.min(11));
    let base = doubled.min(Courier::LAST_WAIT);
    base + base * u32::from(jitter) / (4 * u32::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> MatchId {
        MatchId::from_bytes([n; 16])
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn tries_wait_longer_each_time_and_never_longer_than_an_hour() {
        assert_eq!(wait(0, 0), Duration::from_secs(2));
        assert_eq!(wait(3, 0), Duration::from_secs(16));
        assert_eq!(wait(40, 0), Duration::from_secs(3600));
        assert_eq!(wait(40, u16::MAX), Duration::from_secs(4500));
    }

    #[test]
    fn a_failed_try_comes_back_later() {
        let mut courier = Courier::default();
        assert_eq!(courier.take_up(id(1), alloc::vec![1], at(10)), Some(None));
        assert_eq!(courier.take_up(id(1), alloc::vec![1], at(10)), None);
        assert_eq!(courier.due(at(10), 0).len(), 1);
        assert_eq!(courier.due(at(11), 0).len(), 0);
        assert_eq!(courier.next_try(), Some(at(12)));
        assert_eq!(courier.due(at(12), 0).len(), 1);
        assert_eq!(courier.next_try(), Some(at(16)));
    }

    #[test]
    fn whoever_comes_back_online_does_not_wait() {
        let mut courier = Courier::default();
        courier.take_up(id(1), alloc::vec![1], at(10));
        for second in [10, 12, 16] {
            assert_eq!(courier.due(at(second), 0).len(), 1);
        }
        assert_eq!(courier.next_try(), Some(at(24)));
        courier.hurry(at(17));
        assert_eq!((courier.due(at(17), 0).len(), courier.next_try()), (1, Some(at(19))));
    }

    #[test]
    fn when_full_only_what_has_a_receipt_makes_room() {
        let mut courier = Courier::default();
        for n in 0..Courier::CAPACITY as u8 {
            courier.take_up(id(n), alloc::vec![n], at(0));
        }
        assert_eq!(courier.take_up(id(99), alloc::vec![], at(1)), None);
        courier.receipted(&id(3), alloc::vec![7]);
        assert_eq!(courier.take_up(id(99), alloc::vec![], at(1)), Some(Some(id(3))));
    }

    #[test]
    fn after_14_days_it_is_given_up() {
        let mut courier = Courier::default();
        courier.take_up(id(1), alloc::vec![], at(0));
        assert!(courier.expired(Timestamp::ZERO.plus(Courier::KEPT)).is_empty());
        let later = Timestamp::ZERO.plus(Courier::KEPT + Duration::from_millis(1));
        assert_eq!(courier.expired(later), alloc::vec![id(1)]);
    }
}
