//! Logs, heads and votes in SQL.

use super::{collect, draft, wide};
use crate::column::{At, signed};
use crate::fault::Fault;
use countersign::{EventId, Fingerprint, RecordDigest};
use countersign_judging::VoteDigest;
use countersign_store::event::{
    BallotUnion, FORKS_MAX, HandOver, HandOverOutcome, HandedVote, HeldLog, LOG_MAX, LogPiece,
    PIECE_MAX, PieceOutcome, StoredHead, UnionVote,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) fn held(db: &Connection, event: EventId, hub: &Fingerprint) -> Result<HeldLog, Fault> {
    let mut query =
        db.prepare_cached("SELECT held, verified FROM event_logs WHERE event = ?1 AND hub = ?2")?;
    let names = params![event.as_str(), hub.as_bytes()];
    let log = query.query_row(names, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (held, verified) = log.unwrap_or_default();
    let mut query = db.prepare_cached(
        "SELECT hub, digest, frame, entries, received, fork FROM event_heads
         WHERE event = ?1 AND hub = ?2 AND fork = 0 ORDER BY entries DESC LIMIT 1",
    )?;
    Ok(HeldLog { held, verified, head: query.query_row(names, read_head).optional()? })
}

pub(super) fn keep_piece(db: &Connection, piece: &LogPiece) -> Result<PieceOutcome, Fault> {
    if draft::revision(db, piece.event)?.is_none() {
        return Ok(PieceOutcome::NoEvent);
    }
    let HeldLog { held, .. } = held(db, piece.event, &piece.hub)?;
    let length = piece.bytes.len() as u64;
    if !(1..=PIECE_MAX).contains(&piece.bytes.len()) || held + length > LOG_MAX {
        return Ok(PieceOutcome::Size);
    }
    let (event, hub, at) = (piece.event.as_str(), piece.hub.as_bytes(), signed(piece.offset));
    let mut known = db.prepare_cached(
        "SELECT bytes FROM event_log_pieces WHERE event = ?1 AND hub = ?2 AND at = ?3",
    )?;
    let known = known.query_row(params![event, hub, at], |row| row.get::<_, Vec<u8>>(0));
    match known.optional()? {
        Some(bytes) if bytes == piece.bytes => return Ok(PieceOutcome::Kept { held }),
        Some(_) => return Ok(PieceOutcome::Differs { held }),
        None if piece.offset != held => return Ok(PieceOutcome::NotNext { held }),
        None => {}
    }
    let mut grow = db.prepare_cached(
        "INSERT INTO event_logs (event, hub, held, verified) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (event, hub) DO UPDATE SET held = held + excluded.held",
    )?;
    grow.execute(params![event, hub, wide(piece.bytes.len())?])?;
    db.prepare_cached("INSERT INTO event_log_pieces VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        event,
        hub,
        at,
        piece.bytes
    ])?;
    Ok(PieceOutcome::Kept { held: held + length })
}

pub(super) fn read_log(
    db: &Connection,
    event: EventId,
    hub: &Fingerprint,
) -> Result<Vec<u8>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT bytes FROM event_log_pieces WHERE event = ?1 AND hub = ?2 ORDER BY at",
    )?;
    let mut log = Vec::new();
    for piece in query.query_map(params![event.as_str(), hub.as_bytes()], |row| row.get(0))? {
        let piece: Vec<u8> = piece?;
        log.extend_from_slice(&piece);
    }
    Ok(log)
}

pub(super) fn drop_pieces(
    db: &Connection,
    event: EventId,
    hub: &Fingerprint,
) -> Result<u64, Fault> {
    let names = params![event.as_str(), hub.as_bytes()];
    for sql in [
        "DELETE FROM event_log_pieces WHERE event = ?1 AND hub = ?2 AND at >=
             (SELECT verified FROM event_logs WHERE event = ?1 AND hub = ?2)",
        "UPDATE event_logs SET held = verified WHERE event = ?1 AND hub = ?2",
    ] {
        db.prepare_cached(sql)?.execute(names)?;
    }
    Ok(held(db, event, hub)?.held)
}

/// `[E10]`
pub(super) fn insert(db: &Connection, new: &HandOver) -> Result<HandOverOutcome, Fault> {
    if draft::revision(db, new.event)?.is_none() {
        return Ok(HandOverOutcome::NoEvent);
    }
    let (event, hub) = (new.event.as_str(), new.head.hub.as_bytes());
    let mut verify = db.prepare_cached(
        "UPDATE event_logs SET verified = held WHERE event = ?1 AND hub = ?2 AND held = ?3",
    )?;
    if verify.execute(params![event, hub, signed(new.bytes)])? == 0 {
        return Ok(HandOverOutcome::Changed);
    }
    let mut replace = db.prepare_cached(
        "DELETE FROM event_heads WHERE event = ?1 AND hub = ?2 AND entries = ?3 AND fork = 0",
    )?;
    replace.execute(params![event, hub, signed(new.head.entries)])?;
    put_head(db, new.event, &new.head)?;
    let before = votes(db, new.event)?;
    for vote in &new.votes {
        put_vote(db, new.event, vote)?;
    }
    let mut revoke = db.prepare_cached(
        "INSERT INTO event_revocations VALUES (?1, ?2, ?3)
         ON CONFLICT (event, key) DO UPDATE SET at = min(at, excluded.at)",
    )?;
    for (key, at) in &new.revoked {
        revoke.execute(params![event, key.as_bytes(), At(*at)])?;
    }
    let all = votes(db, new.event)?;
    Ok(HandOverOutcome::Taken { new: all - before, all })
}

pub(super) fn keep_fork(db: &Connection, event: EventId, head: &StoredHead) -> Result<bool, Fault> {
    if draft::revision(db, event)?.is_none() {
        return Ok(false);
    }
    let mut query = db.prepare_cached(
        "SELECT count(*), coalesce(max(digest = ?3), 0) FROM event_heads
         WHERE event = ?1 AND hub = ?2 AND fork = 1",
    )?;
    let names = params![event.as_str(), head.hub.as_bytes(), head.digest.as_bytes()];
    let (count, is_known) =
        query.query_row(names, |row| Ok((row.get::<_, usize>(0)?, row.get::<_, bool>(1)?)))?;
    if is_known || count >= FORKS_MAX {
        return Ok(false);
    }
    put_head(db, event, &StoredHead { is_fork: true, ..head.clone() })?;
    Ok(true)
}

pub(super) fn heads(db: &Connection, event: EventId) -> Result<Vec<StoredHead>, Fault> {
    let mut query = db.prepare_cached(
        "SELECT hub, digest, frame, entries, received, fork FROM event_heads
         WHERE event = ?1 ORDER BY hub, entries, digest",
    )?;
    collect(query.query_map([event.as_str()], read_head)?)
}

pub(super) fn union(db: &Connection, event: EventId) -> Result<BallotUnion, Fault> {
    // Two queries that must see the same state.
    let snapshot = db.unchecked_transaction()?;
    let mut query = snapshot.prepare_cached(
        "SELECT digest, signer, accepted FROM event_votes WHERE event = ?1 ORDER BY digest",
    )?;
    let votes = query.query_map([event.as_str()], |row| {
        let At(accepted) = row.get(2)?;
        let digest = VoteDigest::from_bytes(row.get(0)?);
        Ok(UnionVote { digest, signer: Fingerprint::from_bytes(row.get(1)?), accepted })
    })?;
    let votes = collect(votes)?;
    let mut query = snapshot
        .prepare_cached("SELECT key, at FROM event_revocations WHERE event = ?1 ORDER BY key")?;
    let revoked = query.query_map([event.as_str()], |row| {
        let At(at) = row.get(1)?;
        Ok((Fingerprint::from_bytes(row.get(0)?), at))
    })?;
    Ok(BallotUnion { votes, revoked: collect(revoked)? })
}

fn votes(db: &Connection, event: EventId) -> Result<u64, Fault> {
    let mut query = db.prepare_cached("SELECT count(*) FROM event_votes WHERE event = ?1")?;
    Ok(query.query_row([event.as_str()], |row| row.get(0))?)
}

fn put_vote(db: &Connection, event: EventId, vote: &HandedVote) -> Result<(), Fault> {
    let mut put = db.prepare_cached(
        "INSERT INTO event_votes
         (event, digest, judge, vote_id, signer, hub, accepted, position, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (event, digest) DO UPDATE SET signer = excluded.signer, hub = excluded.hub,
         accepted = excluded.accepted, position = excluded.position, content = excluded.content
         WHERE (excluded.accepted, excluded.hub) < (accepted, hub)",
    )?;
    put.execute(params![
        event.as_str(),
        vote.digest.as_bytes(),
        vote.judge.as_str(),
        vote.id.as_bytes(),
        vote.signer.as_bytes(),
        vote.hub.as_bytes(),
        At(vote.accepted),
        signed(vote.position),
        vote.content,
    ])?;
    Ok(())
}

fn put_head(db: &Connection, event: EventId, head: &StoredHead) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO event_heads (event, hub, digest, frame, entries, received, fork)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute(params![
        event.as_str(),
        head.hub.as_bytes(),
        head.digest.as_bytes(),
        head.frame,
        signed(head.entries),
        At(head.received),
        head.is_fork,
    ])?;
    Ok(())
}

fn read_head(row: &Row<'_>) -> rusqlite::Result<StoredHead> {
    let At(received) = row.get(4)?;
    Ok(StoredHead {
        hub: Fingerprint::from_bytes(row.get(0)?),
        digest: RecordDigest::from_bytes(row.get(1)?),
        frame: row.get(2)?,
        entries: row.get(3)?,
        received,
        is_fork: row.get(5)?,
    })
}
