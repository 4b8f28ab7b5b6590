//! The slave's clock on the master's: pings, of which the quickest tell most.

use alloc::collections::VecDeque;

/// A moment of the slave, on the master's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    /// Milliseconds on the master's clock; below 0 if it was before the master started.
    pub at: i64,
    /// How far `at` may be off, in milliseconds.
    pub uncertainty: u32,
}

/// Pings that are kept for one boot of the slave; the oldest makes room.
const SAMPLES: usize = 16;
/// Boots that are kept, so that what was seen before a reboot keeps its time; the oldest makes room.
const BOOTS: usize = 4;
/// Two quartzes together run apart by at most one in so many, 100 ppm.
const DRIFT: u64 = 10_000;
/// Both clocks tell whole milliseconds.
const ROUNDING: u64 = 2;

#[derive(Debug, Clone, Copy)]
struct Sample {
    ticks: u64,
    at: i64,
    half: u64,
}

#[derive(Debug, Clone)]
struct Boot {
    number: u16,
    samples: VecDeque<Sample>,
}

/// What the master knows of the slave's clocks, one for each boot.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    boots: VecDeque<Boot>,
}

impl Clocks {
    /// Takes a ping that left at `sent`, found the slave at `ticks`, and was back at `now`.
    pub(super) fn add(&mut self, boot: u16, sent: u64, ticks: u64, now: u64) {
        let Some(trip) = now.checked_sub(sent) else { return };
        let sample = Sample { ticks, at: signed(sent + trip / 2), half: trip.div_ceil(2) };
        let index = self.boots.iter().position(|known| known.number == boot);
        let index = index.unwrap_or_else(|| {
            if self.boots.len() == BOOTS {
                self.boots.pop_front();
            }
            self.boots.push_back(Boot { number: boot, samples: VecDeque::new() });
            self.boots.len() - 1
        });
        if let Some(known) = self.boots.get_mut(index) {
            if known.samples.len() == SAMPLES {
                known.samples.pop_front();
            }
            known.samples.push_back(sample);
        }
    }

    /// The slave's moment on the master's clock, by the ping that says most about it.
    pub(super) fn map(&self, boot: u16, ticks: u64) -> Option<Mapped> {
        let doubt = |sample: &Sample| sample.half + drift(sample.ticks.abs_diff(ticks));
        let best = self.samples(boot)?.min_by_key(|sample| doubt(sample))?;
        let at = best.at.saturating_add(signed(ticks)).saturating_sub(signed(best.ticks));
        Some(Mapped { at, uncertainty: narrow(doubt(best) + ROUNDING) })
    }

    /// The master's moment on the slave's clock, with its uncertainty.
    pub(super) fn ticks(&self, boot: u16, at: i64) -> Option<(i64, u32)> {
        let doubt = |sample: &Sample| sample.half + drift(sample.at.abs_diff(at));
        let best = self.samples(boot)?.min_by_key(|sample| doubt(sample))?;
        let ticks = signed(best.ticks).saturating_add(at).saturating_sub(best.at);
        Some((ticks, narrow(doubt(best) + ROUNDING)))
    }

    fn samples(&self, boot: u16) -> Option<impl Iterator<Item = &Sample>> {
        self.boots.iter().find(|known| known.number == boot).map(|known| known.samples.iter())
    }
}

const fn drift(age: u64) -> u64 {
    age.div_ceil(DRIFT)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_quickest_ping_wins() {
        let mut clocks = Clocks::default();
        clocks.add(1, 1_000, 50_180, 1_200);
        clocks.add(1, 2_000, 51_002, 2_004);
        assert_eq!(clocks.map(1, 51_002), Some(Mapped { at: 2_002, uncertainty: 4 }));
        assert_eq!(clocks.ticks(1, 2_002), Some((51_002, 4)));
        assert_eq!(clocks.map(2, 51_002), None);
    }

    #[test]
    fn an_earlier_boot_keeps_its_clock() {
        let mut clocks = Clocks::default();
        (1..=5).for_each(|boot| clocks.add(boot, 1_000, u64::from(boot), 1_000));
        assert_eq!(clocks.map(1, 1), None, "four boots are kept");
        assert_eq!(clocks.map(2, 2).map(|mapped| mapped.at), Some(1_000));
    }

    proptest! {
        /// Real time in microseconds, so that rounding counts; the slave's clock is off by up to 50 ppm.
        #[test]
        fn the_truth_lies_within_the_uncertainty(
            ppm in -50_i64..=50,
            pings in proptest::collection::vec((0_u64..3_000_000, 0_u64..200_000, 0_u64..200_000), 1..40),
            event in 0_u64..130_000_000,
        ) {
            let slave = |us: u64| ((us as i64 + us as i64 * ppm / 1_000_000) / 1_000) as u64 + 77_000;
            let (mut clocks, mut now) = (Clocks::default(), 0);
            for (pause, there, back) in pings {
                now += pause;
                let (sent, ticks) = (now / 1_000, slave(now + there));
                now += there + back;
                clocks.add(9, sent, ticks, now / 1_000);
            }
            let mapped = clocks.map(9, slave(event)).unwrap();
            prop_assert!(mapped.at.abs_diff((event / 1_000) as i64) <= u64::from(mapped.uncertainty));
        }
    }
}
