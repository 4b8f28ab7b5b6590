//! Waiting messages in SQL.

use crate::column::{At, ByChannel, signed};
use crate::fault::Fault;
use countersign::{Timestamp, UserId};
use countersign_store::{Message, NewMessage, OutboxId};
use rusqlite::{Connection, Row, params};
use std::time::Duration;

pub(crate) fn enqueue(
    db: &Connection,
    message: &NewMessage,
    now: Timestamp,
) -> Result<OutboxId, Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO outbox (channel, user_id, address, subject, body, expires, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, min(?6, ?7))",
    )?;
    insert.execute(params![
        ByChannel(message.channel),
        message.user.map(|user| *user.as_bytes()),
        message.to,
        message.subject,
        message.body,
        At(message.expires),
        At(now),
    ])?;
    Ok(OutboxId(db.last_insert_rowid().unsigned_abs()))
}

pub(crate) fn claim(
    db: &Connection,
    limit: u32,
    now: Timestamp,
    lease: Duration,
) -> Result<Vec<Message>, Fault> {
    db.prepare_cached("DELETE FROM outbox WHERE due <= ?1 AND expires <= ?1")?
        .execute([At(now)])?;
    let mut query = db.prepare_cached(
        "SELECT id, channel, user_id, address, subject, body, expires, failures FROM outbox
         WHERE due <= ?1 ORDER BY due, id LIMIT ?2",
    )?;
    let messages = query.query_map(params![At(now), limit], read)?;
    let messages = messages.collect::<Result<Vec<_>, _>>()?;
    let mut hold = db.prepare_cached("UPDATE outbox SET due = min(expires, ?2) WHERE id = ?1")?;
    for message in &messages {
        hold.execute(params![signed(message.id.0), At(now.plus(lease))])?;
    }
    Ok(messages)
}

pub(crate) fn delete(db: &Connection, id: OutboxId) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([signed(id.0)])?;
    Ok(())
}

pub(crate) fn retry(db: &Connection, id: OutboxId, at: Timestamp) -> Result<(), Fault> {
    let mut update = db.prepare_cached(
        "UPDATE outbox SET due = min(expires, ?2), failures = failures + 1 WHERE id = ?1",
    )?;
    update.execute(params![signed(id.0), At(at)])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Message> {
    let ByChannel(channel) = row.get(1)?;
    let user: Option<[u8; UserId::LEN]> = row.get(2)?;
    let At(expires) = row.get(6)?;
    let content = NewMessage {
        channel,
        user: user.map(UserId::from_bytes),
        to: row.get(3)?,
        subject: row.get(4)?,
        body: row.get(5)?,
        expires,
    };
    Ok(Message { id: OutboxId(row.get(0)?), content, failures: row.get(7)? })
}
