//! Disputes in SQL.

use super::{collect, maybe_id, maybe_numbered, maybe_time, numbered, time};
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::UserId;
use countersign_league::MatchId;
use countersign_store::league::{
    DisputeEntry, DisputeId, DisputeKind, DisputeQueue, DisputeState, RulingKind,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_disputes {
    ($tail:literal) => {
        concat!(
            "SELECT id, match_id, user_id, kind, text, opened, ruling, ruled
             FROM league_disputes ",
            $tail
        )
    };
}

pub(super) fn find(db: &Connection, id: DisputeId) -> Result<Option<DisputeEntry>, Fault> {
    let mut query = db.prepare_cached(select_disputes!("WHERE id = ?1"))?;
    Ok(query.query_row([signed(id.0)], read).optional()?)
}

pub(super) fn list(
    db: &Connection,
    queue: DisputeQueue,
    after: DisputeId,
    limit: u32,
) -> Result<Vec<DisputeEntry>, Fault> {
    let after = signed(after.0);
    match queue {
        DisputeQueue::Open => {
            let sql = select_disputes!("WHERE ruling IS NULL AND id > ?1 ORDER BY id LIMIT ?2");
            collect(db.prepare_cached(sql)?.query_map(params![after, limit], read)?)
        }
        DisputeQueue::OfMatch(match_id) => {
            let sql = select_disputes!("WHERE match_id = ?3 AND id > ?1 ORDER BY id LIMIT ?2");
            let params = params![after, limit, match_id.as_bytes()];
            collect(db.prepare_cached(sql)?.query_map(params, read)?)
        }
        DisputeQueue::OfUser(user) => {
            let sql = select_disputes!("WHERE user_id = ?3 AND id > ?1 ORDER BY id LIMIT ?2");
            let params = params![after, limit, user.as_bytes()];
            collect(db.prepare_cached(sql)?.query_map(params, read)?)
        }
    }
}

pub(super) fn add(db: &Connection, entry: &DisputeEntry) -> Result<DisputeId, Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_disputes (match_id, user_id, kind, text, opened, ruling, ruled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let (ruling, ruled) = columns(entry.state);
    insert.execute(params![
        entry.match_id.as_bytes(),
        entry.user.map(|user| *user.as_bytes()),
        entry.kind as u8,
        entry.text,
        At(entry.opened),
        ruling,
        ruled,
    ])?;
    Ok(DisputeId(db.last_insert_rowid().unsigned_abs()))
}

/// What can change later.
pub(super) fn update(db: &Connection, entry: &DisputeEntry) -> Result<(), Fault> {
    let mut update = db.prepare_cached(
        "UPDATE league_disputes SET text = ?2, ruling = ?3, ruled = ?4 WHERE id = ?1",
    )?;
    let (ruling, ruled) = columns(entry.state);
    update.execute(params![signed(entry.id.0), entry.text, ruling, ruled])?;
    Ok(())
}

fn columns(state: DisputeState) -> (Option<u8>, Option<At>) {
    match state {
        DisputeState::Open => (None, None),
        DisputeState::Ruled(kind, at) => (Some(kind as u8), Some(At(at))),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<DisputeEntry> {
    let ruling = maybe_numbered(row, 6, RulingKind::from_number)?;
    let state = match (ruling, maybe_time(row, 7)?) {
        (Some(kind), Some(at)) => DisputeState::Ruled(kind, at),
        (_, _) => DisputeState::Open,
    };
    Ok(DisputeEntry {
        id: DisputeId(row.get(0)?),
        match_id: MatchId::from_bytes(row.get(1)?),
        user: maybe_id(row, 2, UserId::from_bytes)?,
        kind: numbered(row, 3, DisputeKind::from_number)?,
        text: row.get(4)?,
        opened: time(row, 5)?,
        state,
    })
}
