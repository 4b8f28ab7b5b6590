//! What an honest device notices of a flood of forged requests from another address.

use super::Bench;
use super::contender::Contender;
use super::forged::NO_BUCKET;
use crate::failure::Result;
use crate::load::paced::Pace;
use crate::report::{Report, Row, number};
use crate::sample::{Spread, as_f64, p99_ms};
use crate::targets;
use countersign_server::clock::instant;
use std::net::{IpAddr, Ipv4Addr};

const HONEST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The whole of 127.0.0.0/8 is this machine, and the buckets count each address for itself.
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

const HONEST_PER_SECOND: usize = 200;
const FORGED_PER_SECOND: usize = 5_000;
/// Seconds of each half of a round.
const SECONDS: usize = 2;

/// What a flood did.
struct Flooded {
    ratio: f64,
    calm_ms: f64,
    flooded_ms: f64,
    forged_per_second: f64,
}

/// The honest 99th percentile under the flood, divided by that without; with the buckets as deployed, and for
/// the note once more without them.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::FLOOD) {
        return Ok(());
    }
    bench.announce("exchange: 5,000 forged requests per second");
    let deployed = Contender::full(bench, None, &[])?;
    let bare = Contender::full(bench, None, &NO_BUCKET)?;
    for contender in [&deployed, &bare] {
        contender.cost(bench, 1_000, None)?;
    }
    let (mut rounds, mut without_bucket) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        rounds.push(round(bench, &deployed)?);
        without_bucket.push(round(bench, &bare)?);
    }
    let middle = |rounds: &[Flooded], of: fn(&Flooded) -> f64| {
        Spread::of(&rounds.iter().map(of).collect::<Vec<_>>()).map_or(0.0, |spread| spread.median)
    };
    report.add(Row {
        name: targets::FLOOD,
        judged: None,
        baseline: format!("calm p99 {} ms", number(middle(&rounds, |one| one.calm_ms))),
        note: format!(
            "flooded p99 {} ms at {} forged/s; without the refusal bucket, every forged one verified and answered: \
             {} x, {} ms at {} forged/s",
            number(middle(&rounds, |one| one.flooded_ms)),
            number(middle(&rounds, |one| one.forged_per_second)),
            number(middle(&without_bucket, |one| one.ratio)),
            number(middle(&without_bucket, |one| one.flooded_ms)),
            number(middle(&without_bucket, |one| one.forged_per_second)),
        ),
        rounds: rounds.iter().map(|one| one.ratio).collect(),
    });
    Ok(())
}

fn round(bench: &Bench, full: &Contender) -> Result<Flooded> {
    let seconds = bench.scaled(SECONDS);
    let honest = Pace {
        to: full.route.to,
        from: HONEST,
        per_second: as_f64(HONEST_PER_SECOND),
        threads: 4,
        strict: true,
    };
    let shots = || full.sign(HONEST_PER_SECOND * seconds, None);
    let calm_ms = p99_ms(&honest.start(shots()?).finish()?);
    let forged = full.sign(FORGED_PER_SECOND * seconds, Some(1))?;
    let count = forged.len();
    // First 401, then 429: the bucket's answer is no mistake here.
    let per_second = as_f64(FORGED_PER_SECOND);
    let attacker = Pace { from: ATTACKER, per_second, threads: 16, strict: false, ..honest };
    let good = shots()?;
    let begun = instant();
    let (flood, honest) = (attacker.start(forged), honest.start(good));
    let flooded_ms = p99_ms(&honest.finish()?);
    flood.finish()?;
    let forged_per_second = as_f64(count) / begun.elapsed().as_secs_f64();
    Ok(Flooded { ratio: flooded_ms / calm_ms, calm_ms, flooded_ms, forged_per_second })
}
