//! The only file that reads the chip's clock.

use countersign_league::device::CLOCK_START;
use embassy_time::Instant;

/// Milliseconds, `CLOCK_START` when the chip started; never jumps. The time of day comes only from what servers sign.
pub fn now() -> u64 {
    CLOCK_START.saturating_add(Instant::now().as_millis())
}

/// The moment at which [`now`] shows `due`.
pub fn at(due: u64) -> Instant {
    Instant::from_millis(due.saturating_sub(CLOCK_START))
}
