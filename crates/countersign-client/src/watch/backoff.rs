//! How long to wait before the next attempt.

use crate::random::{RandomError, random};
use std::time::Duration;

/// Doubling pauses with full jitter, so that the clients of a restarted server do not all come back at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Upper bound of the first pause.
    pub first: Duration,
    /// Upper bound of every pause.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// A pause after this many failures in a row: evenly between nothing and the bound.
    pub(crate) fn pause(&self, failures: u32) -> Result<Duration, RandomError> {
        let share = u64::from_be_bytes(random()?) as f64 / u64::MAX as f64;
        Ok(self.bound(failures).mul_f64(share))
    }

    fn bound(&self, failures: u32) -> Duration {
        self.first.saturating_mul(1 << failures.min(16)).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_their_bound() {
        let backoff = Backoff::default();
        assert_eq!(backoff.bound(0), Duration::from_millis(500));
        assert_eq!(backoff.bound(3), Duration::from_secs(4));
        assert_eq!(backoff.bound(u32::MAX), Duration::from_secs(30));
        for failures in 0..100 {
            assert!(backoff.pause(failures).unwrap() <= backoff.bound(failures));
        }
    }
}
