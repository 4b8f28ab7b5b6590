//! Accounts in SQL, and their erasure.

use crate::column::{At, Scopes};
use crate::fault::Fault;
use crate::ledger::LedgerFile;
use crate::{audit, event, league, record, session};
use countersign::{SessionId, Timestamp, UserId};
use countersign_store::account::normal_scopes;
use countersign_store::{AccountExport, Erasure, StoreError, User};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(crate) fn find(db: &Connection, id: UserId) -> Result<Option<User>, Fault> {
    let mut query =
        db.prepare_cached("SELECT id, address, created, scopes FROM users WHERE id = ?1")?;
    Ok(query.query_row([id.as_bytes()], read).optional()?)
}

pub(crate) fn find_by_address(db: &Connection, address: &str) -> Result<Option<User>, Fault> {
    let mut query =
        db.prepare_cached("SELECT id, address, created, scopes FROM users WHERE address = ?1")?;
    Ok(query.query_row([address], read).optional()?)
}

pub(crate) fn users_after(db: &Connection, after: &str, limit: u32) -> Result<Vec<User>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT id, address, created, scopes FROM users WHERE address > ?1
         ORDER BY address LIMIT ?2",
    )?;
    let users = query.query_map(params![after, limit], read)?;
    Ok(users.collect::<Result<_, _>>()?)
}

pub(crate) fn create(
    db: &Connection,
    id: UserId,
    address: &str,
    scopes: Vec<String>,
    now: Timestamp,
) -> Result<User, Fault> {
    let Scopes(scopes) = insert(db, id, address, Scopes(normal_scopes(scopes)), now)?;
    Ok(User { id, address: address.to_owned(), created: now, scopes })
}

pub(crate) fn set_scopes(db: &Connection, id: UserId, scopes: Vec<String>) -> Result<bool, Fault> {
    let mut update = db.prepare_cached("UPDATE users SET scopes = ?2 WHERE id = ?1")?;
    Ok(update.execute(params![id.as_bytes(), Scopes(normal_scopes(scopes))])? == 1)
}

pub(crate) fn export(db: &Connection, id: UserId) -> Result<Option<AccountExport>, Fault> {
    // Four queries that must see the same state.
    let snapshot = db.unchecked_transaction()?;
    let Some(user) = find(&snapshot, id)? else {
        return Ok(None);
    };
    Ok(Some(AccountExport {
        user,
        sessions: session::list(&snapshot, id)?,
        records: record::of_user(&snapshot, id)?,
        audit: audit::of_user(&snapshot, id)?,
    }))
}

/// Erases a user and adds the line to both ledgers.
pub(crate) fn erase(
    db: &Connection,
    ledger: &LedgerFile,
    line: Erasure,
) -> Result<Option<Vec<SessionId>>, Fault> {
    if find(db, line.user)?.is_none() {
        return Ok(None);
    }
    let died = remove(db, line)?;
    note(db, Some(ledger), line)?;
    Ok(Some(died))
}

/// The ledger in the database, oldest first.
pub(crate) fn erasures(db: &Connection) -> Result<Vec<Erasure>, Fault> {
    let mut query = db.prepare_cached("SELECT user_id, at FROM erasures ORDER BY at, user_id")?;
    let lines = query.query_map([], |row| {
        let At(at) = row.get(1)?;
        Ok(Erasure { user: UserId::from_bytes(row.get(0)?), at })
    })?;
    Ok(lines.collect::<Result<_, _>>()?)
}

/// Erases again whoever came back, and adds the lines to the ledgers; without a file if they come from it.
pub(crate) fn replay(
    db: &Connection,
    ledger: Option<&LedgerFile>,
    lines: Vec<Erasure>,
) -> Result<u64, Fault> {
    let mut came_back = 0;
    for line in lines {
        if find(db, line.user)?.is_some() {
            remove(db, line)?;
            came_back += 1;
        }
        note(db, ledger, line)?;
    }
    Ok(came_back)
}

/// Makes both ledgers hold the same, and erases again whoever came back with a restored database.
pub(crate) fn reconcile(db: &Connection, ledger: &LedgerFile) -> Result<u64, Fault> {
    let in_file = ledger.read().map_err(StoreError::from)?;
    let in_table = erasures(db)?;
    let lost: Vec<_> = in_table
        .into_iter()
        .filter(|line| in_file.iter().all(|known| known.user != line.user))
        .collect();
    if !lost.is_empty() {
        ledger.append(&lost).map_err(StoreError::from)?;
    }
    replay(db, None, in_file)
}

pub(crate) fn is_erased(db: &Connection, user: UserId) -> Result<bool, Fault> {
    let mut query = db.prepare_cached("SELECT 1 FROM erasures WHERE user_id = ?1")?;
    Ok(query.exists([user.as_bytes()])?)
}

/// Adds the line, unless it is known. The file comes first: a line too many is an erasure that was asked for and will be
/// done at the next start; a line too few would be one that a restore undoes.
fn note(db: &Connection, ledger: Option<&LedgerFile>, line: Erasure) -> Result<(), Fault> {
    if is_erased(db, line.user)? {
        return Ok(());
    }
    if let Some(ledger) = ledger {
        ledger.append(&[line]).map_err(StoreError::from)?;
    }
    let mut insert = db.prepare_cached("INSERT INTO erasures (user_id, at) VALUES (?1, ?2)")?;
    insert.execute(params![line.user.as_bytes(), At(line.at)])?;
    Ok(())
}

/// Removes everything that names the user. Returns the sessions that were live.
fn remove(db: &Connection, line: Erasure) -> Result<Vec<SessionId>, Fault> {
    let user = line.user;
    league::erase(db, user, line.at)?;
    event::erase(db, user)?;
    let died = session::live(db, user)?;
    for sql in [
        "DELETE FROM logins WHERE address = (SELECT address FROM users WHERE id = ?1)",
        "DELETE FROM code_issues WHERE address = (SELECT address FROM users WHERE id = ?1)",
        "DELETE FROM outbox
         WHERE user_id = ?1 OR address = (SELECT address FROM users WHERE id = ?1)",
        "DELETE FROM idempotency WHERE user_id = ?1",
        "UPDATE records SET user_id = NULL, session_id = NULL WHERE user_id = ?1",
        "UPDATE audit SET user_id = NULL, session_id = NULL
         WHERE session_id IN (SELECT id FROM sessions WHERE user_id = ?1)",
        "UPDATE audit SET user_id = NULL, session_id = NULL WHERE user_id = ?1",
        // Sessions and their times go with the user.
        "DELETE FROM users WHERE id = ?1",
    ] {
        db.prepare_cached(sql)?.execute([user.as_bytes()])?;
    }
    Ok(died)
}

fn insert(
    db: &Connection,
    id: UserId,
    address: &str,
    scopes: Scopes,
    now: Timestamp,
) -> Result<Scopes, Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO users (id, address, created, scopes) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO NOTHING",
    )?;
    match insert.execute(params![id.as_bytes(), address, At(now), scopes])? {
        1 => Ok(scopes),
        _ => Err(StoreError::Engine("a user with this id exists".into()).into()),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    let At(created) = row.get(2)?;
    let Scopes(scopes) = row.get(3)?;
    Ok(User { id: UserId::from_bytes(row.get(0)?), address: row.get(1)?, created, scopes })
}
