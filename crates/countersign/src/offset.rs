//! What time it is on the server, from signed answers and a monotonic clock.

use crate::time::Timestamp;
use core::time::Duration;

/// Samples that are kept.
const SAMPLES: usize = 8;
/// Longest round trip that says anything about the time.
pub const ROUND_TRIP_MAX: Duration = Duration::from_secs(10);
/// A wall clock that moved this much against the monotonic clock was set.
pub const JUMP_MAX: Duration = Duration::from_secs(1);

/// A reading of both clocks of a device at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock, which may be wrong and may jump.
    pub wall: Timestamp,
    /// Time since some fixed moment; never jumps.
    pub monotonic: Duration,
}

/// Server minus wall clock in milliseconds after one verified answer, when there is no other: by the midpoint of the round trip, or after a
/// slow one the least error that explains it, so that a device that slept over an answer is not told that its clock is wrong.
pub fn offset_of_one(sent: Reading, received: Reading, server: Timestamp) -> i64 {
    let round_trip = received.monotonic.saturating_sub(sent.monotonic);
    let behind = |late: Duration| {
        server.plus(late).as_millis().wrapping_sub(received.wall.as_millis()) as i64
    };
    match round_trip > ROUND_TRIP_MAX {
        true => 0_i64.max(behind(Duration::ZERO)).min(behind(round_trip)),
        false => behind(round_trip / 2),
    }
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Server time at monotonic zero.
    zero: i128,
    round_trip: Duration,
}

/// Estimates the server's time as `server − (sent + received) / 2`, best of the last eight samples.
#[derive(Debug, Clone, Default)]
pub struct ServerClock {
    samples: [Option<Sample>; SAMPLES],
    next: usize,
    last_reading: Option<Reading>,
    floor: Option<(Timestamp, Duration)>,
}

impl ServerClock {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the time of a verified answer. Slow round trips are dropped.
    pub fn sample(&mut self, sent: Reading, received: Reading, server: Timestamp) {
        self.notice_jump(received);
        let round_trip = received.monotonic.saturating_sub(sent.monotonic);
        if round_trip > ROUND_TRIP_MAX {
            return;
        }
        let middle = sent.monotonic.as_millis() as i128 + round_trip.as_millis() as i128 / 2;
        let zero = i128::from(server.as_millis()) - middle;
        self.samples[self.next] = Some(Sample { zero, round_trip });
        self.next = (self.next + 1) % SAMPLES;
    }

    /// A push says only that it is at least this late on the server; it never is a sample.
    pub fn bound(&mut self, at: Reading, server: Timestamp) {
        if self.samples.iter().any(Option::is_some) && server > self.now(at) {
            self.floor = Some((server, at.monotonic));
        }
    }

    /// The server's time now; the device's own wall clock as long as nothing is known.
    pub fn now(&self, at: Reading) -> Timestamp {
        let Some(best) = self.best() else { return at.wall };
        let estimate = best.zero + at.monotonic.as_millis() as i128;
        let estimate = Timestamp::from_millis(u64::try_from(estimate).unwrap_or(0));
        let floor = self.floor.map(|(time, since)| time.plus(at.monotonic.saturating_sub(since)));
        floor.map_or(estimate, |floor| floor.max(estimate))
    }

    /// Server minus wall clock in milliseconds, to be shown; `None` as long as nothing is known.
    pub fn offset_ms(&self, at: Reading) -> Option<i64> {
        self.best()?;
        Some(self.now(at).as_millis().wrapping_sub(at.wall.as_millis()) as i64)
    }

    /// Half the round trip of the best sample: how far off the estimate can be.
    pub fn uncertainty(&self) -> Option<Duration> {
        self.best().map(|best| best.round_trip / 2)
    }

    /// Looks for a wall clock that was set since the last reading, and then starts over.
    pub fn notice_jump(&mut self, at: Reading) {
        if let Some(last) = self.last_reading.replace(at) {
            let wall = i128::from(at.wall.as_millis()) - i128::from(last.wall.as_millis());
            let monotonic = at.monotonic.as_millis() as i128 - last.monotonic.as_millis() as i128;
            if (wall - monotonic).unsigned_abs() > JUMP_MAX.as_millis() {
                *self = Self { last_reading: Some(at), ..Self::default() };
            }
        }
    }

    fn best(&self) -> Option<Sample> {
        self.samples.iter().flatten().copied().min_by_key(|sample| sample.round_trip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: u64, monotonic: u64) -> Reading {
        Reading { wall: Timestamp::from_millis(wall), monotonic: Duration::from_millis(monotonic) }
    }

    #[test]
    fn an_hour_off_is_corrected_within_half_the_round_trip() {
        for wall in [4_600_000, 12_400_000] {
            let mut clock = ServerClock::new();
            clock.sample(at(wall, 100), at(wall + 9_000, 9_100), Timestamp::from_millis(8_500_000));
            let now = clock.now(at(wall + 9_000, 9_100));
            assert_eq!(now, Timestamp::from_millis(8_504_500), "9 s round trip, midpoint");
            assert_eq!(clock.uncertainty(), Some(Duration::from_millis(4_500)));
        }
    }

    #[test]
    fn the_quickest_round_trip_wins_and_slow_ones_are_dropped() {
        let mut clock = ServerClock::new();
        clock.sample(at(0, 0), at(10_001, 10_001), Timestamp::from_millis(9_999_999));
        assert_eq!(clock.offset_ms(at(10_001, 10_001)), None);
        clock.sample(at(20_000, 20_000), at(24_000, 24_000), Timestamp::from_millis(123_000));
        clock.sample(at(25_000, 25_000), at(25_010, 25_010), Timestamp::from_millis(125_005));
        assert_eq!(clock.now(at(26_000, 26_000)), Timestamp::from_millis(126_000));
    }

    #[test]
    fn an_answer_that_waited_to_be_read_does_not_put_the_clock_in_the_wrong() {
        let of_one = |server| {
            offset_of_one(at(1_000, 0), at(91_000, 90_000), Timestamp::from_millis(server))
        };
        assert_eq!(of_one(1_200), 0, "signed at once, read 90 s later");
        assert_eq!(of_one(90_900), 0, "on its way for 90 s");
        assert_eq!(of_one(500), -500, "this device is ahead by half a second at least");
        assert_eq!(of_one(3_691_000), 3_600_000, "behind by an hour at least");
        let quick = offset_of_one(at(1_000, 0), at(3_000, 2_000), Timestamp::from_millis(9_000));
        assert_eq!(quick, 7_000);
    }

    #[test]
    fn a_jump_of_the_wall_clock_drops_all_samples() {
        let mut clock = ServerClock::new();
        clock.sample(at(0, 0), at(10, 10), Timestamp::from_millis(50_000));
        clock.notice_jump(at(3_600_020, 20));
        assert_eq!(clock.offset_ms(at(3_600_020, 20)), None);
    }

    #[test]
    fn a_push_only_raises_the_bound() {
        let mut clock = ServerClock::new();
        clock.bound(at(0, 0), Timestamp::from_millis(1 << 40));
        assert_eq!(clock.now(at(5, 5)), Timestamp::from_millis(5), "no trust from a push alone");
        clock.sample(at(10, 10), at(20, 20), Timestamp::from_millis(1_000));
        clock.bound(at(30, 30), Timestamp::from_millis(900));
        assert_eq!(clock.now(at(30, 30)), Timestamp::from_millis(1_015));
        clock.bound(at(30, 30), Timestamp::from_millis(1_020));
        assert_eq!(clock.now(at(40, 40)), Timestamp::from_millis(1_030));
    }
}
