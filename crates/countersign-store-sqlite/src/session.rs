//! Sessions in SQL.

use crate::account;
use crate::column::{At, Scopes};
use crate::fault::Fault;
use countersign::{SessionId, Timestamp, UserId};
use countersign_store::{NewSession, Registered, SessionStatus, StoreError, StoredSession, User};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_sessions {
    ($tail:literal) => {
        concat!(
            "SELECT s.id, s.user_id, s.public_key, s.name, s.platform, s.created, ",
            "coalesce(seen.at, s.created) AS last_seen, s.revoked, u.scopes ",
            "FROM sessions AS s JOIN users AS u ON u.id = s.user_id ",
            "LEFT JOIN session_seen AS seen ON seen.session_id = s.id ",
            $tail
        )
    };
}

pub(crate) fn find(db: &Connection, id: SessionId) -> Result<Option<StoredSession>, Fault> {
    let mut query = db.prepare_cached(select_sessions!("WHERE s.id = ?1"))?;
    Ok(query.query_row([id.as_bytes()], read).optional()?)
}

pub(crate) fn list(db: &Connection, user: UserId) -> Result<Vec<StoredSession>, Fault> {
    let sql = select_sessions!("WHERE s.user_id = ?1 ORDER BY s.created DESC, s.id DESC");
    let mut query = db.prepare_cached(sql)?;
    let sessions = query.query_map([user.as_bytes()], read)?;
    Ok(sessions.collect::<Result<_, _>>()?)
}

pub(crate) fn rename(
    db: &Connection,
    user: UserId,
    id: SessionId,
    name: &str,
) -> Result<bool, Fault> {
    let mut update = db.prepare_cached(
        "UPDATE sessions SET name = ?3 WHERE id = ?1 AND user_id = ?2 AND revoked IS NULL",
    )?;
    Ok(update.execute(params![id.as_bytes(), user.as_bytes(), name])? == 1)
}

pub(crate) fn revoke(
    db: &Connection,
    user: UserId,
    id: SessionId,
    now: Timestamp,
) -> Result<bool, Fault> {
    let mut update = db.prepare_cached(
        "UPDATE sessions SET revoked = ?3 WHERE id = ?1 AND user_id = ?2 AND revoked IS NULL",
    )?;
    Ok(update.execute(params![id.as_bytes(), user.as_bytes(), At(now)])? == 1)
}

pub(crate) fn revoke_all(
    db: &Connection,
    user: UserId,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>, Fault> {
    let mut ids = live(db, user)?;
    ids.retain(|&id| Some(id) != keep);
    for &id in &ids {
        revoke(db, user, id, now)?;
    }
    Ok(ids)
}

pub(crate) fn touch(db: &Connection, mut seen: Vec<(SessionId, Timestamp)>) -> Result<(), Fault> {
    // In the order of the table, so that each page is visited once.
    seen.sort_unstable();
    let mut upsert = db.prepare_cached(
        "INSERT INTO session_seen (session_id, at)
         SELECT id, ?2 FROM sessions WHERE id = ?1 AND created < ?2
         ON CONFLICT (session_id) DO UPDATE SET at = excluded.at WHERE excluded.at > session_seen.at",
    )?;
    for (id, at) in seen {
        upsert.execute(params![id.as_bytes(), At(at)])?;
    }
    Ok(())
}

/// Creates the user if the address is new, makes room, and stores the session.
pub(crate) fn register(
    db: &Connection,
    new: NewSession,
    address: String,
    now: Timestamp,
) -> Result<Registered, Fault> {
    let known = account::find_by_address(db, &address)?;
    let new_user = known.is_none();
    let user = match known {
        Some(user) => user,
        None => account::create(db, new.user_if_new, &address, new.scopes_if_new, now)?,
    };
    let displaced = match new_user {
        true => Vec::new(),
        false => make_room(db, user.id, new.max_per_user, now)?,
    };
    insert(db, &new.id, &user, &new.public_key, (&new.name, &new.platform), now)?;
    let session = StoredSession {
        id: new.id,
        user: user.id,
        public_key: new.public_key,
        name: new.name,
        platform: new.platform,
        created: now,
        last_seen: now,
        status: SessionStatus::Live,
        scopes: user.scopes,
    };
    Ok(Registered { session, new_user, displaced, address })
}

/// Ids of live sessions, longest unseen first.
pub(crate) fn live(db: &Connection, user: UserId) -> Result<Vec<SessionId>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT s.id FROM sessions AS s LEFT JOIN session_seen AS seen ON seen.session_id = s.id
         WHERE s.user_id = ?1 AND s.revoked IS NULL
         ORDER BY coalesce(seen.at, s.created), s.created, s.id",
    )?;
    let ids = query.query_map([user.as_bytes()], |row| row.get(0).map(SessionId::from_bytes))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn make_room(
    db: &Connection,
    user: UserId,
    max_per_user: u32,
    now: Timestamp,
) -> Result<Vec<SessionId>, Fault> {
    let mut ids = live(db, user)?;
    let others = (max_per_user as usize).saturating_sub(1);
    ids.truncate(ids.len().saturating_sub(others));
    for &id in &ids {
        revoke(db, user, id, now)?;
    }
    Ok(ids)
}

fn insert(
    db: &Connection,
    id: &SessionId,
    user: &User,
    public_key: &[u8; 32],
    (name, platform): (&str, &str),
    now: Timestamp,
) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO sessions (id, user_id, public_key, name, platform, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
    )?;
    let row = params![id.as_bytes(), user.id.as_bytes(), public_key, name, platform, At(now)];
    match insert.execute(row)? {
        1 => Ok(()),
        _ => Err(StoreError::Engine("a session with this id exists".into()).into()),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredSession> {
    let At(created) = row.get(5)?;
    let At(last_seen) = row.get(6)?;
    let revoked: Option<At> = row.get(7)?;
    let Scopes(scopes) = row.get(8)?;
    Ok(StoredSession {
        id: SessionId::from_bytes(row.get(0)?),
        user: UserId::from_bytes(row.get(1)?),
        public_key: row.get(2)?,
        name: row.get(3)?,
        platform: row.get(4)?,
        created,
        last_seen,
        status: revoked.map_or(SessionStatus::Live, |At(at)| SessionStatus::Revoked(at)),
        scopes,
    })
}
