//! Ranks, shared where values are equal, and how far they may be wrong.

use super::{Estimate, Standing};
use alloc::vec::Vec;

/// Where a project stands by one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 1. Equal values share a rank, and the next rank counts all before it: 1, 2, 2, 4.
    pub rank: u32,
    /// How many projects share it, itself among them.
    pub shared_by: u32,
    /// The ranks that the 95 % intervals leave open: projects whose whole interval lies above this one's come before it, and so
    /// on. Nothing if this project has no standard error; others without one are taken as exact.
    pub range: Option<(u32, u32)>,
}

/// An interval of 95 % is the value ± this many hundredths of the standard error.
const WIDTH: i64 = 196;

/// Values so near are one: each vote was rounded to a millionth, and what only rounding tells apart is a tie.
const ROUNDING: i32 = 5;

/// Gives ranks to all that take part.
pub(super) fn assign(
    projects: &mut [Standing],
    votes_min: u16,
    method: impl Fn(&mut Standing) -> Option<&mut Estimate>,
) {
    let mut ranked: Vec<&mut Estimate> = projects
        .iter_mut()
        .filter(|standing| standing.is_ranked(votes_min))
        .filter_map(method)
        .collect();
    let total = ranked.len();
    let mut values: Vec<_> = ranked.iter().map(|estimate| estimate.value).collect();
    let mut lows: Vec<_> = ranked.iter().map(|estimate| interval(estimate).0).collect();
    let mut highs: Vec<_> = ranked.iter().map(|estimate| interval(estimate).1).collect();
    values.sort_unstable();
    lows.sort_unstable();
    highs.sort_unstable();
    for estimate in &mut ranked {
        let (below, above) = around(&values, estimate.value);
        let (low, high) = interval(estimate);
        let surely_above = total - lows.partition_point(|other| *other <= high);
        let surely_below = highs.partition_point(|other| *other < low);
        estimate.place = Some(Place {
            rank: above as u32 + 1,
            shared_by: (total - above - below) as u32,
            range: estimate.error.map(|_| (surely_above as u32 + 1, (total - surely_below) as u32)),
        });
    }
}

/// How many of the ascending values lie below and above this one, without those that only rounding tells apart from it.
fn around(values: &[i32], value: i32) -> (usize, usize) {
    let is_gap = |pair: &[i32]| pair[1].saturating_sub(pair[0]) > ROUNDING;
    let at = values.partition_point(|other| *other < value);
    let (lower, upper) = (&values[..(at + 1).min(values.len())], &values[at.min(values.len())..]);
    let below = lower.windows(2).rposition(is_gap).map_or(0, |gap| gap + 1);
    let above = upper.windows(2).position(is_gap).map_or(0, |gap| upper.len() - gap - 1);
    (below, above)
}

/// In hundredths of the value's unit.
fn interval(estimate: &Estimate) -> (i64, i64) {
    let (value, half) = (i64::from(estimate.value) * 100, i64::from(estimate.error.unwrap_or(0)));
    (value - half * WIDTH, value + half * WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_rounding_tells_apart_is_a_tie() {
        let values = [622_222, 833_333, 833_334, 833_340, 900_000];
        assert_eq!(around(&values, 622_222), (0, 4));
        assert_eq!(around(&values, 833_333), (1, 2));
        assert_eq!(around(&values, 833_334), (1, 2));
        assert_eq!(around(&values, 833_340), (3, 1));
        assert_eq!(around(&values, 900_000), (4, 0));
        assert_eq!(around(&[7], 7), (0, 0));
        assert_eq!(around(&[7, 7, 7], 7), (0, 0));
    }
}
