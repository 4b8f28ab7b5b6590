//! From the ids that were asked for to a report.

mod contender;
mod exchange;
mod flood;
mod forged;
mod judging;
mod latency;
mod league;
mod mesh;
mod mtls;
mod replay;
mod start;
mod store;
mod web;

use crate::affinity::Cores;
use crate::cli::Wanted;
use crate::failure::Result;
use crate::output;
use crate::report::Report;
use crate::targets::{self, chosen};
use tokio::runtime::Runtime;

/// What all measurements share.
pub(crate) struct Bench {
    cores: Cores,
    rounds: usize,
    quick: bool,
    ids: Vec<&'static str>,
    /// Ten million players, too.
    large: bool,
    runtime: Runtime,
}

/// Measures and prints.
pub(crate) fn run(wanted: &Wanted) -> Result<()> {
    let ids = chosen(wanted)?;
    let cores = Cores::choose();
    cores.take_load_core();
    let rounds = wanted.rounds.map_or(if wanted.quick { 3 } else { 5 }, usize::from);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Wanted { quick, large, .. } = *wanted;
    let bench = Bench { cores, rounds, quick, ids, large, runtime };
    let mut report = Report::begin(cores, rounds);
    if cores.pair.is_none() {
        output::note(
            "Only one core: server and load share it. Ratios still hold, latencies do not.",
        );
    }
    exchange::measure(&bench, &mut report)?;
    latency::measure(&bench, &mut report)?;
    forged::measure(&bench, &mut report)?;
    flood::measure(&bench, &mut report)?;
    replay::measure(&bench, &mut report)?;
    store::measure(&bench, &mut report)?;
    league::measure(&bench, &mut report)?;
    judging::measure(&bench, &mut report)?;
    mesh::measure(&bench, &mut report)?;
    start::measure(&bench, &mut report)?;
    web::measure(&bench, &mut report)?;
    report.print(wanted.json);
    Ok(())
}

impl Bench {
    fn wants(&self, id: &str) -> bool {
        self.ids.contains(&id)
    }

    fn wants_any(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.wants(id))
    }

    /// A fifth of the work when it has to be quick.
    fn scaled(&self, work: usize) -> usize {
        if self.quick { work.div_ceil(5) } else { work }
    }

    /// Says which part begins.
    fn announce(&self, part: &str) {
        output::note(&format!("{part}, {} rounds", self.rounds));
    }
}

/// The ids of the ratios of CPU time.
const RATIOS: [&str; 5] =
    [targets::FLOOR, targets::ECHO, targets::JWT, targets::RFC9421, targets::MTLS];
