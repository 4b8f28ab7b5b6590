//! Penalties in SQL.

use super::{collect, maybe_id, maybe_time, numbered, time};
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::UserId;
use countersign_league::MatchId;
use countersign_store::league::{Penalty, PenaltyId, PenaltyKind};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_penalties {
    ($tail:literal) => {
        concat!(
            "SELECT id, user_id, kind, match_id, at, level, until, pardoned
             FROM league_penalties ",
            $tail
        )
    };
}

pub(super) fn find(db: &Connection, id: PenaltyId) -> Result<Option<Penalty>, Fault> {
    let mut query = db.prepare_cached(select_penalties!("WHERE id = ?1"))?;
    Ok(query.query_row([signed(id.0)], read).optional()?)
}

pub(super) fn of_user(
    db: &Connection,
    user: UserId,
    after: PenaltyId,
    limit: u32,
) -> Result<Vec<Penalty>, Fault> {
    let mut query = db
        .prepare_cached(select_penalties!("WHERE user_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3"))?;
    collect(query.query_map(params![user.as_bytes(), signed(after.0), limit], read)?)
}

pub(super) fn add(db: &Connection, new: &Penalty) -> Result<PenaltyId, Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_penalties (user_id, kind, match_id, at, level, until, pardoned)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute(params![
        new.user.as_bytes(),
        new.kind as u8,
        new.match_id.map(|match_id| *match_id.as_bytes()),
        At(new.at),
        new.level,
        At(new.until),
        new.pardoned.map(At),
    ])?;
    Ok(PenaltyId(db.last_insert_rowid().unsigned_abs()))
}

/// What can change later.
pub(super) fn update(db: &Connection, penalty: &Penalty) -> Result<(), Fault> {
    let mut update =
        db.prepare_cached("UPDATE league_penalties SET pardoned = ?2 WHERE id = ?1")?;
    update.execute(params![signed(penalty.id.0), penalty.pardoned.map(At)])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Penalty> {
    Ok(Penalty {
        id: PenaltyId(row.get(0)?),
        user: UserId::from_bytes(row.get(1)?),
        kind: numbered(row, 2, PenaltyKind::from_number)?,
        match_id: maybe_id(row, 3, MatchId::from_bytes)?,
        at: time(row, 4)?,
        level: row.get(5)?,
        until: time(row, 6)?,
        pardoned: maybe_time(row, 7)?,
    })
}
