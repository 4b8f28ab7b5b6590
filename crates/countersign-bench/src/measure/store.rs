//! What group commit gains: registrations when 256 wait together, against one after the other.

use super::Bench;
use crate::failure::Result;
use crate::load::registration::Applicant;
use crate::report::{Report, Row, number};
use crate::sample::{Spread, as_f64};
use crate::targets;
use countersign_server::clock::{instant, now};
use countersign_store_sqlite::SqliteStore;
use futures_util::future::try_join_all;
use futures_util::stream::{self, TryStreamExt};
use std::cell::Cell;

const ALONE: usize = 200;
const TOGETHER: usize = 4_096;
/// How many wait at any time.
const WAITING: usize = 256;

/// Registrations per second, with power-loss durability as deployed.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::COMMITS) {
        return Ok(());
    }
    bench.announce("store: registrations");
    // The store's own threads inherit this: they share no core with the callers unless they have to.
    bench.cores.take_both();
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(&folder.path().join("countersign.db"))?;
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        alone.push(bench.runtime.block_on(per_second(&store, bench.scaled(ALONE), 1))?);
        together.push(bench.runtime.block_on(per_second(
            &store,
            bench.scaled(TOGETHER),
            WAITING,
        ))?);
    }
    bench.cores.take_load_core();
    let middle = |rounds: &[f64]| Spread::of(rounds).map_or(0.0, |spread| spread.median);
    report.add(Row {
        name: targets::COMMITS,
        rounds: together.iter().zip(&alone).map(|(together, alone)| together / alone).collect(),
        judged: None,
        baseline: format!("one at a time {}/s", number(middle(&alone))),
        note: format!(
            "{WAITING} waiting: {}/s, each answered after its fsync",
            number(middle(&together))
        ),
    });
    Ok(())
}

async fn per_second(store: &SqliteStore, count: usize, waiting: usize) -> Result<f64> {
    let applicants = (0..count).map(|_| Applicant::draw()).collect::<Result<Vec<_>>>()?;
    for group in applicants.chunks(WAITING) {
        try_join_all(group.iter().map(|one| one.apply(store, now()))).await?;
    }
    let begun = instant();
    let done = Cell::new(0);
    stream::iter(applicants.iter().map(Ok))
        .try_for_each_concurrent(waiting, |one| async {
            done.set(done.get() + 1);
            one.register(store, now()).await
        })
        .await?;
    Ok(as_f64(done.get()) / begun.elapsed().as_secs_f64())
}
