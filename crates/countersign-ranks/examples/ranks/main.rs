//! What each question to a board and each change of it costs, next to a Fenwick tree over all ratings.
//!
//! `cargo run --release -p countersign-ranks --example ranks [players...]`
//!
//! `cargo xtask bench league` measures the board against a sorted set of Redis, and the search for names.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "it measures and tells")]

mod flat;
mod players;

use countersign_ranks::Board;
use flat::Flat;
use players::Random;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// Better and worse ones besides the player.
const AROUND: u32 = 5;
const UPDATES_PER_SECOND: u32 = 1_000;
const MIXED: Duration = Duration::from_millis(1_400);

fn main() -> Result<()> {
    let counts: Vec<u32> = std::env::args()
        .skip(1)
        .map(|count| count.parse())
        .collect::<core::result::Result<_, _>>()?;
    let counts = if counts.is_empty() { vec![1_000_000, 10_000_000] } else { counts };
    for count in counts {
        board(count)?;
    }
    Ok(())
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
    while start.elapsed() < MIXED {
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

fn mib(bytes: usize) -> f64 {
    bytes as f64 / 1_048_576.0
}
