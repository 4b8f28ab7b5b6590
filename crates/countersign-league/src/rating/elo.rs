//! Expectation and stakes. Ratings and changes are in thousandths of a point, expectations in 65536ths.

use super::table::EXPECTATION;
use crate::evidence::{Stakes, Ticket};
use crate::ruleset::Params;
use crate::team::Team;
use alloc::vec::Vec;

/// Certainty, in 65536ths.
pub const ONE: i64 = 65_536;

/// Differences beyond this many thousandths count as this many.
const CLAMP: i64 = 800_000;

/// What a ticket says of a player's strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rated {
    /// Rating in thousandths of a point.
    pub rating: i32,
    /// Rated matches so far.
    pub matches: u16,
}

impl From<&Ticket> for Rated {
    fn from(ticket: &Ticket) -> Self {
        Self { rating: ticket.rating, matches: ticket.matches }
    }
}

/// Quotient to the nearest integer, halves away from zero; `divisor` must be positive (0 and less count as 1).
pub const fn round_half_away(dividend: i64, divisor: i64) -> i64 {
    let divisor = if divisor < 1 { 1 } else { divisor };
    let magnitude = dividend.unsigned_abs();
    let quotient = (magnitude + divisor.unsigned_abs() / 2) / divisor.unsigned_abs();
    if dividend < 0 { -(quotient as i64) } else { quotient as i64 }
}

/// Mean of `a` minus mean of `b`, in thousandths, by one division: swapping the teams only changes the sign.
/// An empty team counts as equally strong.
pub fn difference(a: &[i32], b: &[i32]) -> i64 {
    let (count_a, count_b) = (a.len() as i64, b.len() as i64);
    round_half_away(total(a) * count_b - total(b) * count_a, count_a * count_b)
}

/// What a team scores on average that is `difference` thousandths stronger: 0 for a loss, [`ONE`] for a win.
///
/// Linear between the points of the table, halves up; the weaker side gets exactly the rest of [`ONE`].
pub const fn expectation(difference: i64) -> i64 {
    let distance = if difference.unsigned_abs() > CLAMP as u64 {
        CLAMP
    } else {
        difference.unsigned_abs() as i64
    };
    let (point, part) = ((distance / 1000) as usize, distance % 1000);
    let (low, high) = (EXPECTATION[point] as i64, EXPECTATION[point + 1] as i64);
    let stronger = low + ((high - low) * part + 500) / 1000;
    if difference < 0 { ONE - stronger } else { stronger }
}

/// `K · 1000 · (score − expectation) / 65536`, halves away from zero: the change of one rating. `k` is in points.
pub const fn change(k: u16, score: i64, expectation: i64) -> i32 {
    // At most 65,535,000, because score and expectation lie in 0..=65536.
    round_half_away(k as i64 * 1000 * (score - expectation), ONE) as i32
}

/// What every player can gain and lose, by seat. `players` and `teams` are by seat; what one lacks is ignored.
///
/// All zero if the teams are of different size and the rules do not rate that.
pub fn stakes(params: &Params, players: &[Rated], teams: &[Team]) -> Vec<Stakes> {
    let of = |team| -> Vec<i32> {
        let seats = players.iter().zip(teams);
        seats.filter(|(_, side)| **side == team).map(|(player, _)| player.rating).collect()
    };
    let (a, b) = (of(Team::A), of(Team::B));
    if a.len() != b.len() && !params.odd_rated {
        return players.iter().zip(teams).map(|_| Stakes::default()).collect();
    }
    let expected = expectation(difference(&a, &b));
    let expected = [expected, ONE - expected];
    let stake = |(player, team): (&Rated, &Team)| {
        let of_score = |score| change(params.k_of(player.matches), score, expected[team.index()]);
        Stakes { win: of_score(ONE), draw: of_score(ONE / 2), loss: of_score(0) }
    };
    players.iter().zip(teams).map(stake).collect()
}

/// What has to come from the bank so that `rating + change` does not fall below `floor`, in thousandths; 0 or more.
///
/// Not part of the change that device and server agree on: only the ledger knows the rating of the moment.
pub fn floor_relief(rating: i32, change: i32, floor: i32) -> i32 {
    let missing = i64::from(floor.min(rating)) - i64::from(rating) - i64::from(change);
    i32::try_from(missing.max(0)).unwrap_or(i32::MAX)
}

fn total(ratings: &[i32]) -> i64 {
    ratings.iter().copied().map(i64::from).sum()
}
