//! How often somebody may ask for something.

use countersign::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Whoever is remembered at most. When it is full, those who have their whole quota again are forgotten; if nobody has,
/// newcomers wait.
const REMEMBERED_MAX: usize = 65_536;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLimits {
    /// At once.
    pub burst: u32,
    /// One more for each of these.
    pub refill: Duration,
}

/// A bucket for everybody who asked lately.
#[derive(Debug)]
pub struct Quota<K> {
    limits: QuotaLimits,
    /// The moment at which somebody has the whole quota again.
    full_again: Mutex<HashMap<K, Timestamp>>,
}

impl<K: Eq + Hash> Quota<K> {
    /// Nobody has asked yet.
    pub fn new(limits: QuotaLimits) -> Self {
        Self { limits, full_again: Mutex::default() }
    }

    /// Takes one, or says how long to wait for it.
    pub fn take(&self, who: K, now: Timestamp) -> Result<(), Duration> {
        let QuotaLimits { burst, refill } = self.limits;
        let mut all = self.full_again.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED_MAX && !all.contains_key(&who) {
            all.retain(|_, full| *full > now);
            if all.len() >= REMEMBERED_MAX {
                return Err(refill);
            }
        }
        let full = all.entry(who).or_insert(now);
        let after = (*full).max(now).plus(refill);
        let debt = after.since(now);
        let most = refill.saturating_mul(burst);
        if debt > most {
            return Err(debt - most);
        }
        *full = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: QuotaLimits = QuotaLimits { burst: 3, refill: Duration::from_secs(10) };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + seconds * 1_000)
    }

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let quota = Quota::new(LIMITS);
        for _ in 0..3 {
            assert_eq!(quota.take(1, at(0)), Ok(()));
        }
        assert_eq!(quota.take(1, at(0)), Err(Duration::from_secs(10)));
        assert_eq!(quota.take(1, at(9)), Err(Duration::from_secs(1)));
        assert_eq!(quota.take(2, at(9)), Ok(()));
        assert_eq!(quota.take(1, at(10)), Ok(()));
        assert_eq!(quota.take(1, at(10)), Err(Duration::from_secs(10)));
        for _ in 0..3 {
            assert_eq!(quota.take(1, at(1_000)), Ok(()));
        }
        assert!(quota.take(1, at(1_000)).is_err());
    }

    #[test]
    fn memory_is_bounded_and_forgives() {
        let quota = Quota::new(LIMITS);
        for who in 0..REMEMBERED_MAX {
            assert_eq!(quota.take(who, at(0)), Ok(()));
        }
        assert_eq!(quota.take(REMEMBERED_MAX, at(0)), Err(LIMITS.refill));
        assert_eq!(quota.take(0, at(0)), Ok(()), "who is known goes on");
        assert_eq!(quota.take(REMEMBERED_MAX, at(10)), Ok(()));
    }
}
