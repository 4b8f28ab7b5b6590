//! A token bucket: so many at once, so many per span of time after that.

/// Counts in fractions of a packet, so that nothing is rounded: a packet costs as many as the span has milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    per_span: u64,
    span: u64,
    full: u64,
    level: u64,
    at: u64,
}

impl Bucket {
    /// So many per second.
    pub(crate) fn new(rate: u32, burst: u32, now: u64) -> Self {
        Self::per(rate, 1_000, burst, now)
    }

    /// So many per span of milliseconds.
    pub(crate) fn per(count: u32, span: u64, burst: u32, now: u64) -> Self {
        let full = u64::from(burst) * span;
        Self { per_span: u64::from(count), span, full, level: full, at: now }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: u64) -> bool {
        let passed = now.saturating_sub(self.at);
        self.at = self.at.max(now);
        let gained = passed.saturating_mul(self.per_span);
        self.level = self.full.min(self.level.saturating_add(gained));
        match self.level.checked_sub(self.span) {
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

    #[test]
    fn eight_in_thirty_seconds() {
        let mut bucket = Bucket::per(8, 30_000, 8, 0);
        let taken = (0..30_000).step_by(100).filter(|now| bucket.take(*now)).count();
        assert_eq!(taken, 8 + 7);
    }
}
