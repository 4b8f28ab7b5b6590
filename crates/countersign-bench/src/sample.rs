//! Medians and percentiles.

use std::time::Duration;

/// The figures of some rounds, reduced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The middle one.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) min: f64,
    /// The highest.
    pub(crate) max: f64,
}

impl Spread {
    /// `None` without rounds.
    pub(crate) fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let half = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            1 => sorted[half],
            _ => f64::midpoint(sorted[half - 1], sorted[half]),
        };
        Some(Self { median, min, max })
    }
}

/// The smallest value that 99 of 100 do not exceed, in milliseconds.
pub(crate) fn p99_ms(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    let index = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
    sorted.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// Microseconds of CPU per request.
pub(crate) fn micros_each(cpu: Duration, requests: usize) -> f64 {
    cpu.as_secs_f64() * 1e6 / as_f64(requests)
}

/// For counts far below 2⁵².
pub(crate) fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(Spread::of(&[1.0, 2.0]).unwrap().median, 1.5);
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn p99_is_the_last_but_one_percent() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(p99_ms(&times), 198.0);
        assert_eq!(p99_ms(&[Duration::from_millis(5)]), 5.0);
        assert_eq!(p99_ms(&[]), 0.0);
    }
}
