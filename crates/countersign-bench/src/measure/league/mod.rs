//! The league: ranks, names, the draw, settlement, the size of its core, and how quickly a goal is seen.

mod core_size;
mod draw;
mod goal;
mod rank;
mod search;
mod settle;

use super::Bench;
use crate::failure::Result;
use crate::report::Report;

/// All that was asked for.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    rank::measure(bench, report)?;
    search::measure(bench, report)?;
    draw::measure(bench, report)?;
    settle::measure(bench, report)?;
    core_size::measure(bench, report)?;
    goal::measure(bench, report)
}
