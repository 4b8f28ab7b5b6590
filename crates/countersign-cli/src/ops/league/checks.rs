//! Every check of a match, one by one, as the terminal shows it.

use super::super::Output;
use countersign_league::proof::{Check, Report, State};
use serde_json::{Value, json};
use std::io;

pub(super) fn text(report: &Report, out: &mut Output<'_>) -> io::Result<()> {
    for Check { id, what, state } in report.checks() {
        match state {
            State::Passed => out.line(format_args!("  passed  {id:8} {what}"))?,
            State::Failed(why) => {
                out.line(format_args!("  FAILED  {id:8} {what}"))?;
                out.line(format_args!("                   -> {why}"))?;
            }
            State::Open => out.line(format_args!("  -       {id:8} {what}"))?,
        }
    }
    Ok(())
}

pub(super) fn as_json(report: &Report) -> Value {
    let one = |Check { id, what, state }: &Check| {
        let (word, why) = match state {
            State::Passed => ("passed", None),
            State::Failed(why) => ("failed", Some(why)),
            State::Open => ("not reached", None),
        };
        json!({ "check": id, "what": what, "state": word, "why": why })
    };
    report.checks().iter().map(one).collect()
}
