//! G16: the outcome is one that such a match can have.

use super::Refusal;
use super::refusal::CourseFault;
use crate::evidence::{MatchResult, MatchStart, Outcome};
use crate::ruleset::Params;

/// How far the device's two ways to tell the time may differ, in milliseconds.
const SLACK: u64 = 1_000;

pub(super) fn check(
    start: &MatchStart,
    result: &MatchResult,
    params: &Params,
) -> Result<(), Refusal> {
    course(start, result, params).map_err(Refusal::Course)
}

fn course(start: &MatchStart, result: &MatchResult, params: &Params) -> Result<(), CourseFault> {
    if (result.outcome == Outcome::Conceded) != result.loser.is_some() {
        return Err(CourseFault::Loser);
    }
    if !result.outcome.is_rated() {
        return Ok(());
    }
    let (played, duration) = (u64::from(result.played), u64::from(params.duration));
    let long_enough = match result.loser {
        None => played + SLACK >= duration,
        Some(_) => played * 256 >= duration * u64::from(params.concede_after),
    };
    if !long_enough {
        return Err(CourseFault::TooShort);
    }
    let passed = result.ended.as_millis().saturating_sub(start.started.as_millis());
    if played > passed + SLACK {
        return Err(CourseFault::Clock);
    }
    match result.gaps.iter().all(|gap| *gap <= params.gap) {
        true => Ok(()),
        false => Err(CourseFault::Gap),
    }
}
