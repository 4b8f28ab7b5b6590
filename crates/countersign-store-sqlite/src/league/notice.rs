//! Notices in SQL.

use super::{collect, maybe_id, numbered, time};
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::UserId;
use countersign_league::MatchId;
use countersign_store::league::{Notice, NoticeKind};
use rusqlite::{Connection, params};

pub(super) fn add(db: &Connection, notices: &[Notice]) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_notices (user_id, kind, match_id, at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for notice in notices {
        insert.execute(params![
            notice.user.as_bytes(),
            notice.kind as u8,
            notice.match_id.map(|match_id| *match_id.as_bytes()),
            At(notice.at),
        ])?;
    }
    Ok(())
}

pub(super) fn after(db: &Connection, after: u64, limit: u32) -> Result<Vec<Notice>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT id, user_id, kind, match_id, at FROM league_notices
         WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    collect(query.query_map(params![signed(after), limit], |row| {
        Ok(Notice {
            id: row.get(0)?,
            user: UserId::from_bytes(row.get(1)?),
            kind: numbered(row, 2, NoticeKind::from_number)?,
            match_id: maybe_id(row, 3, MatchId::from_bytes)?,
            at: time(row, 4)?,
        })
    })?)
}

pub(super) fn drop_through(db: &Connection, through: u64) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM league_notices WHERE id <= ?1")?.execute([signed(through)])?;
    Ok(())
}

pub(super) fn drop_of(db: &Connection, user: UserId) -> Result<(), Fault> {
    let mut delete = db.prepare_cached("DELETE FROM league_notices WHERE user_id = ?1")?;
    delete.execute([user.as_bytes()])?;
    Ok(())
}
