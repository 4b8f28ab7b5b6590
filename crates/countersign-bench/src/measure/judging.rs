//! A hub's votes per second, from the packet that a relay let through to the receipt, against their cryptography alone.

use super::Bench;
use crate::failure::Result;
use crate::judging::{Fair, Vote};
use crate::process::whole_cpu;
use crate::report::{Report, Row, number};
use crate::sample::{Spread, as_f64, micros_each};
use crate::targets;
use countersign_hub::Hub;
use countersign_mesh::NetChecked;
use countersign_server::clock::instant;
use std::time::Duration;

/// Votes of a round.
const VOTES: usize = 10_000;
/// How often the hub is asked how far it is.
const LOOK: Duration = Duration::from_millis(1);
/// A hub that says nothing for so long has lost something.
const PATIENCE: Duration = Duration::from_secs(60);

/// How quickly some work went.
struct Rate {
    per_second: f64,
    /// Microseconds of CPU, of all threads, for each.
    cpu_us: f64,
}

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::HUB) {
        return Ok(());
    }
    bench.announce("judging: a hub's votes");
    // The hub verifies on every core that there is.
    bench.cores.take_both();
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.worker_threads(2).enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let mut fair = Fair::found(folder.path())?;
    let hub = runtime.block_on(Hub::start(fair.options()))?;
    let keys = fair.keys(hub.code())?;
    let count = bench.scaled(VOTES);
    let (mut kept, mut opened) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let votes = fair.votes(&keys, count)?;
        opened.push(timed(count, || fair.open_all(&keys, &votes))?);
        let packets = votes.into_iter().map(|Vote { packet, .. }| packet).collect();
        kept.push(timed(count, || runtime.block_on(keep(&hub, packets)))?);
    }
    runtime.block_on(hub.stop())?;
    bench.cores.take_load_core();
    report.add(row(&kept, &opened));
    Ok(())
}

fn timed(count: usize, work: impl FnOnce() -> Result<()>) -> Result<Rate> {
    let (begun, before) = (instant(), whole_cpu());
    work()?;
    let per_second = as_f64(count) / begun.elapsed().as_secs_f64();
    Ok(Rate { per_second, cpu_us: micros_each(whole_cpu().saturating_sub(before), count) })
}

/// Gives the hub everything, and waits for its last receipt.
async fn keep(hub: &Hub, packets: Vec<NetChecked>) -> Result<()> {
    let all = hub.receipted() + packets.len() as u64;
    for packet in packets {
        if !hub.take(packet).await {
            return Err("the hub has ended".into());
        }
    }
    let begun = instant();
    while hub.receipted() < all {
        if begun.elapsed() > PATIENCE {
            return Err(format!("{} votes have no receipt", all - hub.receipted()).into());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn row(kept: &[Rate], opened: &[Rate]) -> Row {
    let middle = |rounds: Vec<f64>| number(Spread::of(&rounds).map_or(0.0, |spread| spread.median));
    let rates = |rounds: &[Rate]| middle(rounds.iter().map(|round| round.per_second).collect());
    let micros = |rounds: &[Rate]| middle(rounds.iter().map(|round| round.cpu_us).collect());
    let pairs = || kept.iter().zip(opened);
    Row {
        name: targets::HUB,
        rounds: pairs().map(|(hub, crypto)| hub.per_second / crypto.per_second).collect(),
        judged: None,
        baseline: format!("AEAD, X25519 and Ed25519 alone, two threads: {}/s", rates(opened)),
        note: format!(
            "{}/s, each with a receipt after its fsync; sealed to the hub, all different, the rules, the log, SHA-256 chain and \
             group commit, receipts signed 16 at a time; without links; CPU time of a vote {} us, of its cryptography {} us: {}",
            rates(kept),
            micros(kept),
            micros(opened),
            middle(pairs().map(|(hub, crypto)| crypto.cpu_us / hub.cpu_us).collect()),
        ),
    }
}
