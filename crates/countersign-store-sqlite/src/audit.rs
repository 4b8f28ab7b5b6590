//! The audit log and the clock mark in SQL.

use crate::account;
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::{SessionId, Timestamp, UserId};
use countersign_store::{AuditEntry, AuditEvent, ClockVerdict};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use std::time::Duration;

pub(crate) fn append(db: &Connection, event: &AuditEvent) -> Result<u64, Fault> {
    let named = match event.user {
        Some(user) => !account::is_erased(db, user)?,
        None => true,
    };
    // Without a value, the key is one more than the largest; rows are never deleted, and one transaction writes at a time.
    let mut insert = db.prepare_cached(
        "INSERT INTO audit (at, action, user_id, session_id, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert.execute(params![
        At(event.at),
        event.action,
        event.user.filter(|_| named).map(|user| *user.as_bytes()),
        event.session.filter(|_| named).map(|session| *session.as_bytes()),
        event.detail,
    ])?;
    Ok(db.last_insert_rowid().unsigned_abs())
}

pub(crate) fn after(db: &Connection, after: u64, limit: u32) -> Result<Vec<AuditEntry>, Fault> {
    select(
        db,
        "SELECT seq, at, action, user_id, session_id, detail FROM audit
         WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        params![signed(after), limit],
    )
}

pub(crate) fn before(db: &Connection, before: u64, limit: u32) -> Result<Vec<AuditEntry>, Fault> {
    select(
        db,
        "SELECT seq, at, action, user_id, session_id, detail FROM audit
         WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
        params![signed(before), limit],
    )
}

pub(crate) fn of_user(db: &Connection, user: UserId) -> Result<Vec<AuditEntry>, Fault> {
    select(
        db,
        "SELECT seq, at, action, user_id, session_id, detail FROM audit
         WHERE user_id = ?1 ORDER BY seq",
        [user.as_bytes()],
    )
}

pub(crate) fn advance_clock(
    db: &Connection,
    now: Timestamp,
    tolerance: Duration,
) -> Result<ClockVerdict, Fault> {
    let mut query = db.prepare_cached("SELECT mark FROM clock")?;
    let mark = query.query_row([], |row| row.get(0).map(|At(mark)| mark)).optional()?;
    let mark = mark.unwrap_or(Timestamp::ZERO);
    if now.plus(tolerance) < mark {
        return Ok(ClockVerdict::Behind { mark });
    }
    if now > mark {
        let mut raise = db.prepare_cached(
            "INSERT INTO clock (id, mark) VALUES (1, ?1)
             ON CONFLICT (id) DO UPDATE SET mark = excluded.mark",
        )?;
        raise.execute([At(now)])?;
    }
    Ok(ClockVerdict::Sound)
}

fn select(db: &Connection, sql: &str, params: impl Params) -> Result<Vec<AuditEntry>, Fault> {
    let mut query = db.prepare_cached(sql)?;
    let entries = query.query_map(params, read)?;
    Ok(entries.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let At(at) = row.get(1)?;
    let user: Option<[u8; UserId::LEN]> = row.get(3)?;
    let session: Option<[u8; SessionId::LEN]> = row.get(4)?;
    let event = AuditEvent {
        at,
        action: row.get(2)?,
        user: user.map(UserId::from_bytes),
        session: session.map(SessionId::from_bytes),
        detail: row.get(5)?,
    };
    Ok(AuditEntry { seq: row.get(0)?, event })
}
