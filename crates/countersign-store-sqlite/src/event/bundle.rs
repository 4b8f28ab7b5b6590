//! Signed bundles in SQL.

use super::{collect, draft};
use crate::column::At;
use crate::fault::Fault;
use countersign::{EventId, RecordDigest};
use countersign_store::event::{BUNDLES_MAX, NewBundle, PublishOutcome, StoredBundle};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// `[E6]`
pub(super) fn publish(db: &Connection, new: &NewBundle) -> Result<PublishOutcome, Fault> {
    let Some(event) = draft::find(db, new.event)? else { return Ok(PublishOutcome::NoEvent) };
    let (newest, revision) = (event.summary.version, event.revision);
    if newest >= BUNDLES_MAX {
        return Ok(PublishOutcome::Full);
    }
    if new.version != newest + 1 {
        return Ok(PublishOutcome::NotNext { newest });
    }
    if new.revision != revision {
        return Ok(PublishOutcome::Changed { revision });
    }
    let id = new.event.as_str();
    let mut insert = db.prepare_cached("INSERT INTO event_bundles VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let (digest, at) = (new.digest.as_bytes(), At(new.now));
    insert.execute(params![id, new.version, digest, new.frame, at])?;
    let mut name = db.prepare_cached(
        "UPDATE event_keys SET published = ?3
         WHERE event = ?1 AND fingerprint = ?2 AND published = 0",
    )?;
    for key in &new.keys {
        name.execute(params![id, key.as_bytes(), new.version])?;
    }
    db.prepare_cached("UPDATE events SET version = ?2 WHERE id = ?1")?
        .execute(params![id, new.version])?;
    Ok(PublishOutcome::Published)
}

pub(super) fn find(
    db: &Connection,
    event: EventId,
    version: Option<u32>,
) -> Result<Option<StoredBundle>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT version, digest, frame, published FROM event_bundles
         WHERE event = ?1 AND (?2 IS NULL OR version = ?2) ORDER BY version DESC LIMIT 1",
    )?;
    Ok(query.query_row(params![event.as_str(), version], read).optional()?)
}

pub(super) fn all(db: &Connection, event: EventId) -> Result<Vec<StoredBundle>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT version, digest, frame, published FROM event_bundles
         WHERE event = ?1 ORDER BY version",
    )?;
    collect(query.query_map([event.as_str()], read)?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredBundle> {
    let At(published) = row.get(3)?;
    let digest = RecordDigest::from_bytes(row.get(1)?);
    Ok(StoredBundle { version: row.get(0)?, digest, frame: row.get(2)?, published })
}
