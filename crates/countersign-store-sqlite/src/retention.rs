//! What is kept no longer. Each step looks at no more rows than it removes.

use crate::column::At;
use crate::fault::Fault;
use countersign::{SessionId, Timestamp};
use rusqlite::{Connection, params};

pub(crate) fn purge_sessions(
    db: &Connection,
    revoked_before: Timestamp,
    limit: u32,
) -> Result<u32, Fault> {
    let mut old = db.prepare_cached(
        "SELECT id FROM sessions
         WHERE revoked IS NOT NULL AND signed_records = 0 AND revoked < ?1
         ORDER BY revoked, id LIMIT ?2",
    )?;
    let ids = old.query_map(params![At(revoked_before), limit], |row| row.get(0))?;
    let ids = ids.collect::<Result<Vec<[u8; SessionId::LEN]>, _>>()?;
    let mut forget = db.prepare_cached(
        "UPDATE audit SET session_id = NULL WHERE session_id = ?1 AND user_id IS NULL",
    )?;
    let mut delete = db.prepare_cached("DELETE FROM sessions WHERE id = ?1")?;
    for id in &ids {
        forget.execute([id])?;
        delete.execute([id])?;
    }
    Ok(u32::try_from(ids.len()).unwrap_or(limit))
}

pub(crate) fn purge_idempotent(
    db: &Connection,
    ended_before: Timestamp,
    limit: u32,
) -> Result<u32, Fault> {
    let mut delete = db.prepare_cached(
        "DELETE FROM idempotency WHERE (user_id, message_type, key) IN (
             SELECT user_id, message_type, key FROM idempotency
             WHERE coalesce(finished, lease_until) < ?1
             ORDER BY coalesce(finished, lease_until), user_id, message_type, key LIMIT ?2
         )",
    )?;
    Ok(u32::try_from(delete.execute(params![At(ended_before), limit])?).unwrap_or(limit))
}
