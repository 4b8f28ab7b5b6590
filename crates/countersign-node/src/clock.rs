//! The only file of this crate that reads a clock.

use std::time::{Duration, Instant};

/// Milliseconds since the node started; never jumps. The time of day comes only from what the hub signs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// Starts at 0.
    #[expect(clippy::disallowed_methods, reason = "this is the clock file")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// What it shows.
    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long until then; zero if it is over.
    pub(crate) fn until(self, due: u64) -> Duration {
        Duration::from_millis(due).saturating_sub(self.0.elapsed())
    }
}
