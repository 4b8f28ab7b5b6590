//! Virtual time: microseconds of the world, and the clocks that machines have instead.

use core::time::Duration;
use countersign::Timestamp;
use countersign_league::device::CLOCK_START;

/// Microseconds since the world began.
pub(crate) type Micros = u64;

/// One millisecond of the world.
pub(crate) const MS: Micros = 1_000;
/// One second of the world.
pub(crate) const S: Micros = 1_000 * MS;

/// What the server's clock shows when the world begins.
const EPOCH: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The server's time, which is right.
pub(crate) const fn server_time(now: Micros) -> Timestamp {
    EPOCH.plus(Duration::from_micros(now))
}

/// A quartz: milliseconds, [`CLOCK_START`] when a machine is switched on, a little too quick or too slow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    zero: Micros,
    ppm: i64,
}

impl Clock {
    pub(crate) const fn new(zero: Micros, ppm: i64) -> Self {
        Self { zero, ppm }
    }

    /// The same quartz, switched on again.
    pub(crate) const fn restarted(self, zero: Micros) -> Self {
        Self { zero, ..self }
    }

    /// What it shows, in milliseconds.
    pub(crate) const fn at(&self, now: Micros) -> u64 {
        let real = now.saturating_sub(self.zero) as i64;
        CLOCK_START + ((real + real * self.ppm / 1_000_000) / 1_000) as u64
    }

    /// The first moment at which it shows so much.
    pub(crate) const fn when(&self, ms: u64) -> Micros {
        let real = (ms.saturating_sub(CLOCK_START) as i64).saturating_mul(1_000);
        let mut now = self.zero + (real - real / 1_000_000 * self.ppm) as u64;
        // Within a millisecond by now; the rest is rounding.
        while self.at(now) < ms {
            now += 20;
        }
        now
    }
}
