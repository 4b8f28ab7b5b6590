//! The only place that reads the clocks of this device.

use super::window;
use countersign::Timestamp;
use countersign::offset::Reading;
use std::time::Duration;

/// The wall clock, in milliseconds since 1970.
pub fn wall_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// Both clocks at this moment.
pub fn read() -> Reading {
    let monotonic = window().and_then(|it| it.performance()).map_or(0.0, |it| it.now());
    Reading {
        wall: Timestamp::from_millis(wall_ms()),
        monotonic: Duration::from_micros((monotonic * 1000.0) as u64),
    }
}
