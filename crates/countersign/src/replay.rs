//! The memory of request ids: complete for one process, bounded, and it never forgets early.

use crate::id::{RequestId, SessionId};
use crate::time::{FreshnessWindow, Timestamp};
use core::time::Duration;
use hashbrown::{HashMap, HashTable};
use siphasher::sip::SipHasher13;
use thiserror::Error;

/// What a replay set remembers of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayKey {
    /// Whose request.
    pub session: SessionId,
    /// Its id.
    pub request_id: RequestId,
    /// Its time: decides how long it is remembered.
    pub timestamp: Timestamp,
}

/// Proof that a key was put into a replay set just now. Not `Clone`; only [`SeenSet`] makes one.
#[derive(Debug)]
pub struct FirstUse {
    key: ReplayKey,
}

impl FirstUse {
    /// What was used for the first time.
    pub fn key(&self) -> &ReplayKey {
        &self.key
    }
}

/// Why a request was not entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// `[V6a]` The session used this id before.
    #[error("this request id was used before")]
    Seen,
    /// `[V6b]` The session has too many live ids.
    #[error("the session has too many requests under way")]
    SessionFull,
    /// `[V6c]` The whole set is full, or it has already forgotten the time that this request is from.
    #[error("the replay set is full")]
    Full,
}

/// How much a replay set holds. When it is full it refuses; it never evicts, because the edge of an eviction is the attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayLimits {
    /// Live ids of one session.
    pub per_session: u32,
    /// Live ids of all sessions.
    pub total: usize,
}

impl Default for ReplayLimits {
    /// 2,000 per session; 2 million in all, about 60 MB when full.
    fn default() -> Self {
        Self { per_session: 2_000, total: 2_000_000 }
    }
}

/// How many generations the memory is cut into.
const GENERATIONS: u64 = 4;

/// A bounded set of `(session, request id)` that remembers each as long as it could be fresh.
///
/// Ids are kept as 64-bit keyed hashes in generations by expiry; a generation is dropped as a whole when its last id may be
/// forgotten. A collision refuses an honest request (2⁻⁶⁴ × live ids, about 10⁻¹³ at 2 million) and never admits a replay.
pub struct SeenSet {
    hash_key: [u8; 16],
    window: FreshnessWindow,
    limits: ReplayLimits,
    generation_len: Duration,
    generations: [Generation; GENERATIONS as usize],
    /// Number of the oldest generation that is still known in full. Only grows.
    oldest: u64,
    live: usize,
}

#[derive(Default)]
struct Generation {
    number: u64,
    ids: HashTable<u64>,
    per_session: HashMap<u64, u32, IdentityState>,
}

impl SeenSet {
    /// An empty set. `hash_key` is random: with a known key, colliding ids could be made.
    pub fn new(hash_key: [u8; 16], window: FreshnessWindow, limits: ReplayLimits) -> Self {
        // One generation less than there are spans the longest memory, so that the ring never meets itself.
        let span = window.longest_memory().as_millis() as u64;
        let generation_len = Duration::from_millis((span / (GENERATIONS - 2)).max(1));
        let generations = Default::default();
        Self { hash_key, window, limits, generation_len, generations, oldest: 0, live: 0 }
    }

    /// How many ids are live or not yet dropped.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Puts a key in if it is absent. The caller has verified the signature and the freshness at `now`.
    pub fn first_use(&mut self, key: ReplayKey, now: Timestamp) -> Result<FirstUse, ReplayError> {
        self.forget(now);
        let session = self.hash(key.session.as_bytes(), &[]);
        let id = self.hash(key.session.as_bytes(), key.request_id.as_bytes());
        if self.generations.iter().any(|g| g.ids.find(id, |known| *known == id).is_some()) {
            return Err(ReplayError::Seen);
        }
        let of_session = |g: &Generation| g.per_session.get(&session).copied().unwrap_or(0);
        if self.generations.iter().map(of_session).sum::<u32>() >= self.limits.per_session {
            return Err(ReplayError::SessionFull);
        }
        if self.live >= self.limits.total {
            return Err(ReplayError::Full);
        }
        let number = self.generation_of(self.window.forget_at(key.timestamp));
        if number < self.oldest {
            // The caller read `now`, was held up, and others have moved this set on: a second use could not be told.
            return Err(ReplayError::Full);
        }
        let generation = &mut self.generations[(number % GENERATIONS) as usize];
        if generation.number != number {
            // Only a timestamp outside the window gets here; the caller's freshness check makes that impossible.
            if !generation.ids.is_empty() {
                return Err(ReplayError::Full);
            }
            generation.number = number;
        }
        generation.ids.insert_unique(id, id, |id| *id);
        *generation.per_session.entry(session).or_insert(0) += 1;
        self.live += 1;
        Ok(FirstUse { key })
    }

    /// Drops generations whose last id may be forgotten.
    fn forget(&mut self, now: Timestamp) {
        self.oldest = self.oldest.max(self.generation_of(now));
        for generation in &mut self.generations {
            if generation.number < self.oldest && !generation.ids.is_empty() {
                self.live -= generation.ids.len();
                *generation = Generation::default();
            }
        }
    }

    fn generation_of(&self, time: Timestamp) -> u64 {
        time.as_millis() / self.generation_len.as_millis() as u64
    }

    fn hash(&self, session: &[u8], request: &[u8]) -> u64 {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(session);
        bytes[16..16 + request.len()].copy_from_slice(request);
        SipHasher13::new_with_key(&self.hash_key).hash(&bytes[..16 + request.len()])
    }
}

impl core::fmt::Debug for SeenSet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SeenSet").field("live", &self.live).finish_non_exhaustive()
    }
}

/// The keys are hashes already.
#[derive(Clone, Copy, Default)]
struct IdentityState;

impl core::hash::BuildHasher for IdentityState {
    type Hasher = Identity;

    fn build_hasher(&self) -> Identity {
        Identity(0)
    }
}

struct Identity(u64);

impl core::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn key(session: u8, request: u32, timestamp: Timestamp) -> ReplayKey {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&request.to_be_bytes());
        let session = SessionId::from_bytes([session; 16]);
        ReplayKey { session, request_id: RequestId::from_bytes(id), timestamp }
    }

    fn set(limits: ReplayLimits) -> SeenSet {
        SeenSet::new([7; 16], FreshnessWindow::default(), limits)
    }

    #[test]
    fn v6a_a_second_use_is_refused_as_long_as_it_could_be_fresh() {
        let window = FreshnessWindow::default();
        // Every offset of the timestamp inside the window, every later moment at which it is still fresh.
        for ahead in (-60_000..=30_000i64).step_by(1_500) {
            let mut set = set(ReplayLimits::default());
            let timestamp = Timestamp::from_millis(NOW.as_millis().wrapping_add_signed(ahead));
            set.first_use(key(1, 1, timestamp), NOW).unwrap();
            for later in (0..=95_000).step_by(500) {
                let now = Timestamp::from_millis(NOW.as_millis() + later);
                if window.judge(timestamp, now) == crate::Freshness::Fresh {
                    assert_eq!(
                        set.first_use(key(1, 1, timestamp), now).unwrap_err(),
                        ReplayError::Seen
                    );
                }
            }
        }
    }

    #[test]
    fn v6a_the_same_id_with_another_time_is_the_same_id_and_another_session_is_not() {
        let mut set = set(ReplayLimits::default());
        set.first_use(key(1, 1, NOW), NOW).unwrap();
        let later = NOW.plus(Duration::from_secs(20));
        assert_eq!(set.first_use(key(1, 1, later), NOW).unwrap_err(), ReplayError::Seen);
        assert!(set.first_use(key(2, 1, NOW), NOW).is_ok());
    }

    #[test]
    fn v6b_v6c_full_means_refused_never_forgotten() {
        let mut set = set(ReplayLimits { per_session: 3, total: 5 });
        for request in 0..3 {
            set.first_use(key(1, request, NOW), NOW).unwrap();
        }
        assert_eq!(set.first_use(key(1, 9, NOW), NOW).unwrap_err(), ReplayError::SessionFull);
        set.first_use(key(2, 0, NOW), NOW).unwrap();
        set.first_use(key(2, 1, NOW), NOW).unwrap();
        assert_eq!(set.first_use(key(3, 0, NOW), NOW).unwrap_err(), ReplayError::Full);
        for request in 0..3 {
            assert_eq!(set.first_use(key(1, request, NOW), NOW).unwrap_err(), ReplayError::Seen);
        }
    }

    #[test]
    fn v6c_a_thread_that_comes_late_does_not_get_a_second_use() {
        let mut set = set(ReplayLimits::default());
        set.first_use(key(1, 1, NOW), NOW).unwrap();
        let judged_at = NOW.plus(Duration::from_secs(60));
        assert_eq!(FreshnessWindow::default().judge(NOW, judged_at), crate::Freshness::Fresh);
        let later = NOW.plus(Duration::from_secs(200));
        set.first_use(key(2, 1, later), later).unwrap();
        assert_eq!(set.first_use(key(1, 1, NOW), judged_at).unwrap_err(), ReplayError::Full);
    }

    #[test]
    fn memory_is_given_back() {
        let mut set = set(ReplayLimits { per_session: 10, total: 10 });
        for round in 0..50 {
            let now = NOW.plus(Duration::from_secs(150 * round));
            for request in 0..10 {
                set.first_use(key(1, request, now), now).unwrap();
            }
            assert_eq!(set.len(), 10);
        }
    }
}
