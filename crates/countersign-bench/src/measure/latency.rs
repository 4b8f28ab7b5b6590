//! How long an answer takes when there is little to do: grouping must not make anybody wait.

use super::Bench;
use super::contender::Contender;
use crate::failure::Result;
use crate::load::paced::Pace;
use crate::report::{Report, Row, number};
use crate::sample::{Spread, as_f64, p99_ms};
use crate::targets;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Slices of a round, in which the two take turns, so that both see the same of whatever else runs here.
const SLICES: usize = 4;

/// Slices of a second.
const SLICES_PER_SECOND: f64 = 2.0;

/// Requests that tell what a tenth of the capacity is.
const CALIBRATION: usize = 3_000;

/// Clients, each with a connection.
const CLIENTS: usize = 4;

/// The 99th percentile of the full path and of the echo, both at a tenth of what the full path can do on its core.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::LOW_LOAD) {
        return Ok(());
    }
    bench.announce("exchange: latency at low load");
    let (full, echo) = (Contender::full(bench, None, &[])?, Contender::echo(bench)?);
    full.cost(bench, CALIBRATION, None)?;
    echo.cost(bench, CALIBRATION, None)?;
    let per_second = 0.1 * 1e6 / full.cost(bench, CALIBRATION, None)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let (mut of_full, mut of_echo) = (Vec::new(), Vec::new());
        for _ in 0..bench.scaled(SLICES) {
            of_full.extend(slice(&full, per_second)?);
            of_echo.extend(slice(&echo, per_second)?);
        }
        ours.push(p99_ms(&of_full));
        theirs.push(p99_ms(&of_echo));
    }
    let judged: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    let spread = Spread::of(&theirs).ok_or("no round was measured")?;
    let ratio = Spread::of(&judged).ok_or("no round was measured")?;
    report.add(Row {
        name: targets::LOW_LOAD,
        rounds: ours,
        judged: Some(judged),
        baseline: format!("axum echo {} ms", number(spread.median)),
        note: format!(
            "{} x echo ({} .. {}), {} requests/s from {CLIENTS} clients, from sending to the last byte",
            number(ratio.median),
            number(ratio.min),
            number(ratio.max),
            number(per_second),
        ),
    });
    Ok(())
}

fn slice(contender: &Contender, per_second: f64) -> Result<Vec<Duration>> {
    let count = (0..).take_while(|sent| as_f64(*sent) < per_second / SLICES_PER_SECOND).count();
    let shots = contender.sign(count, None)?;
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let pace = Pace { to: contender.route.to, from, per_second, threads: CLIENTS, strict: true };
    pace.start(shots).finish()
}
