//! Descriptions in SQL.

use super::{collect, text};
use crate::column::At;
use crate::fault::Fault;
use countersign::EventId;
use countersign_judging::{JudgeId, Root};
use countersign_store::StoreError;
use countersign_store::event::{
    DRAFT_MAX, EventSummary, NewEvent, PutOutcome, Results, Seat, StoredEvent,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;

const SUMMARY: &str = "SELECT id, title, starts, ends, created, changed, version FROM events";

pub(super) fn put(db: &Connection, new: &NewEvent) -> Result<PutOutcome, Fault> {
    if new.content.len() > DRAFT_MAX {
        let why = format!("a description has at most {DRAFT_MAX} bytes");
        return Err(StoreError::Engine(why).into());
    }
    let judges: BTreeSet<_> = new.seats.iter().map(|seat| seat.judge).collect();
    let given = || new.seats.iter().filter_map(|seat| seat.address.as_ref());
    let addresses: BTreeSet<_> = given().collect();
    if judges.len() != new.seats.len() || addresses.len() != given().count() {
        return Ok(PutOutcome::Twice);
    }
    match (revision(db, new.id)?, new.from) {
        (Some(_), None) => Ok(PutOutcome::Exists),
        (None, Some(_)) => Ok(PutOutcome::NoEvent),
        (Some(revision), Some(from)) if revision != from => Ok(PutOutcome::Changed { revision }),
        (Some(_), Some(_)) | (None, None) => {
            write(db, new)?;
            seat(db, new.id, &new.seats)?;
            let revision = revision(db, new.id)?.unwrap_or(1);
            Ok(PutOutcome::Stored { revision })
        }
    }
}

pub(super) fn revision(db: &Connection, id: EventId) -> Result<Option<u32>, Fault> {
    let mut query = db.prepare_cached("SELECT revision FROM events WHERE id = ?1")?;
    Ok(query.query_row([id.as_str()], |row| row.get(0)).optional()?)
}

pub(super) fn find(db: &Connection, id: EventId) -> Result<Option<StoredEvent>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT id, title, starts, ends, created, changed, version, content, revision
         FROM events WHERE id = ?1",
    )?;
    let read = |row: &Row<'_>| {
        Ok(StoredEvent { summary: summary(row)?, content: row.get(7)?, revision: row.get(8)? })
    };
    Ok(query.query_row([id.as_str()], read).optional()?)
}

pub(super) fn list(
    db: &Connection,
    after: Option<EventId>,
    limit: u32,
) -> Result<Vec<EventSummary>, Fault> {
    let after = after.as_ref().map_or("", |id| id.as_str());
    let mut query = db.prepare_cached(&format!("{SUMMARY} WHERE id > ?1 ORDER BY id LIMIT ?2"))?;
    collect(query.query_map(params![after, limit], summary)?)
}

pub(super) fn publish_results(
    db: &Connection,
    id: EventId,
    results: &Results,
) -> Result<bool, Fault> {
    let mut update = db.prepare_cached(
        "UPDATE events SET results = ?2, results_root = ?3, results_at = ?4 WHERE id = ?1",
    )?;
    let (root, at) = (results.ballot_root.as_bytes(), At(results.published));
    Ok(update.execute(params![id.as_str(), results.content, root, at])? == 1)
}

pub(super) fn results(db: &Connection, id: EventId) -> Result<Option<Results>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT results, results_root, results_at FROM events
         WHERE id = ?1 AND results IS NOT NULL",
    )?;
    let read = |row: &Row<'_>| {
        let At(published) = row.get(2)?;
        let ballot_root = Root::from_bytes(row.get(1)?);
        Ok(Results { content: row.get(0)?, ballot_root, published })
    };
    Ok(query.query_row([id.as_str()], read).optional()?)
}

fn write(db: &Connection, new: &NewEvent) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT INTO events (id, title, starts, ends, content, revision, created, changed, version)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?6, 0)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, starts = excluded.starts,
         ends = excluded.ends, content = excluded.content, changed = excluded.changed,
         revision = revision + 1",
    )?;
    let (starts, ends, now) = (At(new.starts), At(new.ends), At(new.now));
    put.execute(params![new.id.as_str(), new.title, starts, ends, new.content, now])?;
    Ok(())
}

/// Another roster in place of the one before. Whose address is another one loses the key.
fn seat(db: &Connection, id: EventId, seats: &[Seat]) -> Result<(), Fault> {
    let before: BTreeSet<(JudgeId, Option<String>)> = {
        let mut query =
            db.prepare_cached("SELECT judge, address FROM event_seats WHERE event = ?1")?;
        let rows = query.query_map([id.as_str()], |row| Ok((text(row, 0)?, row.get(1)?)))?;
        collect(rows)?.into_iter().collect()
    };
    let now: BTreeSet<_> = seats.iter().map(|seat| (seat.judge, seat.address.clone())).collect();
    let kept: BTreeSet<JudgeId> = before.intersection(&now).map(|(judge, _)| *judge).collect();
    let mut query =
        db.prepare_cached("SELECT judge FROM event_keys WHERE event = ?1 AND current = 1")?;
    let owners: Vec<JudgeId> = collect(query.query_map([id.as_str()], |row| text(row, 0))?)?;
    let mut retire = db.prepare_cached(
        "UPDATE event_keys SET current = 0 WHERE event = ?1 AND judge = ?2 AND current = 1",
    )?;
    for judge in owners.iter().filter(|judge| !kept.contains(judge)) {
        retire.execute([id.as_str(), judge.as_str()])?;
    }
    db.prepare_cached("DELETE FROM event_seats WHERE event = ?1")?.execute([id.as_str()])?;
    let mut add = db.prepare_cached("INSERT INTO event_seats VALUES (?1, ?2, ?3)")?;
    for seat in seats {
        add.execute(params![id.as_str(), seat.judge.as_str(), seat.address])?;
    }
    Ok(())
}

fn summary(row: &Row<'_>) -> rusqlite::Result<EventSummary> {
    let (At(starts), At(ends)) = (row.get(2)?, row.get(3)?);
    let (At(created), At(changed)) = (row.get(4)?, row.get(5)?);
    let (id, title, version) = (text(row, 0)?, row.get(1)?, row.get(6)?);
    Ok(EventSummary { id, title, starts, ends, created, changed, version })
}
