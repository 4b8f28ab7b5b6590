//! What forged signatures among good ones cost: with verification in batches they would cost much.

use super::Bench;
use super::contender::Contender;
use crate::failure::Result;
use crate::report::{Report, Row, number};
use crate::sample::Spread;
use crate::targets;

/// Requests of each half of a round.
const REQUESTS: usize = 6_000;

/// One request in this many is forged.
const FORGED_EVERY: usize = 32;

/// CPU per request with forged ones among them, divided by that without. Every forged one is really verified.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::FORGED) {
        return Ok(());
    }
    bench.announce("exchange: one of 32 signatures forged");
    let full = Contender::full(bench, None, &NO_BUCKET)?;
    full.cost(bench, 1_000, None)?;
    let (mut clean, mut mixed) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        clean.push(full.cost(bench, bench.scaled(REQUESTS), None)?);
        mixed.push(full.cost(bench, bench.scaled(REQUESTS), Some(FORGED_EVERY))?);
    }
    let middle = |rounds: &[f64]| Spread::of(rounds).map_or(0.0, |spread| spread.median);
    report.add(Row {
        name: targets::FORGED,
        rounds: mixed.iter().zip(&clean).map(|(mixed, clean)| mixed / clean).collect(),
        judged: None,
        baseline: format!("none forged {} us", number(middle(&clean))),
        note: format!("with 1 of 32 forged {} us", number(middle(&mixed))),
    });
    Ok(())
}

/// So high that no forged request is turned away before it is verified.
pub(super) const NO_BUCKET: [&str; 2] =
    ["limits.refused_burst=1000000000", "limits.refused_per_second=1000000000"];
