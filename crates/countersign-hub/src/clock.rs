//! The only file of this crate that reads a clock.

use countersign::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Hub time: the machine's time of day when the hub started, and since then a clock that never jumps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    begin: Timestamp,
}

impl Clock {
    /// Starts it. A machine whose battery is empty may believe in an earlier day than its own log: then hub time goes on where
    /// the log ended.
    #[expect(clippy::disallowed_methods, reason = "this is the clock file")]
    pub(crate) fn start(not_before: Timestamp) -> Self {
        Self { started: Instant::now(), begin: today().max(not_before) }
    }

    /// Hub time.
    pub(crate) fn now(self) -> Timestamp {
        self.begin.plus(self.started.elapsed())
    }

    /// How long ago the hub started.
    pub(crate) fn uptime(self) -> Duration {
        self.started.elapsed()
    }
}

/// The machine's time of day.
#[expect(clippy::disallowed_methods, reason = "this is the clock file")]
pub(crate) fn today() -> Timestamp {
    // Before 1970 it is wrong by so much that zero is as good.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_time_goes_on_where_the_log_ended() {
        let future = today().plus(Duration::from_secs(86_400));
        let clock = Clock::start(future);
        assert!(clock.now() >= future);
        assert!(Clock::start(Timestamp::from_millis(0)).now() < future);
    }
}
