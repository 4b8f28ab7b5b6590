//! A token bucket: so many at once, so many per second after that.

/// Counts in thousandths of a packet, so that a rate per second and milliseconds meet without rounding.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    rate: u64,
    burst: u64,
    level: u64,
    at: u64,
}

impl Bucket {
    pub(crate) fn new(rate: u32, burst: u32, now: u64) -> Self {
        let burst = u64::from(burst) * 1_000;
        Self { rate: u64::from(rate), burst, level: burst, at: now }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: u64) -> bool {
        let passed = now.saturating_sub(self.at);
        self.at = self.at.max(now);
        self.level = self.burst.min(self.level.saturating_add(passed.saturating_mul(self.rate)));
        match self.level.checked_sub(1_000) {
            Some(left) => {
                self.level = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(10, 3, 0);
        assert_eq!((0..5).filter(|_| bucket.take(0)).count(), 3);
        assert!(!bucket.take(99));
        assert!(bucket.take(100));
        assert_eq!((0..100).filter(|_| bucket.take(1_000_000)).count(), 3);
        // A clock that steps back gives nothing.
        assert!(!bucket.take(0));
    }
}
