//! From a ball on the sheet to the score on 22 phones: two real programs, TLS, WebSockets, verified views.

use super::super::Bench;
use crate::failure::Result;
use crate::league::pair::{self, Pair};
use crate::league::phone::{Phone, Sight, Told};
use crate::report::{Report, Row, number};
use crate::sample::{Spread, p99_ms};
use crate::targets;
use countersign_league::game::State;
use countersign_provision::Half;
use countersign_server::clock::instant;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

const PHONES: u8 = 22;
/// At each end, in each match.
const GOALS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// Times of all phones.
#[derive(Default)]
struct Times {
    north: Vec<Duration>,
    south: Vec<Duration>,
    ping: Vec<Duration>,
    /// Of a record on the disk that the halves write to.
    sync: Vec<Duration>,
}

/// A stand with its phones, in a match.
struct Stand {
    told: mpsc::UnboundedReceiver<Told>,
    pings: watch::Sender<u64>,
    phones: JoinSet<Result<()>>,
}

/// A match for each round, each with a new pair.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::GOAL) {
        return Ok(());
    }
    bench.announce("league: goals on 22 phones");
    let mut row = Row {
        name: targets::GOAL,
        rounds: Vec::new(),
        judged: None,
        baseline: String::new(),
        note: "countersign-device was not built beside this program".to_owned(),
    };
    if let Some(program) = pair::program() {
        play(bench, &program, &mut row)?;
    }
    report.add(row);
    Ok(())
}

fn play(bench: &Bench, program: &Path, row: &mut Row) -> Result<()> {
    let (mut all, mut pings) = (Times::default(), Vec::new());
    for _ in 0..bench.rounds {
        let times = bench.runtime.block_on(one_match(program, bench))?;
        row.rounds.push(p99_ms(&[&times.north[..], &times.south[..]].concat()));
        pings.push(p99_ms(&times.ping));
        all.north.extend(times.north);
        all.south.extend(times.south);
        all.sync.extend(times.sync);
    }
    let ping = Spread::of(&pings).map_or(0.0, |spread| spread.median);
    row.baseline = format!("WebSocket ping p99 {} ms", number(ping));
    row.note = format!(
        "p99 of {PHONES} phones; master's goal: {}; slave's goal: {}; {GOALS} at each end in each round, \
         contact to verified view, TLS 1.3; a record's fsync \
         in between: {}",
        halves(&all.north),
        halves(&all.south),
        halves(&all.sync)
    );
    Ok(())
}

fn halves(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    format!("p50 {} ms, p99 {} ms", number(median), number(p99_ms(times)))
}

async fn one_match(program: &Path, bench: &Bench) -> Result<Times> {
    let pair = Pair::start(program, bench.cores).await?;
    let mut stand = Stand::fill(&pair).await?;
    let playing =
        |sight: &Sight| matches!(sight, Sight::View { state: State::Playing, .. }).then_some(());
    stand.until(playing).await?;
    let mut times = Times::default();
    let mut disk = tempfile::tempfile()?;
    pair.slave.until(|shown| shown["phase"] == "armed").await?;
    for goal in 0..2 * GOALS {
        let half = if goal % 2 == 0 { Half::Slave } else { Half::Master };
        times.ping.extend(stand.ping().await?);
        times.sync.push(sync(&mut disk)?);
        pair.half(half).armed().await?;
        let seen = stand.goal(&pair, half, goal + 1).await?;
        match half {
            Half::Master => times.north.extend(seen),
            Half::Slave => times.south.extend(seen),
        }
    }
    Ok(times)
}

/// How long a record takes to be durable.
fn sync(disk: &mut File) -> Result<Duration> {
    let begun = instant();
    disk.write_all(&[7; 300])?;
    disk.sync_data()?;
    Ok(begun.elapsed())
}

impl Stand {
    /// Everybody joins, then everybody is ready.
    async fn fill(pair: &Pair) -> Result<Self> {
        let mut waiting = Vec::new();
        for number in 0..PHONES {
            waiting.push(Phone::join(pair, number).await?);
        }
        let (tell, told) = mpsc::unbounded_channel();
        let (pings, pinged) = watch::channel(0);
        let mut phones = JoinSet::new();
        for mut phone in waiting {
            phone.ready().await?;
            phones.spawn(phone.watch(tell.clone(), pinged.clone()));
        }
        Ok(Self { told, pings, phones })
    }

    /// What each phone tells first of those things for which `wanted` has an answer.
    async fn until<T>(&mut self, wanted: impl Fn(&Sight) -> Option<T>) -> Result<Vec<T>> {
        let mut found: [Option<T>; PHONES as usize] = [const { None }; PHONES as usize];
        while found.iter().any(Option::is_none) {
            tokio::select! {
                told = tokio::time::timeout(PATIENCE, self.told.recv()) => {
                    let told = told.map_err(|_| "the phones do not see what they should")?;
                    let (phone, sight) = told.ok_or("all phones are gone")?;
                    let place = &mut found[usize::from(phone)];
                    if place.is_none() {
                        *place = wanted(&sight);
                    }
                }
                Some(ended) = self.phones.join_next() => {
                    ended??;
                    return Err("a phone is gone".into());
                }
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    async fn ping(&mut self) -> Result<Vec<Duration>> {
        self.pings.send_modify(|number| *number += 1);
        let took = |sight: &Sight| match sight {
            Sight::Ping(took) => Some(*took),
            Sight::View { .. } => None,
        };
        self.until(took).await
    }

    /// A goal, until the last phone shows it.
    async fn goal(&mut self, pair: &Pair, half: Half, number: usize) -> Result<Vec<Duration>> {
        let hit = instant();
        let half = pair.half(half);
        let took = |sight: &Sight| match sight {
            Sight::View { goals, at, .. } if *goals == number => Some(*at - hit),
            Sight::View { .. } | Sight::Ping(_) => None,
        };
        let (scored, seen) = tokio::join!(half.hit(), self.until(took));
        scored?;
        seen
    }
}
