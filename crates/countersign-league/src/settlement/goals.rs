//! G15: the score is what the halves saw, and what two goals can see.

use super::Refusal;
use super::refusal::GoalFault;
use crate::evidence::{Goal, GoalState, MatchResult, MatchStart};
use crate::ruleset::Params;
use crate::team::{End, Team};

/// No more than this is believed of an uncertainty, in milliseconds: the halves agree on the time far better.
const UNCERTAINTY_MAX: u32 = 250;

pub(super) fn check(
    start: &MatchStart,
    result: &MatchResult,
    params: &Params,
) -> Result<(), Refusal> {
    goals(start, result, params).map_err(Refusal::Goals)
}

fn goals(start: &MatchStart, result: &MatchResult, params: &Params) -> Result<(), GoalFault> {
    let counted = |team: Team| {
        let goals = result.goals.iter();
        goals.filter(|goal| goal.team == team && goal.state == GoalState::Counted).count()
    };
    if Team::BOTH.map(counted) != result.score.map(usize::from) {
        return Err(GoalFault::Score);
    }
    for (goal, number) in result.goals.iter().zip(0_u8..) {
        let before = &result.goals[..usize::from(number)];
        if goal.team != goal.end.scorer(start.north) {
            return Err(GoalFault::Team(number));
        }
        if goal.at > params.duration.saturating_add(tolerance(goal)) {
            return Err(GoalFault::Late(number));
        }
        let frame = |goal: &Goal| (goal.end, goal.boot, goal.seq);
        if before.iter().any(|other| frame(other) == frame(goal)) {
            return Err(GoalFault::Twice(number));
        }
        let last = before.iter().rev().find(|other| other.end == goal.end);
        if last.is_some_and(|last| !is_armed_again(last, goal, params)) {
            return Err(GoalFault::Rearm(number));
        }
    }
    sealed(result)
}

/// Goals are in order of time, so `at` does not fall.
fn is_armed_again(last: &Goal, goal: &Goal, params: &Params) -> bool {
    goal.at - last.at + tolerance(last) + tolerance(goal) >= params.rearm
}

/// The slave signed how many goals it reported, and its last frame.
fn sealed(result: &MatchResult) -> Result<(), GoalFault> {
    let Some(seal) = &result.slave else { return Ok(()) };
    let mut southern = 0_u16;
    let goals = result.goals.iter().zip(0_u8..);
    for (goal, number) in goals.filter(|(goal, _)| goal.end == End::South) {
        southern += 1;
        if southern > seal.goals || (goal.boot, goal.seq) > (seal.boot, seal.last_seq) {
            return Err(GoalFault::Unsealed(number));
        }
    }
    Ok(())
}

fn tolerance(goal: &Goal) -> u32 {
    u32::from(goal.uncertainty).min(UNCERTAINTY_MAX)
}
