//! Names by their first letters: the index against a table of SQLite that is sorted by name.

use super::super::Bench;
use crate::failure::Result;
use crate::league::players::{self, Random};
use crate::report::{Report, Row, number};
use crate::sample::{Spread, p99_ms};
use crate::targets;
use countersign_ranks::name::Name;
use countersign_ranks::search::{Entry, Index, Key, Query, RESULTS_MAX};
use countersign_server::clock::instant;
use rusqlite::Connection;
use std::hint::black_box;
use std::time::Duration;

const NAMES: u32 = 1_000_000;
const UPDATES_PER_SECOND: u32 = 1_000;
const ROUND: Duration = Duration::from_millis(700);
/// Searches of a round of SQLite, some of which read a tenth of the table.
const SQLITE_SEARCHES: u32 = 200;

/// The 99th percentile of a search for 3 to 6 letters, the reading of what was typed included.
pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    if !bench.wants(targets::SEARCH) {
        return Ok(());
    }
    bench.announce("league: search among a million names");
    let mut random = Random::new(3);
    let names = (0..NAMES).map(|_| Name::parse(&players::name(&mut random)));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    let mut index = Index::rebuild(2 * names.len(), (0..).zip(&names).map(entry))?;
    let table = table(&names)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        ours.push(search(&mut index, &names, &mut random)?);
        theirs.push(search_table(&table, &names, &mut random)?);
    }
    let middle = |rounds: &[f64]| number(Spread::of(rounds).map_or(0.0, |spread| spread.median));
    report.add(Row {
        name: targets::SEARCH,
        rounds: ours.iter().map(|(p99, _)| *p99).collect(),
        judged: None,
        baseline: format!("SQLite, index on name: p99 {} us", middle(&theirs)),
        note: format!(
            "the {RESULTS_MAX} best of all that begin so; median {} us, {UPDATES_PER_SECOND} changes/s between; \
             SQLite folds only ASCII, and nothing changes between its searches",
            middle(&ours.iter().map(|(_, p50)| *p50).collect::<Vec<_>>())
        ),
    });
    Ok(())
}

fn entry((number, name): (u32, &Name)) -> Entry {
    Entry { key: Key::of(name), user: players::user(number), weight: players::rating(number) }
}

/// What somebody might type on the way to a name.
fn typed(names: &[Name], random: &mut Random) -> Option<String> {
    let letters = 3 + random.below(4);
    let name = names.get(usize::try_from(random.below(NAMES)).ok()?)?;
    Some(name.as_str().chars().take(usize::try_from(letters).ok()?).collect())
}

/// 99th percentile and median, in microseconds.
fn search(index: &mut Index, names: &[Name], random: &mut Random) -> Result<(f64, f64)> {
    let mut times = Vec::new();
    let (begun, mut updates) = (instant(), 0);
    while begun.elapsed() < ROUND {
        if begun.elapsed() * UPDATES_PER_SECOND > Duration::from_secs(updates) {
            let number = random.below(NAMES);
            let name = names.get(usize::try_from(number)?).ok_or("a player has no name")?;
            let weight = players::rating(number) + players::change(number);
            index.set(&Key::of(name), players::user(number), weight)?;
            updates += 1;
        }
        let typed = typed(names, random).ok_or("a player has no name")?;
        let before = instant();
        // Three letters of a name need not be three letters of a search.
        let Ok(query) = Query::parse(&typed) else { continue };
        black_box(index.search(&query));
        times.push(before.elapsed());
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).ok_or("nothing was searched")?;
    Ok((p99_ms(&times) * 1000.0, median.as_secs_f64() * 1e6))
}

fn table(names: &[Name]) -> Result<Connection> {
    let mut db = Connection::open_in_memory()?;
    db.execute_batch(
        "CREATE TABLE names (user BLOB, name TEXT, weight INTEGER);
         CREATE INDEX by_name ON names (name COLLATE NOCASE, weight, user);",
    )?;
    let transaction = db.transaction()?;
    {
        let mut insert = transaction.prepare("INSERT INTO names VALUES (?1, ?2, ?3)")?;
        for (number, name) in (0..).zip(names) {
            let user = players::user(number);
            insert.execute((user.as_bytes(), name.as_str(), players::rating(number)))?;
        }
    }
    transaction.commit()?;
    Ok(db)
}

fn search_table(db: &Connection, names: &[Name], random: &mut Random) -> Result<f64> {
    let mut select = db.prepare_cached(
        "SELECT user, weight FROM names
         WHERE name >= ?1 COLLATE NOCASE AND name < ?1 || char(1114111) COLLATE NOCASE
         ORDER BY weight DESC LIMIT 20",
    )?;
    let mut times = Vec::new();
    for _ in 0..SQLITE_SEARCHES {
        let typed = typed(names, random).ok_or("a player has no name")?;
        let before = instant();
        let rows = select.query_map([&typed], |row| row.get::<_, i64>(1))?;
        black_box(rows.collect::<Result<Vec<_>, _>>()?);
        times.push(before.elapsed());
    }
    Ok(p99_ms(&times) * 1000.0)
}
