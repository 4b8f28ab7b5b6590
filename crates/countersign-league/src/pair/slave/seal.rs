//! The end of a match: the slave signs how many goals it reported, and the head of their chain.

use super::Slave;
use crate::evidence::SlaveSeal;
use crate::pair::control::{Phase, ToMaster};
use crate::pair::is_due;
use countersign::Signer;

/// After the end of a match: the last contact is reported by then. Milliseconds.
const SETTLE: i64 = 700;

impl<S: Signer> Slave<S> {
    /// When everything was reported that the seal counts.
    pub(super) fn seal_due(&self) -> Option<u64> {
        let is_ready = self.control.phase == Phase::Drain
            && self.seal.is_none()
            && self.ring.is_empty()
            && self.is_acked
            && self.is_boot_known
            && self.control.end != i64::MAX
            && self.head.match_id().is_some();
        is_ready.then(|| u64::try_from(self.control.end.saturating_add(SETTLE)).unwrap_or(0))
    }

    pub(super) fn try_seal(&mut self, now: u64) {
        if !is_due(self.seal_due(), now) {
            // A seal whose repetition was stopped is wanted again.
            if self.seal.is_some()
                && self.control.phase == Phase::Drain
                && self.seal_again.next().is_none()
            {
                self.send_seal();
                self.seal_again.start(now);
            }
            return;
        }
        let Some(match_id) = self.head.match_id() else { return };
        let mut seal = SlaveSeal {
            boot: self.head.boot,
            last_seq: self.head.last_seq,
            goals: self.chain.goals,
            head: self.chain.head,
            signature: [0; 64],
        };
        seal.signature = self.signer.sign(&seal.message(&self.pair.device, &match_id));
        self.seal = Some(seal);
        self.send_seal();
        self.seal_again.start(now);
    }

    pub(super) fn send_seal(&mut self) {
        if let Some(seal) = self.seal {
            self.send(&ToMaster::Seal(seal));
        }
    }
}
