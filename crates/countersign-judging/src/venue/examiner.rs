//! The part of the checks that needs neither time nor state: most of the work, and good for as many threads as there are.

use super::Refusal;
use crate::event::Event;
use crate::id::JudgeId;
use crate::vote::{ReceivedVote, SignedVote};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use countersign::{EventId, Fingerprint, Realm, VerifyingKey};

/// Who may sign votes of an event. A copy of a venue's own; [`Venue::admit`](super::Venue::admit) looks again at what may have
/// changed since.
#[derive(Debug, Clone)]
pub struct Examiner {
    pub(super) realm: Realm,
    event: EventId,
    /// Every key that a judge had here, the present one last.
    pub(super) keys: BTreeMap<JudgeId, Vec<VerifyingKey>>,
}

impl Examiner {
    pub(super) fn new(realm: Realm, event: &Event) -> Self {
        let keys = event.judges.iter().map(|judge| (judge.id, alloc::vec![judge.key.clone()]));
        Self { realm, event: event.id, keys: keys.collect() }
    }

    /// Shape, roster and signature of the content of a VOTE packet.
    pub fn examine(&self, content: &[u8]) -> Result<SignedVote, Refusal> {
        let received = ReceivedVote::decode(content)?;
        let judge = *received.judge();
        // [H2] nobody outside the roster
        let keys = self.keys.get(&judge).ok_or(Refusal::UnknownJudge(judge))?;
        // [H3] by a key that the judge has or had; the newest first
        let mut newest_first = keys.iter().rev();
        newest_first
            .find_map(|key| received.verify(&self.realm, &self.event, key).ok())
            .ok_or(Refusal::Signature(judge))
    }

    /// The later a judge got a key, the higher; `None` for a key that is not theirs.
    pub(super) fn key_order(&self, judge: &JudgeId, key: &Fingerprint) -> Option<usize> {
        self.keys.get(judge)?.iter().position(|known| known.fingerprint() == key)
    }

    /// Whether the judge has or had the key that signed, and for this event.
    pub(super) fn knows(&self, vote: &SignedVote) -> bool {
        vote.event == self.event && self.key_order(&vote.vote.judge, &vote.signer).is_some()
    }
}
