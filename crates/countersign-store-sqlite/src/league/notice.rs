//! Notices in SQL.

use super::{collect, maybe_id, numbered, time};
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::UserId;
use countersign_league::MatchId;
use countersign_store::league::tables::Event;
use countersign_store::league::{Notice, NoticeKind};
use rusqlite::{Connection, Row, params};

/// One row, with the ids of its readers one after the other.
pub(super) fn add(db: &Connection, event: Event, users: &[UserId]) -> Result<(), Fault> {
    if users.is_empty() {
        return Ok(());
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO league_notices (users, kind, match_id, at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    insert.execute(params![
        joined(users),
        event.kind as u8,
        event.match_id.map(|match_id| *match_id.as_bytes()),
        At(event.at),
    ])?;
    Ok(())
}

pub(super) fn after(db: &Connection, after: u64, limit: u32) -> Result<Vec<Notice>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT id, users, kind, match_id, at FROM league_notices
         WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let rows = collect(query.query_map(params![signed(after), limit], |row| {
        let event = Event {
            kind: numbered(row, 2, NoticeKind::from_number)?,
            match_id: maybe_id(row, 3, MatchId::from_bytes)?,
            at: time(row, 4)?,
        };
        Ok((row.get(0)?, readers(row)?, event))
    })?)?;
    let of_row = |(id, users, event): (u64, Vec<UserId>, Event)| {
        users.into_iter().map(move |user| event.to(user, id))
    };
    Ok(rows.into_iter().flat_map(of_row).collect())
}

pub(super) fn drop_through(db: &Connection, through: u64) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM league_notices WHERE id <= ?1")?.execute([signed(through)])?;
    Ok(())
}

pub(super) fn drop_of(db: &Connection, user: UserId) -> Result<(), Fault> {
    // An id may also begin in the middle of another one: what is found is looked at again.
    let mut query =
        db.prepare_cached("SELECT id, users FROM league_notices WHERE instr(users, ?1) > 0")?;
    let found: Vec<(i64, Vec<UserId>)> =
        collect(query.query_map([user.as_bytes()], |row| Ok((row.get(0)?, readers(row)?)))?)?;
    for (id, mut users) in found {
        users.retain(|&reader| reader != user);
        match users.as_slice() {
            [] => db.prepare_cached("DELETE FROM league_notices WHERE id = ?1")?.execute([id])?,
            left => db
                .prepare_cached("UPDATE league_notices SET users = ?2 WHERE id = ?1")?
                .execute(params![id, joined(left)])?,
        };
    }
    Ok(())
}

fn joined(users: &[UserId]) -> Vec<u8> {
    users.iter().flat_map(|user| *user.as_bytes()).collect()
}

/// The second column.
fn readers(row: &Row<'_>) -> rusqlite::Result<Vec<UserId>> {
    let bytes = row.get_ref(1)?.as_blob()?;
    let (ids, rest) = bytes.as_chunks::<16>();
    match rest {
        [] => Ok(ids.iter().map(|&id| UserId::from_bytes(id)).collect()),
        _ => Err(rusqlite::Error::IntegralValueOutOfRange(1, bytes.len() as i64)),
    }
}
