//! The breaker over everybody: sprayed guesses come from many networks against many addresses, so no single limit
//! sees them; the ratio of failures does.

use countersign::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Parts of the window; it slides by one part at a time.
const PARTS: u32 = 20;

/// Counts attempts in a sliding window. While it is tripped, every new login needs a proof of work. It recovers by
/// itself when the failures leave the window.
#[derive(Debug)]
pub struct Breaker {
    part: Duration,
    min_attempts: u32,
    max_failure_percent: u32,
    parts: VecDeque<Part>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    start: Timestamp,
    attempts: u32,
    failures: u32,
}

impl Breaker {
    /// Trips when more than `min_attempts` were made within `window` and more than `max_failure_percent` failed.
    pub fn new(window: Duration, min_attempts: u32, max_failure_percent: u32) -> Self {
        let part = (window / PARTS).max(Duration::from_millis(1));
        Self { part, min_attempts, max_failure_percent, parts: VecDeque::new() }
    }

    /// Counts one attempt at a code.
    pub fn record(&mut self, success: bool, now: Timestamp) {
        self.forget(now);
        let same_part = self.parts.back().is_some_and(|last| now.since(last.start) < self.part);
        if !same_part {
            self.parts.push_back(Part { start: now, attempts: 0, failures: 0 });
        }
        if let Some(last) = self.parts.back_mut() {
            last.attempts = last.attempts.saturating_add(1);
            last.failures = last.failures.saturating_add(u32::from(!success));
        }
    }

    /// Whether logins need a proof of work now.
    pub fn is_tripped(&mut self, now: Timestamp) -> bool {
        self.forget(now);
        let sum =
            |count: fn(&Part) -> u32| self.parts.iter().map(|it| u64::from(count(it))).sum::<u64>();
        let (attempts, failures) = (sum(|it| it.attempts), sum(|it| it.failures));
        attempts > u64::from(self.min_attempts)
            && failures * 100 > attempts * u64::from(self.max_failure_percent)
    }

    fn forget(&mut self, now: Timestamp) {
        let window = self.part * PARTS;
        while self.parts.front().is_some_and(|first| now.since(first.start) >= window) {
            self.parts.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * 1000)
    }

    fn breaker() -> Breaker {
        Breaker::new(Duration::from_secs(600), 100, 50)
    }

    #[test]
    fn sprayed_guesses_trip_it_and_it_recovers_by_itself() {
        let mut breaker = breaker();
        for second in 0..100 {
            breaker.record(false, at(second));
            assert!(!breaker.is_tripped(at(second)));
        }
        breaker.record(false, at(100));
        assert!(breaker.is_tripped(at(100)));
        assert!(breaker.is_tripped(at(500)));
        assert!(!breaker.is_tripped(at(640)), "the first guesses left the window");
        assert!(breaker.parts.len() <= PARTS as usize);
    }

    #[test]
    fn honest_typing_errors_do_not() {
        let mut breaker = breaker();
        for attempt in 0..1000 {
            breaker.record(attempt % 3 != 0, at(attempt / 10));
        }
        assert!(!breaker.is_tripped(at(100)));
    }

    #[test]
    fn memory_does_not_grow_and_a_clock_set_back_does_no_harm() {
        let mut breaker = breaker();
        for second in (0..100_000).chain(0..10) {
            breaker.record(false, at(second));
        }
        assert!(breaker.parts.len() <= PARTS as usize + 1);
        assert!(breaker.is_tripped(at(0)));
    }
}
