//! Idempotency keys in memory.

use super::State;
use crate::idempotency::{IdempotencyKey, Idempotent, StoredAnswer};
use countersign::{PayloadHash, Timestamp, UserId};
use std::collections::hash_map;
use std::time::Duration;

/// What makes two keys the same.
#[derive(PartialEq, Eq, Hash)]
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
    ClaimedUntil(Timestamp),
    Done(StoredAnswer),
}

impl State {
    pub(super) fn begin_idempotent(
        &mut self,
        key: IdempotencyKey,
        now: Timestamp,
        lease: Duration,
    ) -> Idempotent {
        let (identity, fingerprint) = split(key);
        let claimed = Progress::ClaimedUntil(now.plus(lease));
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
            Progress::Done(answer) => Idempotent::Done(answer.clone()),
            Progress::ClaimedUntil(end) if now < *end => Idempotent::InProgress,
            Progress::ClaimedUntil(_) => {
                known.progress = claimed;
                Idempotent::Claimed
            }
        }
    }

    pub(super) fn finish_idempotent(&mut self, key: IdempotencyKey, answer: StoredAnswer) {
        let (identity, fingerprint) = split(key);
        if let Some(entry) = self.idempotent.get_mut(&identity)
            && entry.is_claimed_with(fingerprint)
        {
            entry.progress = Progress::Done(answer);
        }
    }

    pub(super) fn abandon_idempotent(&mut self, key: IdempotencyKey) {
        let (identity, fingerprint) = split(key);
        if self.idempotent.get(&identity).is_some_and(|entry| entry.is_claimed_with(fingerprint)) {
            self.idempotent.remove(&identity);
        }
    }
}

impl Entry {
    fn is_claimed_with(&self, fingerprint: PayloadHash) -> bool {
        matches!(self.progress, Progress::ClaimedUntil(_)) && self.fingerprint == fingerprint
    }
}

fn split(key: IdempotencyKey) -> (Identity, PayloadHash) {
    let IdempotencyKey { user, message_type, key, fingerprint } = key;
    (Identity { user, message_type, key }, fingerprint)
}
