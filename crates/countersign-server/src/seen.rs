//! The replay set of this process, cut into shards so that threads rarely wait for each other.

use countersign::{
    FirstUse, FreshnessWindow, ReplayError, ReplayKey, ReplayLimits, SeenSet, Timestamp,
};
use std::sync::{Mutex, PoisonError};

const SHARDS: usize = 16;

/// A [`SeenSet`] per shard; a session always has the same shard, so its own limit stays exact.
#[derive(Debug)]
pub struct SharedSeen {
    shards: Vec<Mutex<SeenSet>>,
}

impl SharedSeen {
    /// Empty shards that together hold `limits.total` ids.
    pub fn new(hash_key: [u8; 16], window: FreshnessWindow, limits: ReplayLimits) -> Self {
        let limits = ReplayLimits { total: limits.total.div_ceil(SHARDS), ..limits };
        let shards = (0..SHARDS).map(|_| Mutex::new(SeenSet::new(hash_key, window, limits)));
        Self { shards: shards.collect() }
    }

    /// Puts a request in if it is absent. Check and insert happen under one lock.
    pub fn first_use(&self, key: ReplayKey, now: Timestamp) -> Result<FirstUse, ReplayError> {
        // The tail of a session id is random.
        let shard = usize::from(key.session.as_bytes()[15]) % SHARDS;
        let mut set = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        set.first_use(key, now)
    }

    /// Ids remembered at present.
    pub fn len(&self) -> usize {
        let len =
            |shard: &Mutex<SeenSet>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(len).sum()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::{RequestId, SessionId};
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn v6a_of_64_threads_with_the_same_request_one_gets_through() {
        let seen = SharedSeen::new([1; 16], FreshnessWindow::default(), ReplayLimits::default());
        let now = Timestamp::from_millis(1_767_225_600_000);
        for round in 0..200u8 {
            let key = ReplayKey {
                session: SessionId::from_bytes([round; 16]),
                request_id: RequestId::from_bytes([round; 16]),
                timestamp: now,
            };
            let admitted = AtomicU32::new(0);
            std::thread::scope(|scope| {
                for _ in 0..64 {
                    scope.spawn(|| {
                        admitted.fetch_add(
                            u32::from(seen.first_use(key, now).is_ok()),
                            Ordering::Relaxed,
                        );
                    });
                }
            });
            assert_eq!(admitted.into_inner(), 1);
        }
    }
}
