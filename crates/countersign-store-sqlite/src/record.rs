//! Records in SQL.

use crate::account;
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::{Fingerprint, RecordDigest, RecordId, UserId};
use countersign_store::{NewRecord, RecordOutcome, StoredRecord};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

macro_rules! select_records {
    ($tail:literal) => {
        concat!(
            "SELECT seq, user_id, id, signer, record_type, digest, frame, received FROM records ",
            $tail
        )
    };
}

pub(crate) fn append(db: &Connection, new: &NewRecord) -> Result<RecordOutcome, Fault> {
    let mut known = db.prepare_cached("SELECT seq, digest, received FROM records WHERE id = ?1")?;
    let known = known.query_row([new.id.as_bytes()], |row| {
        let At(received) = row.get(2)?;
        Ok((row.get(0)?, RecordDigest::from_bytes(row.get(1)?), received))
    });
    if let Some((seq, digest, received)) = known.optional()? {
        return Ok(match digest == new.digest {
            true => RecordOutcome::AlreadyStored { seq, received },
            false => RecordOutcome::IdTaken,
        });
    }
    let named = !account::is_erased(db, new.user)?;
    // Without a value, the key is one more than the largest; rows are never deleted, and one transaction writes at a time.
    let mut insert = db.prepare_cached(
        "INSERT INTO records
         (id, user_id, session_id, signer, record_type, digest, received, frame)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert.execute(params![
        new.id.as_bytes(),
        named.then_some(new.user.as_bytes()),
        named.then_some(new.session.as_bytes()),
        new.signer.as_bytes(),
        new.record_type,
        new.digest.as_bytes(),
        At(new.received),
        new.frame,
    ])?;
    let seq = db.last_insert_rowid().unsigned_abs();
    if named {
        let mut keep = db.prepare_cached(
            "UPDATE sessions SET signed_records = 1 WHERE id = ?1 AND signed_records = 0",
        )?;
        keep.execute([new.session.as_bytes()])?;
    }
    Ok(RecordOutcome::Appended { seq })
}

pub(crate) fn find(
    db: &Connection,
    user: UserId,
    id: RecordId,
) -> Result<Option<StoredRecord>, Fault> {
    let mut query = db.prepare_cached(select_records!("WHERE id = ?1 AND user_id = ?2"))?;
    Ok(query.query_row([id.as_bytes(), user.as_bytes()], read).optional()?)
}

pub(crate) fn after(db: &Connection, after: u64, limit: u32) -> Result<Vec<StoredRecord>, Fault> {
    let sql = select_records!("WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    select(db, sql, params![signed(after), limit])
}

pub(crate) fn of_user(db: &Connection, user: UserId) -> Result<Vec<StoredRecord>, Fault> {
    select(db, select_records!("WHERE user_id = ?1 ORDER BY seq"), [user.as_bytes()])
}

fn select(db: &Connection, sql: &str, params: impl Params) -> Result<Vec<StoredRecord>, Fault> {
    let mut query = db.prepare_cached(sql)?;
    let records = query.query_map(params, read)?;
    Ok(records.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredRecord> {
    let user: Option<[u8; UserId::LEN]> = row.get(1)?;
    let At(received) = row.get(7)?;
    Ok(StoredRecord {
        seq: row.get(0)?,
        user: user.map(UserId::from_bytes),
        id: RecordId::from_bytes(row.get(2)?),
        signer: Fingerprint::from_bytes(row.get(3)?),
        record_type: row.get(4)?,
        digest: RecordDigest::from_bytes(row.get(5)?),
        frame: row.get(6)?,
        received,
    })
}
