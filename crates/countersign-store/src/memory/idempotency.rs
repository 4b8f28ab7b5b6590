//! Idempotency keys in memory.

use super::State;
use crate::idempotency::{ClaimId, IdempotencyKey, Idempotent, StoredAnswer};
use countersign::{PayloadHash, Timestamp, UserId};
use std::collections::hash_map;
use std::time::Duration;

/// What makes two keys the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    pub(super) user: UserId,
    message_type: String,
    key: String,
}

/// What is known of a key.
pub(super) struct Entry {
    fingerprint: PayloadHash,
    progress: Progress,
}

enum Progress {
    ClaimedUntil(Timestamp, ClaimId),
    Done(StoredAnswer, Timestamp),
}

impl State {
    pub(super) fn begin_idempotent(
        &mut self,
        key: IdempotencyKey,
        claim: ClaimId,
        now: Timestamp,
        lease: Duration,
    ) -> Idempotent {
        let (identity, fingerprint) = split(key);
        let claimed = Progress::ClaimedUntil(now.plus(lease), claim);
        let mut entry = match self.idempotent.entry(identity) {
            hash_map::Entry::Vacant(vacant) => {
                vacant.insert(Entry { fingerprint, progress: claimed });
                return Idempotent::Claimed;
            }
            hash_map::Entry::Occupied(entry) => entry,
        };
        let known = entry.get_mut();
        match &known.progress {
            _ if known.fingerprint != fingerprint => Idempotent::Mismatch,
            Progress::Done(answer, _) => Idempotent::Done(answer.clone()),
            Progress::ClaimedUntil(end, _) if now < *end => Idempotent::InProgress,
            Progress::ClaimedUntil(..) => {
                known.progress = claimed;
                Idempotent::Claimed
            }
        }
    }

    pub(super) fn finish_idempotent(
        &mut self,
        key: IdempotencyKey,
        answer: StoredAnswer,
        now: Timestamp,
    ) {
        let (identity, fingerprint) = split(key);
        if let Some(entry) = self.idempotent.get_mut(&identity)
            && entry.claim_with(fingerprint).is_some()
        {
            entry.progress = Progress::Done(answer, now);
        }
    }

    pub(super) fn abandon_idempotent(&mut self, key: IdempotencyKey, claim: ClaimId) {
        let (identity, fingerprint) = split(key);
        let known = self.idempotent.get(&identity);
        if known.and_then(|entry| entry.claim_with(fingerprint)) == Some(claim) {
            self.idempotent.remove(&identity);
        }
    }
}

impl Entry {
    /// When it was finished, or its lease ends.
    pub(super) fn end(&self) -> Timestamp {
        match &self.progress {
            Progress::ClaimedUntil(end, _) | Progress::Done(_, end) => *end,
        }
    }

    /// Whose claim it is, if it is one for this payload.
    fn claim_with(&self, fingerprint: PayloadHash) -> Option<ClaimId> {
        match &self.progress {
            Progress::ClaimedUntil(_, claim) if self.fingerprint == fingerprint => Some(*claim),
            Progress::ClaimedUntil(..) | Progress::Done(..) => None,
        }
    }
}

fn split(key: IdempotencyKey) -> (Identity, PayloadHash) {
    let IdempotencyKey { user, message_type, key, fingerprint } = key;
    (Identity { user, message_type, key }, fingerprint)
}
