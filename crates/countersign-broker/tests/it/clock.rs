//! The only file of these tests that reads a clock: authorities live in real time.

use countersign::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "this is the clock file")]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(since_epoch.as_millis() as u64)
}
