//! Judges and their keys in SQL.

use super::{collect, draft, text};
use crate::column::At;
use crate::fault::Fault;
use countersign::{EventId, Fingerprint, UserId};
use countersign_judging::JudgeId;
use countersign_judging::venue::KEYS_PER_JUDGE_MAX;
use countersign_store::event::{
    EnrolOutcome, Enrolment, Invitation, NewEnrolment, ReplaceOutcome, RosterLine,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_keys {
    ($tail:literal) => {
        concat!(
            "SELECT judge, key, fingerprint, user_id, at, published, replaceable, event, current
             FROM event_keys ",
            $tail
        )
    };
}

pub(super) fn invitations(
    db: &Connection,
    address: &str,
    limit: u32,
) -> Result<Vec<Invitation>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT events.id, title, starts, ends, seat.judge, fingerprint, version
         FROM event_seats AS seat JOIN events ON events.id = seat.event
         LEFT JOIN event_keys AS key
         ON key.event = seat.event AND key.judge = seat.judge AND key.current = 1
         WHERE seat.address = ?1 ORDER BY events.id LIMIT ?2",
    )?;
    let read = |row: &Row<'_>| {
        let (At(starts), At(ends)) = (row.get(2)?, row.get(3)?);
        let key = row.get::<_, Option<[u8; 32]>>(5)?.map(Fingerprint::from_bytes);
        let (event, title, judge) = (text(row, 0)?, row.get(1)?, text(row, 4)?);
        Ok(Invitation { event, title, starts, ends, judge, key, version: row.get(6)? })
    };
    collect(query.query_map(params![address, limit], read)?)
}

/// `[E1]` `[E3]` `[E4]`
pub(super) fn enrol(db: &Connection, new: &NewEnrolment) -> Result<EnrolOutcome, Fault> {
    let Some(judge) = seat_of(db, new)? else { return Ok(EnrolOutcome::NotInvited) };
    for (event, is_current, known) in with_key(db, &new.fingerprint)? {
        if event == new.event && is_current && known.judge == judge {
            return Ok(EnrolOutcome::Same { judge });
        }
        if event == new.event || known.user != Some(new.user) {
            return Ok(EnrolOutcome::KeyTaken);
        }
    }
    let had = of_judge(db, new.event, &judge)?;
    let is_closed = |known: &&(bool, Enrolment)| {
        let (is_current, known) = known;
        *is_current && known.published > 0 && !known.replaceable
    };
    if had.iter().any(|known| is_closed(&known)) {
        return Ok(EnrolOutcome::Published { judge });
    }
    if had.len() >= KEYS_PER_JUDGE_MAX {
        return Ok(EnrolOutcome::TooMany { judge });
    }
    let event = new.event.as_str();
    db.prepare_cached("UPDATE event_keys SET current = 0 WHERE event = ?1 AND judge = ?2")?
        .execute([event, judge.as_str()])?;
    let mut insert = db.prepare_cached(
        "INSERT INTO event_keys
         (event, fingerprint, judge, key, user_id, at, published, replaceable, current)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, 1)",
    )?;
    insert.execute(params![
        event,
        new.fingerprint.as_bytes(),
        judge.as_str(),
        new.key,
        new.user.as_bytes(),
        At(new.now)
    ])?;
    db.prepare_cached("UPDATE events SET revision = revision + 1 WHERE id = ?1")?
        .execute([event])?;
    Ok(EnrolOutcome::Enrolled { judge })
}

pub(super) fn allow_replacement(
    db: &Connection,
    event: EventId,
    judge: &JudgeId,
) -> Result<ReplaceOutcome, Fault> {
    let names = [event.as_str(), judge.as_str()];
    let mut seat =
        db.prepare_cached("SELECT 1 FROM event_seats WHERE event = ?1 AND judge = ?2")?;
    if !seat.exists(names)? {
        return Ok(ReplaceOutcome::NoJudge);
    }
    let mut update = db.prepare_cached(
        "UPDATE event_keys SET replaceable = 1 WHERE event = ?1 AND judge = ?2 AND current = 1",
    )?;
    Ok(match update.execute(names)? {
        0 => ReplaceOutcome::NoKey,
        _ => ReplaceOutcome::Allowed,
    })
}

pub(super) fn roster(db: &Connection, event: EventId) -> Result<Vec<RosterLine>, Fault> {
    // Two queries that must see the same state.
    let snapshot = db.unchecked_transaction()?;
    let mut query = snapshot
        .prepare_cached("SELECT judge, address FROM event_seats WHERE event = ?1 ORDER BY judge")?;
    let read = |row: &Row<'_>| {
        Ok(RosterLine { judge: text(row, 0)?, address: row.get(1)?, enrolment: None })
    };
    let mut lines = collect(query.query_map([event.as_str()], read)?)?;
    let mut query = snapshot.prepare_cached(select_keys!("WHERE event = ?1 AND current = 1"))?;
    for key in query.query_map([event.as_str()], enrolment)? {
        let key = key?;
        if let Some(line) = lines.iter_mut().find(|line| line.judge == key.judge) {
            line.enrolment = Some(key);
        }
    }
    Ok(lines)
}

pub(super) fn of_user(db: &Connection, user: UserId) -> Result<Vec<(EventId, Enrolment)>, Fault> {
    let mut query =
        db.prepare_cached(select_keys!("WHERE user_id = ?1 ORDER BY event, at, fingerprint"))?;
    let read = |row: &Row<'_>| Ok((text(row, 7)?, enrolment(row)?));
    collect(query.query_map([user.as_bytes()], read)?)
}

/// Takes a user's address and name off rosters and keys; who they are at an event is the organiser's word, and stays.
pub(crate) fn erase(db: &Connection, user: UserId) -> Result<(), Fault> {
    for sql in [
        "UPDATE event_seats SET address = NULL
         WHERE address = (SELECT address FROM users WHERE id = ?1)",
        "UPDATE event_keys SET user_id = NULL WHERE user_id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([user.as_bytes()])?;
    }
    Ok(())
}

fn seat_of(db: &Connection, new: &NewEnrolment) -> Result<Option<JudgeId>, Fault> {
    if draft::revision(db, new.event)?.is_none() {
        return Ok(None);
    }
    let mut query =
        db.prepare_cached("SELECT judge FROM event_seats WHERE event = ?1 AND address = ?2")?;
    let seat = query.query_row([new.event.as_str(), &new.address], |row| text(row, 0));
    Ok(seat.optional()?)
}

fn with_key(db: &Connection, key: &Fingerprint) -> Result<Vec<(EventId, bool, Enrolment)>, Fault> {
    let mut query = db.prepare_cached(select_keys!("WHERE fingerprint = ?1 ORDER BY event"))?;
    let read = |row: &Row<'_>| Ok((text(row, 7)?, row.get(8)?, enrolment(row)?));
    collect(query.query_map([key.as_bytes()], read)?)
}

fn of_judge(
    db: &Connection,
    event: EventId,
    judge: &JudgeId,
) -> Result<Vec<(bool, Enrolment)>, Fault> {
    let mut query = db.prepare_cached(select_keys!("WHERE event = ?1 AND judge = ?2"))?;
    let read = |row: &Row<'_>| Ok((row.get(8)?, enrolment(row)?));
    collect(query.query_map([event.as_str(), judge.as_str()], read)?)
}

fn enrolment(row: &Row<'_>) -> rusqlite::Result<Enrolment> {
    let At(at) = row.get(4)?;
    Ok(Enrolment {
        judge: text(row, 0)?,
        key: row.get(1)?,
        fingerprint: Fingerprint::from_bytes(row.get(2)?),
        user: row.get::<_, Option<[u8; UserId::LEN]>>(3)?.map(UserId::from_bytes),
        at,
        published: row.get(5)?,
        replaceable: row.get(6)?,
    })
}
