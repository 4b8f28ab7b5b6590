//! The only place that reads the clocks of this machine.

use countersign::Timestamp;
use countersign::offset::Reading;
use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where readings come from. Everything in this crate takes its time from one of these.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Both clocks at this moment.
    fn read(&self) -> Reading;
}

/// The clocks of this machine.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A monotonic clock that starts now.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn read(&self) -> Reading {
        // A clock before 1970 is as wrong as any other wrong clock: the server's time corrects it.
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Reading { wall: Timestamp::ZERO.plus(wall), monotonic: self.start.elapsed() }
    }
}
