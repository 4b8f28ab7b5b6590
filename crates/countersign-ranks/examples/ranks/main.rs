//! What a rank, a change and a search cost with millions of players, next to the usual ways to do it.
//!
//! `cargo run --release -p countersign-ranks --example ranks [players...]`
//!
//! Where there is a `redis-server`, a sorted set of it answers the same questions over a Unix socket, in turn with the board.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and tells")]

mod flat;
mod players;
mod sorted_set;

use countersign_ranks::Board;
use countersign_ranks::name::Name;
use countersign_ranks::search::{Entry, Index, Key, Query};
use flat::Flat;
use players::Random;
use sorted_set::{Server, SortedSet};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

type Result<T> = core::result::Result<T, Box<dyn Error>>;

const NAMES: u32 = 1_000_000;
/// Better and worse ones besides the player.
const AROUND: u32 = 5;
const UPDATES_PER_SECOND: u32 = 1_000;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(700);

fn main() -> Result<()> {
    let counts: Vec<u32> = std::env::args()
        .skip(1)
        .map(|count| count.parse())
        .collect::<core::result::Result<_, _>>()?;
    let counts = if counts.is_empty() { vec![1_000_000, 10_000_000] } else { counts };
    println!(
        "empty: board {} B, index {} B on the heap",
        Board::new(1).memory(),
        Index::new(1).memory()
    );
    for count in counts {
        board(count)?;
    }
    against_sorted_set(1_000_000)?;
    search()
}

/// Nanoseconds of one of `count` calls.
fn each(count: u32, mut call: impl FnMut(u32)) -> f64 {
    let start = Instant::now();
    (0..count).for_each(&mut call);
    start.elapsed().as_nanos() as f64 / f64::from(count)
}

fn board(count: u32) -> Result<()> {
    const CALLS: u32 = 1_000_000;
    let mut random = Random::new(1);
    let start = Instant::now();
    let mut board = Board::rebuild(count, players::all(count))?;
    println!(
        "\n{count} players: rebuilt in {:.2} s, {:.1} MiB, {:.1} B a player",
        start.elapsed().as_secs_f64(),
        mib(board.memory()),
        board.memory() as f64 / f64::from(count)
    );
    let mut pick = || players::user(random.below(count));
    let standing = each(CALLS, |_| {
        black_box(board.standing(&pick()));
    });
    let answer = each(CALLS / 4, |_| {
        let user = pick();
        black_box(board.around(&user, AROUND, AROUND));
    });
    let mut ratings = Random::new(4);
    let mut rating = || players::rating(ratings.below(count));
    let rank = each(CALLS, |_| {
        black_box(board.rank_of(rating()));
    });
    let update = each(CALLS, |call| {
        _ = change(&mut board, pick(), call);
    });
    println!(
        "  board         standing {standing:6.0} ns, with {} neighbours {answer:6.0} ns, rank of a rating {rank:5.0} ns, update {update:6.0} ns",
        2 * AROUND
    );
    let start = Instant::now();
    let mut worst = Duration::ZERO;
    let mut answers = 0_u32;
    let mut updates = 0;
    while start.elapsed() < 2 * ROUND {
        if start.elapsed() * UPDATES_PER_SECOND > Duration::from_secs(updates.into()) {
            let before = Instant::now();
            change(&mut board, pick(), updates)?;
            worst = worst.max(before.elapsed());
            updates += 1;
        }
        let user = pick();
        black_box(board.around(&user, AROUND, AROUND));
        answers += 1;
    }
    println!(
        "  mixed         {:6.0} ns per standing with neighbours, between {updates} updates; slowest update {worst:?}",
        start.elapsed().as_nanos() as f64 / f64::from(answers)
    );
    let mut flat = Flat::new(players::all(count).map(|player| player.rating));
    let rank = each(CALLS, |_| {
        black_box(flat.rank_of(rating()));
    });
    let update = each(CALLS, |_| flat.update(rating(), 12_345));
    println!(
        "  flat Fenwick  rank of a rating {rank:5.0} ns, update {update:6.0} ns, {:.1} MiB; no players, no order, no neighbours",
        mib(flat.memory())
    );
    Ok(())
}

/// A match: up or down by at most 24 points.
fn change(board: &mut Board, user: countersign::UserId, call: u32) -> Result<()> {
    let rating = board.get(&user).map_or(1_500_000, |player| player.rating);
    let by = (call.wrapping_mul(2_654_435_761) >> 8) % 48_000;
    board.set(
        user,
        rating + by as i32 - 24_000,
        countersign::Timestamp::from_millis(call.into()),
    )?;
    Ok(())
}

fn against_sorted_set(count: u32) -> Result<()> {
    let Some(mut set) = SortedSet::start()? else {
        println!("\nno redis-server here to compare with");
        return Ok(());
    };
    let mut board = Board::rebuild(count, players::all(count))?;
    set.load(players::all(count))?;
    println!(
        "\n{count} players, standing + percentile + {} neighbours, {UPDATES_PER_SECOND} updates/s, one client, {ROUNDS} rounds in turn",
        2 * AROUND
    );
    println!(
        "  memory: board {:.1} MiB, sorted set {:.1} MiB",
        mib(board.memory()),
        mib(set.memory()?)
    );
    let mut random = Random::new(2);
    // As after a few weeks: those who stand side by side no longer lie side by side.
    for update in 0..2 * count {
        change(&mut board, players::user(random.below(count)), update)?;
    }
    let mut rounds = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        rounds[0].push(round(&set.server(), 1, |_, updates| {
            for update in updates {
                change(&mut board, players::user(random.below(count)), update)?;
            }
            let user = players::user(random.below(count));
            let (standing, rows) =
                board.around(&user, AROUND, AROUND).ok_or("a player is not on the board")?;
            black_box((standing.percentile(), rows));
            Ok(())
        })?);
        for (depth, rounds) in [1, 64].into_iter().zip(&mut rounds[1..]) {
            let server = set.server();
            rounds.push(round(&server, depth, |batch, updates| {
                set.change(updates.map(|update| (players::user(random.below(count)), update)))?;
                let users: Vec<_> =
                    (0..batch).map(|_| players::user(random.below(count))).collect();
                black_box(set.answer(&users, AROUND)?);
                Ok(())
            })?);
        }
    }
    let ways = ["board", "sorted set, unpipelined", "sorted set, 64 at a time"];
    for (way, its) in ways.iter().zip(&rounds) {
        let rate = spread(its.iter().map(|round| round.per_second));
        let cpu = spread(its.iter().map(|round| round.cpu_us));
        let pairs = || rounds[0].iter().zip(its);
        let quicker = spread(pairs().map(|(ours, its)| ours.per_second / its.per_second));
        let cheaper = spread(pairs().map(|(ours, its)| its.cpu_us / ours.cpu_us));
        println!(
            "  {way:<25} {:>7.0} /s ({:.0} to {:.0}), {:5.1} µs of CPU: the board is {:.1} times as quick ({:.1} to {:.1}), with {:.1} times less CPU ({:.1} to {:.1})",
            rate[1],
            rate[0],
            rate[2],
            cpu[1],
            quicker[1],
            quicker[0],
            quicker[2],
            cheaper[1],
            cheaper[0],
            cheaper[2]
        );
    }
    Ok(())
}

/// What one round came to.
struct Round {
    per_second: f64,
    /// For each answer, of this process and of the server; what both cost is what the machine has to give.
    cpu_us: f64,
}

/// `work` gets the size of the batch and the updates that are due.
fn round(
    server: &Server,
    batch: u32,
    mut work: impl FnMut(u32, std::ops::Range<u32>) -> Result<()>,
) -> Result<Round> {
    let (start, cpu) = (Instant::now(), server.cpu()?);
    let (mut answers, mut updates) = (0, 0);
    while start.elapsed() < ROUND {
        let due = (start.elapsed() * UPDATES_PER_SECOND).as_secs() as u32;
        work(batch, updates..due)?;
        updates = due;
        answers += batch;
    }
    let cpu_us = (server.cpu()? - cpu).as_secs_f64() * 1e6 / f64::from(answers);
    Ok(Round { per_second: f64::from(answers) / start.elapsed().as_secs_f64(), cpu_us })
}

/// Least, median, most.
fn spread(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}

fn search() -> Result<()> {
    let mut random = Random::new(3);
    let names: Vec<Name> = (0..NAMES)
        .map(|_| Name::parse(&players::name(&mut random)))
        .collect::<core::result::Result<_, _>>()?;
    let keys = each(NAMES, |number| {
        black_box(Key::of(&names[number as usize]));
    });
    let letters = each(NAMES / 10, |number| {
        black_box((names[number as usize].letters(), names[number as usize].shape()));
    });
    let entries: Vec<Entry> = (0..)
        .zip(&names)
        .map(|(number, name)| Entry {
            key: Key::of(name),
            user: players::user(number),
            weight: players::rating(number),
        })
        .collect();
    let start = Instant::now();
    let mut index = Index::rebuild(2 * names.len(), entries)?;
    println!(
        "\n{NAMES} names: rebuilt in {:.2} s, {:.1} MiB, {:.1} B a name; key {keys:.0} ns, both skeletons {letters:.0} ns",
        start.elapsed().as_secs_f64(),
        mib(index.memory()),
        index.memory() as f64 / f64::from(NAMES)
    );
    for letters in [3, 4, 6] {
        let latencies = searches(&mut index, &names, letters, &mut random)?;
        let at =
            |share: usize| latencies[latencies.len() * share / 1000].as_nanos() as f64 / 1000.0;
        println!(
            "  {letters} letters, {UPDATES_PER_SECOND} updates/s: p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs",
            at(500),
            at(990),
            at(999)
        );
    }
    let mut renames = Vec::new();
    for number in 0..100_000 {
        let old = &Key::of(&names[number as usize]);
        let new = Key::of(&Name::parse(&players::name(&mut random))?);
        let start = Instant::now();
        index.remove(old, &players::user(number));
        index.set(&new, players::user(number), players::rating(number))?;
        renames.push(start.elapsed());
    }
    renames.sort_unstable();
    println!(
        "  rename: p50 {:?}, p99 {:?}, slowest {:?}",
        renames[50_000], renames[99_000], renames[99_999]
    );
    Ok(())
}

/// Sorted latencies, the parsing of what was typed included.
fn searches(
    index: &mut Index,
    names: &[Name],
    letters: usize,
    random: &mut Random,
) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let (start, mut updates) = (Instant::now(), 0);
    while start.elapsed() < 2 * ROUND {
        if start.elapsed() * UPDATES_PER_SECOND > Duration::from_secs(updates) {
            let number = random.below(NAMES);
            let key = Key::of(&names[number as usize]);
            index.set(&key, players::user(number), players::rating(number) + 7)?;
            updates += 1;
        }
        let name = &names[random.below(NAMES) as usize];
        let typed: String = name.as_str().chars().take(letters).collect();
        let before = Instant::now();
        let Ok(query) = Query::parse(&typed) else { continue };
        black_box(index.search(&query));
        latencies.push(before.elapsed());
    }
    latencies.sort_unstable();
    Ok(latencies)
}

fn mib(bytes: usize) -> f64 {
    bytes as f64 / 1_048_576.0
}
