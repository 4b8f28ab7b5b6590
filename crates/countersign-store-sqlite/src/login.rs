//! Logins in SQL.

use crate::column::{At, ByChannel};
use crate::fault::Fault;
use crate::{outbox, session};
use countersign::{Fingerprint, LoginId, Timestamp};
use countersign_store::{
    Attempt, AttemptedCode, CodeIssue, CodeMac, LoginLimits, LoginState, NewCode, NewLogin,
    NewSession, StoreError,
};
use rusqlite::{Connection, OptionalExtension, params};

/// At most this many old rows are deleted per opened login: more than come in, and never a long pause.
const PURGE: u32 = 8;

pub(crate) fn open(db: &Connection, new: NewLogin) -> Result<LoginState, Fault> {
    purge(db, new.now)?;
    let expires = new.now.plus(new.limits.code_life);
    let mut insert = db.prepare_cached(
        "INSERT INTO logins (id, address, channel, fingerprint, pow, attempts_left, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6) ON CONFLICT (id) DO NOTHING",
    )?;
    let inserted = insert.execute(params![
        new.id.as_bytes(),
        new.address,
        ByChannel(new.channel),
        new.fingerprint.as_bytes(),
        new.pow,
        At(expires),
    ])?;
    if inserted == 0 {
        return Err(StoreError::Engine("a login with this id exists".into()).into());
    }
    let issued = issues(db, &new.address, new.now)?;
    Ok(LoginState {
        next_code: new.limits.next_code(&issued, expires, new.now),
        id: new.id,
        address: new.address,
        channel: new.channel,
        fingerprint: new.fingerprint,
        pow: new.pow,
        attempts_left: 0,
        expires,
    })
}

pub(crate) fn find(
    db: &Connection,
    id: LoginId,
    limits: LoginLimits,
    now: Timestamp,
) -> Result<Option<LoginState>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT address, channel, fingerprint, pow, attempts_left, expires
         FROM logins WHERE id = ?1 AND expires > ?2",
    )?;
    let state = query.query_row(params![id.as_bytes(), At(now)], |row| {
        let ByChannel(channel) = row.get(1)?;
        let At(expires) = row.get(5)?;
        Ok(LoginState {
            id,
            address: row.get(0)?,
            channel,
            fingerprint: Fingerprint::from_bytes(row.get(2)?),
            pow: row.get(3)?,
            next_code: None,
            attempts_left: row.get(4)?,
            expires,
        })
    });
    let Some(mut state) = state.optional()? else {
        return Ok(None);
    };
    let issued = issues(db, &state.address, now)?;
    state.next_code = limits.next_code(&issued, state.expires, now);
    Ok(Some(state))
}

pub(crate) fn issue_code(
    db: &Connection,
    id: LoginId,
    code: &NewCode,
    limits: LoginLimits,
    now: Timestamp,
) -> Result<CodeIssue, Fault> {
    let Some(before) = find(db, id, limits, now)? else {
        return Ok(CodeIssue::NoLogin);
    };
    if before.next_code.is_none_or(|next| next > now) {
        return Ok(CodeIssue::TooSoon(before));
    }
    let mut update = db.prepare_cached(
        "UPDATE logins SET pow = NULL, code_mac = ?2, attempts_left = ?3, expires = ?4
         WHERE id = ?1",
    )?;
    let expires = now.plus(limits.code_life);
    update.execute(params![id.as_bytes(), code.mac.0, limits.attempts, At(expires)])?;
    let mut count = db.prepare_cached("INSERT INTO code_issues (address, at) VALUES (?1, ?2)")?;
    count.execute(params![before.address, At(now)])?;
    outbox::enqueue(db, &code.message, now)?;
    match find(db, id, limits, now)? {
        Some(state) => Ok(CodeIssue::Issued(state)),
        None => Ok(CodeIssue::NoLogin),
    }
}

pub(crate) fn claim_attempt(
    db: &Connection,
    id: LoginId,
    code: AttemptedCode,
    session: NewSession,
    now: Timestamp,
) -> Result<Attempt, Fault> {
    // Counted before it is compared.
    let mut count = db.prepare_cached(
        "UPDATE logins SET attempts_left = attempts_left - 1
         WHERE id = ?1 AND expires > ?2 AND attempts_left > 0 AND code_mac IS NOT NULL
         RETURNING address, fingerprint, code_mac, attempts_left",
    )?;
    let counted = count.query_row(params![id.as_bytes(), At(now)], |row| {
        let fingerprint = Fingerprint::from_bytes(row.get(1)?);
        Ok((row.get::<_, String>(0)?, fingerprint, CodeMac(row.get(2)?), row.get::<_, u32>(3)?))
    });
    let Some((address, fingerprint, mac, attempts_left)) = counted.optional()? else {
        return Ok(Attempt::Refused { attempts_left: 0 });
    };
    let right = (mac == code.mac) & (fingerprint == session.fingerprint);
    if right || attempts_left == 0 {
        db.prepare_cached("DELETE FROM logins WHERE id = ?1")?.execute([id.as_bytes()])?;
    }
    match right {
        true => {
            let registered = session::register(db, session, address, now)?;
            Ok(Attempt::Registered(Box::new(registered)))
        }
        false => Ok(Attempt::Refused { attempts_left }),
    }
}

/// When codes went to the address, oldest first, as far as a limit may count them.
fn issues(db: &Connection, address: &str, now: Timestamp) -> Result<Vec<Timestamp>, Fault> {
    let mut query =
        db.prepare_cached("SELECT at FROM code_issues WHERE address = ?1 AND at > ?2 ORDER BY at")?;
    let counted = At(now.minus(LoginLimits::MEMORY));
    let issues =
        query.query_map(params![address, counted], |row| row.get(0).map(|At(issued)| issued))?;
    Ok(issues.collect::<Result<_, _>>()?)
}

fn purge(db: &Connection, now: Timestamp) -> Result<(), Fault> {
    let mut ended = db.prepare_cached(
        "DELETE FROM logins
         WHERE id IN (SELECT id FROM logins WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    )?;
    ended.execute(params![At(now), PURGE])?;
    let mut forgotten = db.prepare_cached(
        "DELETE FROM code_issues
         WHERE id IN (SELECT id FROM code_issues ORDER BY id LIMIT ?2) AND at <= ?1",
    )?;
    forgotten.execute(params![At(now.minus(LoginLimits::MEMORY)), PURGE])?;
    Ok(())
}
