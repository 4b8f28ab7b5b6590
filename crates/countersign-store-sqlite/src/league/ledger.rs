//! The rating ledger in SQL.

use super::{collect, maybe_id, numbered, time};
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::UserId;
use countersign_league::MatchId;
use countersign_store::league::{LedgerCheck, LedgerLine, LineKind};
use rusqlite::{Connection, Row, params};

pub(super) fn last(db: &Connection) -> Result<u64, Fault> {
    let mut query = db.prepare_cached("SELECT coalesce(max(seq), 0) FROM league_ledger")?;
    Ok(query.query_row([], |row| row.get(0))?)
}

pub(super) fn add(db: &Connection, lines: &[LedgerLine]) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_ledger (seq, posting, at, kind, user_id, match_id, amount)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for line in lines {
        insert.execute(params![
            signed(line.seq),
            signed(line.posting),
            At(line.at),
            line.kind as u8,
            line.user.map(|user| *user.as_bytes()),
            line.match_id.map(|match_id| *match_id.as_bytes()),
            line.amount,
        ])?;
    }
    Ok(())
}

pub(super) fn after(db: &Connection, after: u64, limit: u32) -> Result<Vec<LedgerLine>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT seq, posting, at, kind, user_id, match_id, amount FROM league_ledger
         WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    collect(query.query_map(params![signed(after), limit], read)?)
}

pub(super) fn of_user(
    db: &Connection,
    user: UserId,
    after: u64,
    limit: u32,
) -> Result<Vec<LedgerLine>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT seq, posting, at, kind, user_id, match_id, amount FROM league_ledger
         WHERE user_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    collect(query.query_map(params![user.as_bytes(), signed(after), limit], read)?)
}

/// Compares players and postings with the lines.
pub(crate) fn check(db: &Connection) -> Result<LedgerCheck, Fault> {
    let snapshot = db.unchecked_transaction()?;
    let totals = "SELECT count(*), coalesce(sum(amount), 0) FROM league_ledger";
    let (lines, sum) = snapshot.query_row(totals, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut query = snapshot.prepare(
        "SELECT posting FROM league_ledger GROUP BY posting HAVING sum(amount) <> 0
         ORDER BY posting LIMIT ?1",
    )?;
    let unbalanced = collect(query.query_map([LedgerCheck::MAX as i64], |row| row.get(0))?)?;
    let mut query = snapshot.prepare(
        "SELECT p.user_id, p.balance, coalesce(l.total, 0) FROM league_players p
         LEFT JOIN (SELECT user_id, sum(amount) AS total FROM league_ledger
                    WHERE user_id IS NOT NULL GROUP BY user_id) l ON l.user_id = p.user_id
         WHERE p.balance <> coalesce(l.total, 0) ORDER BY p.user_id LIMIT ?1",
    )?;
    let wrong = collect(query.query_map([LedgerCheck::MAX as i64], |row| {
        Ok((UserId::from_bytes(row.get(0)?), row.get(1)?, row.get(2)?))
    })?)?;
    Ok(LedgerCheck { lines, sum, unbalanced, wrong })
}

fn read(row: &Row<'_>) -> rusqlite::Result<LedgerLine> {
    Ok(LedgerLine {
        seq: row.get(0)?,
        posting: row.get(1)?,
        at: time(row, 2)?,
        kind: numbered(row, 3, LineKind::from_number)?,
        user: maybe_id(row, 4, UserId::from_bytes)?,
        match_id: maybe_id(row, 5, MatchId::from_bytes)?,
        amount: row.get(6)?,
    })
}
