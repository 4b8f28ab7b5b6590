//! Where somebody stands, and who stands around: the board against a sorted set of Redis.

use super::super::Bench;
use crate::failure::Result;
use crate::league::players::{self, Random};
use crate::league::sorted_set::{Client, SortedSet};
use crate::output;
use crate::process::own_cpu;
use crate::report::{Report, Row, number};
use crate::sample::{Spread, as_f64};
use crate::targets;
use countersign::{Timestamp, UserId};
use countersign_ranks::Board;
use countersign_server::clock::instant;
use std::hint::black_box;
use std::ops::Range;
use std::sync::RwLock;
use std::time::Duration;

const PLAYERS: u32 = 1_000_000;
const MANY_PLAYERS: u32 = 10_000_000;
/// Better and worse ones besides the player.
const AROUND: u32 = 5;
const UPDATES_PER_SECOND: u32 = 1_000;
const CLIENTS: u32 = 4;
/// Questions that a client of Redis sends at once, where it does not wait for each answer.
const PIPELINE: u32 = 64;
const ROUND: Duration = Duration::from_millis(700);

/// What the rounds of one way came to.
#[derive(Default)]
struct Way {
    per_second: Vec<f64>,
    /// Of everybody who took part, for each answer.
    cpu_us: Vec<f64>,
}

/// Answers of a client, and the CPU time that it took.
struct Done {
    answers: u32,
    seconds: f64,
    cpu: Duration,
}

/// Standing, percentile and eleven rows per second, with updates in between.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::RANK) {
        return Ok(());
    }
    bench.announce("league: ranks of a million players");
    let mut row = Row {
        name: targets::RANK,
        rounds: Vec::new(),
        judged: None,
        baseline: String::new(),
        note: "neither redis-server nor valkey-server is installed".to_owned(),
    };
    if let Some(set) = SortedSet::start(bench.cores)? {
        compare(bench, &set, &mut row)?;
    }
    if bench.large {
        row.note.push_str(&format!("; {}", many(bench)?));
    }
    report.add(row);
    Ok(())
}

fn compare(bench: &Bench, set: &SortedSet, row: &mut Row) -> Result<()> {
    let mut clients = (0..CLIENTS).map(|_| set.connect()).collect::<Result<Vec<_>>>()?;
    clients[0].load(players::all(PLAYERS))?;
    let board = worn_board(PLAYERS)?;
    let memory = [board.memory(), clients[0].memory()?].map(mib);
    let board = RwLock::new(board);
    let mut ways: [Way; 3] = Default::default();
    for _ in 0..bench.rounds {
        ways[0].add(ours(bench, &board, PLAYERS)?, Duration::ZERO);
        for (way, batch) in ways[1..].iter_mut().zip([1, PIPELINE]) {
            let before = set.process.cpu()?;
            let done = theirs(bench, &mut clients, batch)?;
            way.add(done, set.process.cpu()?.saturating_sub(before));
        }
    }
    let [ours, single, piped] = &ways;
    row.rounds = quotients(&ours.per_second, &single.per_second);
    row.baseline = format!("{} {}/s", set.program, middle(&single.per_second));
    row.note = format!(
        "board {}/s on one core, {} us of CPU and {} MiB; {}: {} us and {} MiB, {} us with {PIPELINE} questions at a time, \
         of which it answers {}/s (the board: {} x)",
        middle(&ours.per_second),
        middle(&ours.cpu_us),
        number(memory[0]),
        set.program,
        middle(&single.cpu_us),
        number(memory[1]),
        middle(&piped.cpu_us),
        middle(&piped.per_second),
        middle(&quotients(&ours.per_second, &piped.per_second)),
    );
    Ok(())
}

/// The board alone, ten times as full.
fn many(bench: &Bench) -> Result<String> {
    output::note("  ten million players");
    let board = worn_board(MANY_PLAYERS)?;
    let memory = mib(board.memory());
    let board = RwLock::new(board);
    let mut way = Way::default();
    for _ in 0..bench.rounds {
        way.add(ours(bench, &board, MANY_PLAYERS)?, Duration::ZERO);
    }
    let rate = middle(&way.per_second);
    Ok(format!("board of ten million players {rate}/s, {} MiB", number(memory)))
}

/// As after a few weeks: those who stand side by side no longer lie side by side.
fn worn_board(count: u32) -> Result<Board> {
    let mut board = Board::rebuild(count, players::all(count))?;
    let mut random = Random::new(1);
    for call in 0..PLAYERS {
        change(&mut board, players::user(random.below(count)), call)?;
    }
    Ok(board)
}

fn change(board: &mut Board, user: UserId, call: u32) -> Result<()> {
    let player = board.get(&user).ok_or("a player is not on the board")?;
    let reached = Timestamp::from_millis(call.into());
    Ok(board.set(user, player.rating + players::change(call), reached)?)
}

/// All clients on the server's core: there is no other side.
fn ours(bench: &Bench, board: &RwLock<Board>, count: u32) -> Result<Vec<Done>> {
    let clients = (0..CLIENTS).map(|client| {
        let mut random = Random::new(u64::from(client) << 32);
        move |updates: Range<u32>| {
            for update in updates {
                let mut board = board.write().map_err(|_| "an update panicked")?;
                change(&mut board, players::user(random.below(count)), update)?;
            }
            let user = players::user(random.below(count));
            let board = board.read().map_err(|_| "an update panicked")?;
            let (standing, rows) =
                board.around(&user, AROUND, AROUND).ok_or("a player is not on the board")?;
            black_box((standing.percentile(), rows));
            Ok(1)
        }
    });
    together(|| bench.cores.take_server_core(), clients.collect())
}

/// The server has its core, and all clients have the other.
fn theirs(bench: &Bench, clients: &mut [Client], batch: u32) -> Result<Vec<Done>> {
    let clients = (0_u64..).zip(clients).map(|(number, client)| {
        let mut random = Random::new(number << 32);
        move |updates: Range<u32>| {
            let changes: Vec<_> =
                updates.map(|call| (players::user(random.below(PLAYERS)), call)).collect();
            client.change(&changes)?;
            let users: Vec<_> = (0..batch).map(|_| players::user(random.below(PLAYERS))).collect();
            for (rank, of, rows) in client.answer(&users, AROUND)? {
                let percentile = (of - rank - 1) * 10_000 / (of - 1);
                black_box((percentile, rows));
            }
            Ok(batch)
        }
    });
    together(|| bench.cores.take_load_core(), clients.collect())
}

/// Each client on a thread of its own for a round: given the updates that are due, it answers how many questions it asked.
fn together<W>(pin: impl Fn() + Sync, clients: Vec<W>) -> Result<Vec<Done>>
where
    W: FnMut(Range<u32>) -> Result<u32> + Send,
{
    std::thread::scope(|scope| {
        let pin = &pin;
        let work = |mut client: W| {
            scope.spawn(move || -> Result<Done> {
                pin();
                let (begun, cpu) = (instant(), own_cpu()?);
                let (mut answers, mut updates) = (0, 0);
                while begun.elapsed() < ROUND {
                    let due = begun.elapsed() * (UPDATES_PER_SECOND / CLIENTS);
                    let due = u32::try_from(due.as_secs())?;
                    answers += client(updates..due)?;
                    updates = due;
                }
                let seconds = begun.elapsed().as_secs_f64();
                Ok(Done { answers, seconds, cpu: own_cpu()?.saturating_sub(cpu) })
            })
        };
        let threads: Vec<_> = clients.into_iter().map(work).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a client panicked")?).collect()
    })
}

impl Way {
    fn add(&mut self, clients: Vec<Done>, server: Duration) {
        let cpu = clients.iter().map(|done| done.cpu).sum::<Duration>() + server;
        let answers: f64 = clients.iter().map(|done| f64::from(done.answers)).sum();
        let rates = clients.iter().map(|done| f64::from(done.answers) / done.seconds);
        self.per_second.push(rates.sum());
        self.cpu_us.push(cpu.as_secs_f64() * 1e6 / answers);
    }
}

fn quotients(over: &[f64], under: &[f64]) -> Vec<f64> {
    over.iter().zip(under).map(|(over, under)| over / under).collect()
}

fn middle(rounds: &[f64]) -> String {
    number(Spread::of(rounds).map_or(0.0, |spread| spread.median))
}

fn mib(bytes: usize) -> f64 {
    as_f64(bytes / 1024) / 1024.0
}
