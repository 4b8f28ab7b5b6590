//! Idempotency keys in SQL.

use crate::column::At;
use crate::fault::Fault;
use countersign::{PayloadHash, Timestamp};
use countersign_store::{ClaimId, IdempotencyKey, Idempotent, StoredAnswer};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::time::Duration;

pub(crate) fn begin(
    db: &Connection,
    key: &IdempotencyKey,
    claim: ClaimId,
    now: Timestamp,
    lease: Duration,
) -> Result<Idempotent, Fault> {
    let mut query = db.prepare_cached(
        "SELECT fingerprint, lease_until, code, payload FROM idempotency
         WHERE user_id = ?1 AND message_type = ?2 AND key = ?3",
    )?;
    let known = query
        .query_row(params![key.user.as_bytes(), key.message_type, key.key], read)
        .optional()?;
    match known {
        Some(known) if known.fingerprint != key.fingerprint => return Ok(Idempotent::Mismatch),
        Some(Known { answer: Some(answer), .. }) => return Ok(Idempotent::Done(answer)),
        Some(known) if now < known.lease_until => return Ok(Idempotent::InProgress),
        Some(_) | None => {}
    }
    let mut insert = db.prepare_cached(
        "INSERT INTO idempotency (user_id, message_type, key, fingerprint, lease_until, claim)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET lease_until = excluded.lease_until, claim = excluded.claim",
    )?;
    insert.execute(params![
        key.user.as_bytes(),
        key.message_type,
        key.key,
        key.fingerprint.as_bytes(),
        At(now.plus(lease)),
        claim.0,
    ])?;
    Ok(Idempotent::Claimed)
}

pub(crate) fn finish(
    db: &Connection,
    key: &IdempotencyKey,
    answer: &StoredAnswer,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut update = db.prepare_cached(
        "UPDATE idempotency SET finished = ?5, code = ?6, payload = ?7
         WHERE user_id = ?1 AND message_type = ?2 AND key = ?3 AND fingerprint = ?4
         AND finished IS NULL",
    )?;
    update.execute(params![
        key.user.as_bytes(),
        key.message_type,
        key.key,
        key.fingerprint.as_bytes(),
        At(now),
        answer.code,
        answer.payload,
    ])?;
    Ok(())
}

pub(crate) fn abandon(db: &Connection, key: &IdempotencyKey, claim: ClaimId) -> Result<(), Fault> {
    let mut delete = db.prepare_cached(
        "DELETE FROM idempotency
         WHERE user_id = ?1 AND message_type = ?2 AND key = ?3 AND fingerprint = ?4
         AND finished IS NULL AND claim = ?5",
    )?;
    delete.execute(params![
        key.user.as_bytes(),
        key.message_type,
        key.key,
        key.fingerprint.as_bytes(),
        claim.0,
    ])?;
    Ok(())
}

struct Known {
    fingerprint: PayloadHash,
    lease_until: Timestamp,
    answer: Option<StoredAnswer>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Known> {
    let At(lease_until) = row.get(1)?;
    let answer = match row.get::<_, Option<u16>>(2)? {
        Some(code) => Some(StoredAnswer { code, payload: row.get(3)? }),
        None => None,
    };
    Ok(Known { fingerprint: PayloadHash::from_bytes(row.get(0)?), lease_until, answer })
}
