//! The only file of this crate that reads a clock.

use countersign::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Wall time.
#[expect(clippy::disallowed_methods, reason = "this is the clock file")]
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// A moment for measuring spans; never jumps.
#[expect(clippy::disallowed_methods, reason = "this is the clock file")]
pub fn instant() -> Instant {
    Instant::now()
}
