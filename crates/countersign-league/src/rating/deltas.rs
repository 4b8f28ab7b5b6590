//! What a match changes: device and server call the same function, so they cannot differ.

use super::round_half_away;
use crate::evidence::{MatchResult, MatchStart, Outcome, SeatFlags, Stakes, StartLine};
use crate::team::Team;
use alloc::vec::Vec;

/// Everything about the end of a match that ratings depend on.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// Who conceded or was too few, where that is the outcome.
    pub loser: Option<Team>,
    /// Goals that count, by team.
    pub score: [u8; 2],
    /// Who left, by seat.
    pub seats: &'a [SeatFlags],
}

impl<'a> From<&'a MatchResult> for Ending<'a> {
    fn from(result: &'a MatchResult) -> Self {
        let MatchResult { outcome, loser, score, seats, .. } = result;
        Self { outcome: *outcome, loser: *loser, score: *score, seats }
    }
}

/// Rating changes of one match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deltas {
    /// By seat, in thousandths.
    pub seats: Vec<i32>,
    /// What balances them: minus their sum.
    pub bank: i64,
}

/// The rating changes, by seat; all zero unless the outcome is rated.
///
/// A leaver loses, whatever the team achieves. The team of a leaver, if it lost, loses half (rounded away from zero). All
/// others get the stake of the outcome. Who left because of an injury shares the fate of the team.
pub fn final_deltas(start: &MatchStart, ending: Ending<'_>) -> Deltas {
    let flags = |seat: usize| ending.seats.get(seat).copied().unwrap_or_default();
    let lines = || start.roster.iter().enumerate();
    let lost_a_player = Team::BOTH
        .map(|team| lines().any(|(seat, line)| line.team == team && flags(seat).is_leaver()));
    let delta = |(seat, line): (usize, &StartLine)| {
        let Stakes { win, draw, loss } = line.stakes;
        match (flags(seat).is_leaver(), result_of(line.team, &ending)) {
            (_, TeamResult::None) => 0,
            (true, _) => loss,
            (false, TeamResult::Lost) if lost_a_player[line.team.index()] => {
                round_half_away(i64::from(loss), 2) as i32
            }
            (false, TeamResult::Lost) => loss,
            (false, TeamResult::Drew) => draw,
            (false, TeamResult::Won) => win,
        }
    };
    let seats: Vec<i32> = lines().map(delta).collect();
    let bank = -seats.iter().copied().map(i64::from).sum::<i64>();
    Deltas { seats, bank }
}

enum TeamResult {
    Won,
    Drew,
    Lost,
    None,
}

fn result_of(team: Team, ending: &Ending<'_>) -> TeamResult {
    if !ending.outcome.is_rated() {
        return TeamResult::None;
    }
    if let Some(loser) = ending.loser {
        return if loser == team { TeamResult::Lost } else { TeamResult::Won };
    }
    let own = ending.score[team.index()];
    match own.cmp(&ending.score[team.other().index()]) {
        core::cmp::Ordering::Greater => TeamResult::Won,
        core::cmp::Ordering::Equal => TeamResult::Drew,
        core::cmp::Ordering::Less => TeamResult::Lost,
    }
}
