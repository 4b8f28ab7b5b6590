//! Time as an argument: nothing in this crate reads a clock.

use core::fmt;
use core::time::Duration;

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The earliest time; useful as "never seen".
    pub const ZERO: Self = Self(0);

    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This time plus a span; stays at the far end instead of wrapping.
    #[must_use]
    pub const fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This time minus a span; stays at zero instead of wrapping.
    #[must_use]
    pub const fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

/// How far a request's timestamp may lie from the server's clock.
///
/// The replay set takes its expiry from the same value, so that no request can outlive the memory of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshnessWindow {
    max_age: Duration,
    max_ahead: Duration,
}

/// Where a timestamp lies relative to a [`FreshnessWindow`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Inside the window, both edges included.
    Fresh,
    /// Older than the window.
    TooOld,
    /// Further ahead than the window.
    TooFarAhead,
}

impl FreshnessWindow {
    /// How much longer than the window a request id is remembered.
    pub const MEMORY_MARGIN: Duration = Duration::from_secs(5);

    /// A window of `max_age` into the past and `max_ahead` into the future.
    pub const fn new(max_age: Duration, max_ahead: Duration) -> Self {
        Self { max_age, max_ahead }
    }

    /// Where `timestamp` lies when it is `now`.
    pub const fn judge(&self, timestamp: Timestamp, now: Timestamp) -> Freshness {
        if timestamp.0 < now.minus(self.max_age).0 {
            Freshness::TooOld
        } else if timestamp.0 > now.plus(self.max_ahead).0 {
            Freshness::TooFarAhead
        } else {
            Freshness::Fresh
        }
    }

    /// When the memory of a request with this timestamp may end.
    pub const fn forget_at(&self, timestamp: Timestamp) -> Timestamp {
        timestamp.plus(self.max_age).plus(Self::MEMORY_MARGIN)
    }

    /// The longest time that a request id can be remembered.
    pub const fn longest_memory(&self) -> Duration {
        self.max_age.saturating_add(self.max_ahead).saturating_add(Self::MEMORY_MARGIN)
    }
}

impl Default for FreshnessWindow {
    /// 60 s into the past, 30 s into the future.
    fn default() -> Self {
        Self::new(Duration::from_secs(60), Duration::from_secs(30))
    }
}

const fn millis(span: Duration) -> u64 {
    let millis = span.as_millis();
    if millis > u64::MAX as u128 { u64::MAX } else { millis as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_edges_of_the_window_are_inside() {
        let window = FreshnessWindow::default();
        let now = Timestamp::from_millis(1_000_000);
        for (timestamp, expected) in [
            (939_999, Freshness::TooOld),
            (940_000, Freshness::Fresh),
            (1_030_000, Freshness::Fresh),
            (1_030_001, Freshness::TooFarAhead),
        ] {
            assert_eq!(window.judge(Timestamp::from_millis(timestamp), now), expected);
        }
    }

    #[test]
    fn memory_outlives_acceptance_at_every_edge() {
        let window = FreshnessWindow::default();
        for timestamp in (0..200_000).step_by(7).map(Timestamp::from_millis) {
            let forget_at = window.forget_at(timestamp);
            assert_eq!(window.judge(timestamp, forget_at), Freshness::TooOld);
        }
    }
}
