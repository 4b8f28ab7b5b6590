//! Tickets in SQL.

use super::{maybe_id, time};
use crate::column::At;
use crate::fault::Fault;
use countersign::{RecordDigest, Timestamp, UserId};
use countersign_league::{DeviceId, MatchId, Nonce};
use countersign_store::league::{IssuedTicket, NewTicket, TicketState};
use rusqlite::{Connection, OptionalExtension, Row, params};

macro_rules! select_tickets {
    ($tail:literal) => {
        concat!(
            "SELECT digest, user_id, device, lobby, issued, expires, state, match_id
             FROM league_tickets ",
            $tail
        )
    };
}

pub(super) fn find(db: &Connection, digest: RecordDigest) -> Result<Option<IssuedTicket>, Fault> {
    let mut query = db.prepare_cached(select_tickets!("WHERE digest = ?1"))?;
    Ok(query.query_row([digest.as_bytes()], read).optional()?)
}

pub(super) fn travel(db: &Connection, user: UserId) -> Result<Option<IssuedTicket>, Fault> {
    let mut query = db.prepare_cached(select_tickets!(
        "WHERE user_id = ?1 AND state = 0 AND device = x'00000000000000000000000000000000'"
    ))?;
    Ok(query.query_row([user.as_bytes()], read).optional()?)
}

pub(super) fn add(db: &Connection, issued: &IssuedTicket) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO league_tickets
         (digest, user_id, device, lobby, issued, expires, state, match_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let ticket = &issued.ticket;
    let (state, match_id) = columns(issued.state);
    insert.execute(params![
        ticket.digest.as_bytes(),
        ticket.user.as_bytes(),
        ticket.device.as_bytes(),
        ticket.lobby.as_bytes(),
        At(ticket.issued),
        At(ticket.expires),
        state,
        match_id,
    ])?;
    Ok(())
}

pub(super) fn update(db: &Connection, tickets: &[IssuedTicket]) -> Result<(), Fault> {
    let mut update =
        db.prepare_cached("UPDATE league_tickets SET state = ?2, match_id = ?3 WHERE digest = ?1")?;
    for issued in tickets {
        let (state, match_id) = columns(issued.state);
        update.execute(params![issued.ticket.digest.as_bytes(), state, match_id])?;
    }
    Ok(())
}

const fn columns(state: TicketState) -> (u8, Option<[u8; 16]>) {
    match state {
        TicketState::Unused => (0, None),
        TicketState::Superseded => (1, None),
        TicketState::Used(match_id) => (2, Some(*match_id.as_bytes())),
    }
}

pub(super) fn drop_before(db: &Connection, before: Timestamp) -> Result<u64, Fault> {
    let mut delete =
        db.prepare_cached("DELETE FROM league_tickets WHERE state <> 2 AND expires < ?1")?;
    Ok(delete.execute([At(before)])? as u64)
}

pub(super) fn drop_of(db: &Connection, user: UserId) -> Result<(), Fault> {
    let mut delete =
        db.prepare_cached("DELETE FROM league_tickets WHERE state <> 2 AND user_id = ?1")?;
    delete.execute([user.as_bytes()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<IssuedTicket> {
    let state = match (row.get::<_, u8>(6)?, maybe_id(row, 7, MatchId::from_bytes)?) {
        (0, None) => TicketState::Unused,
        (1, None) => TicketState::Superseded,
        (2, Some(match_id)) => TicketState::Used(match_id),
        (state, _) => return Err(rusqlite::Error::IntegralValueOutOfRange(6, i64::from(state))),
    };
    let ticket = NewTicket {
        digest: RecordDigest::from_bytes(row.get(0)?),
        user: UserId::from_bytes(row.get(1)?),
        device: DeviceId::from_bytes(row.get(2)?),
        lobby: Nonce::from_bytes(row.get(3)?),
        issued: time(row, 4)?,
        expires: time(row, 5)?,
    };
    Ok(IssuedTicket { ticket, state })
}
