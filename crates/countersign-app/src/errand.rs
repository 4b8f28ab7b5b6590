//! What a phone carries for a device's TLS: its request to the server, the chain back.

use crate::courier::{Courier, wait};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use countersign::Timestamp;
use countersign_league::DeviceId;

/// One certificate on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// The device's request; until there is a chain, the next try is due at this time.
    ToServer {
        /// The frame that the device signed.
        request: Vec<u8>,
        /// A chain that ends no later is no use: the device has it.
        beyond: Timestamp,
        /// When to try again.
        next: Timestamp,
        /// How often it was tried.
        tries: u32,
    },
    /// The chain, for the next time that the device is within reach.
    ToDevice {
        /// The frame that the server signed.
        chain: Vec<u8>,
    },
}

/// All certificates on their way, by device. Holds at most [`Errands::CAPACITY`]; when full, the oldest goes: every other phone
/// at that device can carry its request too.
#[derive(Debug, Default)]
pub struct Errands {
    errands: BTreeMap<DeviceId, (Timestamp, Errand)>,
}

impl Errands {
    /// Most devices at a time.
    pub const CAPACITY: usize = 4;

    /// What is carried for this device.
    pub fn get(&self, device: &DeviceId) -> Option<&Errand> {
        self.errands.get(device).map(|(_, errand)| errand)
    }

    /// Takes an errand up, in place of an earlier one of the device. The device that was given up for it, if any.
    pub(crate) fn take_up(
        &mut self,
        device: DeviceId,
        errand: Errand,
        now: Timestamp,
    ) -> Option<DeviceId> {
        let mut dropped = None;
        if self.errands.len() >= Self::CAPACITY && !self.errands.contains_key(&device) {
            let oldest = self.errands.iter().min_by_key(|(_, (since, _))| *since);
            dropped = oldest.map(|(device, _)| *device);
        }
        if let Some(oldest) = &dropped {
            self.errands.remove(oldest);
        }
        self.errands.insert(device, (now, errand));
        dropped
    }

    /// Requests that are due for a try, each marked as tried.
    pub(crate) fn due(&mut self, now: Timestamp, jitter: u16) -> Vec<(DeviceId, Vec<u8>)> {
        let mut due = Vec::new();
        for (device, (_, errand)) in &mut self.errands {
            if let Errand::ToServer { request, next, tries, .. } = errand
                && *next <= now
            {
                *next = now.plus(wait(*tries, jitter));
                *tries = tries.saturating_add(1);
                due.push((*device, request.clone()));
            }
        }
        due
    }

    /// The next try of every request is due now, and the waits begin anew.
    pub(crate) fn hurry(&mut self, now: Timestamp) {
        for (_, errand) in self.errands.values_mut() {
            if let Errand::ToServer { next, tries, .. } = errand {
                (*next, *tries) = (now, 0);
            }
        }
    }

    /// When the next try is due.
    pub(crate) fn next_try(&self) -> Option<Timestamp> {
        let next = |(_, errand): &(Timestamp, Errand)| match errand {
            Errand::ToServer { next, .. } => Some(*next),
            Errand::ToDevice { .. } => None,
        };
        self.errands.values().filter_map(next).min()
    }

    /// Nothing is left to be carried for this device.
    pub(crate) fn done(&mut self, device: &DeviceId) -> bool {
        self.errands.remove(device).is_some()
    }

    /// What was carried for longer than results are: gone from here, to be forgotten.
    pub(crate) fn expired(&mut self, now: Timestamp) -> Vec<DeviceId> {
        let old = self.errands.iter().filter(|(_, (since, _))| now.since(*since) > Courier::KEPT);
        let devices: Vec<_> = old.map(|(device, _)| *device).collect();
        devices.iter().for_each(|device| drop(self.errands.remove(device)));
        devices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(n: u8) -> DeviceId {
        DeviceId::from_bytes([n; 16])
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn request(next: u64) -> Errand {
        let request = alloc::vec![1];
        Errand::ToServer { request, beyond: Timestamp::ZERO, next: at(next), tries: 0 }
    }

    #[test]
    fn requests_wait_longer_each_time_and_chains_wait_for_their_device() {
        let mut errands = Errands::default();
        assert_eq!(errands.take_up(device(1), request(10), at(10)), None);
        assert_eq!(errands.due(at(9), 0), []);
        assert_eq!(errands.due(at(10), 0).len(), 1);
        assert_eq!(errands.next_try(), Some(at(12)));
        assert_eq!(errands.due(at(12), 0).len(), 1);
        assert_eq!(errands.next_try(), Some(at(16)));
        errands.take_up(device(1), Errand::ToDevice { chain: alloc::vec![2] }, at(13));
        assert_eq!((errands.next_try(), errands.due(at(99), 0).len()), (None, 0));
        assert!(errands.done(&device(1)));
        assert!(!errands.done(&device(1)));
    }

    #[test]
    fn when_full_the_oldest_goes_and_after_14_days_all() {
        let mut errands = Errands::default();
        for n in 0..4 {
            assert_eq!(errands.take_up(device(n), request(0), at(u64::from(9 - n))), None);
        }
        assert_eq!(errands.take_up(device(2), request(0), at(10)), None);
        assert_eq!(errands.take_up(device(7), request(0), at(10)), Some(device(3)));
        assert_eq!(errands.expired(at(8).plus(Courier::KEPT)), []);
        let later = at(9).plus(Courier::KEPT).plus(core::time::Duration::from_millis(1));
        assert_eq!(errands.expired(later), [device(0), device(1)]);
    }
}
