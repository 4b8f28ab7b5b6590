//! The only file of this crate that reads a clock.

use countersign_league::device::CLOCK_START;
use std::time::{Duration, Instant};

/// Milliseconds, [`CLOCK_START`] when the program started; never jumps. The time of day comes only from what servers sign.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// Starts at [`CLOCK_START`].
    #[expect(clippy::disallowed_methods, reason = "this is the clock file")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// What it shows.
    pub(crate) fn now(self) -> u64 {
        let elapsed = u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX);
        CLOCK_START.saturating_add(elapsed)
    }

    /// How long until then; zero if it is over.
    pub(crate) fn until(self, due: u64) -> Duration {
        Duration::from_millis(due.saturating_sub(CLOCK_START)).saturating_sub(self.0.elapsed())
    }
}
