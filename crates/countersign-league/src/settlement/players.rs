//! G8, G9: everybody of the roster was vouched for by the server, and was there.

use super::origin::ReceivedTicket;
use super::refusal::{ActFault, RollFault, TicketFault};
use super::{Context, Refusal};
use crate::evidence::{Act, ActKind, MatchStart, Received, Roll, Signed, StartLine, Ticket};
use crate::id::Nonce;
use crate::team::Seat;
use alloc::vec::Vec;
use core::time::Duration;
use countersign::{Realm, Timestamp, UserId};

/// A ticket that is bound to no device serves this long.
const TRAVEL: Duration = Duration::from_secs(12 * 3600);

/// G8.
pub(super) fn tickets(
    received: Vec<ReceivedTicket<'_>>,
    start: &MatchStart,
    context: &Context<'_>,
) -> Result<Vec<Signed<Ticket>>, Refusal> {
    let mut tickets: Vec<Signed<Ticket>> = Vec::with_capacity(received.len());
    for ((seat, line), received) in (0..).zip(&start.roster).zip(received) {
        let fault = |fault| Refusal::Ticket(seat, fault);
        let ticket = verified(received, context).map_err(fault)?;
        fits(&ticket, line, start).map_err(fault)?;
        if tickets.iter().any(|other| other.value.key == ticket.value.key) {
            return Err(fault(TicketFault::SharedKey));
        }
        tickets.push(ticket);
    }
    Ok(tickets)
}

fn verified(
    received: ReceivedTicket<'_>,
    context: &Context<'_>,
) -> Result<Signed<Ticket>, TicketFault> {
    let key = (context.server_key)(&received.frame.signer(), received.claimed);
    let key = key.ok_or(TicketFault::Signer)?;
    received.frame.verify(context.realm, &key).map_err(TicketFault::Evidence)
}

fn fits(ticket: &Signed<Ticket>, line: &StartLine, start: &MatchStart) -> Result<(), TicketFault> {
    if ticket.digest != line.ticket || ticket.value.user != line.user {
        return Err(TicketFault::Other);
    }
    serves(ticket, start)
}

/// Whether it was good at that lobby when the match began.
fn serves(ticket: &Signed<Ticket>, start: &MatchStart) -> Result<(), TicketFault> {
    let Ticket { device, lobby, expires, .. } = &ticket.value;
    let is_travel = ticket.value.is_travel();
    let is_here = *device == start.device && *lobby == start.lobby;
    let is_free = is_travel && *lobby == Nonce::NONE;
    if !is_here && !is_free {
        return Err(TicketFault::Place);
    }
    if ticket.created > start.started {
        return Err(TicketFault::Later);
    }
    let last: Timestamp = if is_travel { ticket.created.plus(TRAVEL) } else { *expires };
    match start.started < *expires && start.started <= last {
        true => Ok(()),
        false => Err(TicketFault::Expired),
    }
}

/// G13: who missed the start was vouched for as those who played, does not play, and said to be ready, or gave up.
///
/// A third or more are not to blame: then it was the device's radio.
pub(super) fn missed(
    received: Vec<(ReceivedTicket<'_>, Received<'_, Act>)>,
    tickets: &[Signed<Ticket>],
    start: &MatchStart,
    context: &Context<'_>,
) -> Result<Vec<UserId>, Refusal> {
    let mut users: Vec<UserId> = Vec::with_capacity(received.len());
    let mut silent = 0;
    for ((seat, number), (ticket, act)) in (tickets.len() as Seat..).zip(0..).zip(received) {
        let fault = |fault| Refusal::Ticket(seat, fault);
        let ticket = verified(ticket, context).map_err(fault)?;
        serves(&ticket, start).map_err(fault)?;
        let Ticket { user, key, .. } = &ticket.value;
        let plays = |other: &Signed<Ticket>| other.value.user == *user || other.value.key == *key;
        if tickets.iter().any(plays) || users.contains(user) {
            return Err(fault(TicketFault::SharedKey));
        }
        let fault = |fault| Refusal::Act(number, fault);
        let act = act.verify(context.realm, key).map_err(|e| fault(ActFault::Evidence(e)))?.value;
        if act.match_id != start.match_id {
            return Err(fault(ActFault::Match));
        }
        match act.kind {
            ActKind::Ready => silent += 1,
            ActKind::Quit => {}
            ActKind::Join
            | ActKind::Unready
            | ActKind::Abort
            | ActKind::Leave
            | ActKind::Injury
            | ActKind::Return
            | ActKind::Concede
            | ActKind::Confirm
            | ActKind::Annul
            | ActKind::Absent
            | ActKind::Flag => return Err(fault(ActFault::Missed)),
        }
        users.push(*user);
    }
    let is_excused = silent * 3 >= tickets.len() + users.len();
    Ok(if is_excused { Vec::new() } else { users })
}

/// G9.
pub(super) fn rolls(
    received: Vec<Received<'_, Roll>>,
    tickets: &[Signed<Ticket>],
    start: &MatchStart,
    realm: &Realm,
) -> Result<Vec<Signed<Roll>>, Refusal> {
    let mut rolls: Vec<Signed<Roll>> = Vec::with_capacity(received.len());
    for (received, (ticket, line)) in received.into_iter().zip(tickets.iter().zip(&start.roster)) {
        let seat = rolls.len() as Seat;
        let fault = |fault| Refusal::Roll(seat, fault);
        let roll = received
            .verify(realm, &ticket.value.key)
            .map_err(|error| fault(RollFault::Evidence(error)))?;
        answers(&roll, ticket, line, start).map_err(fault)?;
        let nonce = roll.value.nonce;
        if nonce == Nonce::NONE || rolls.iter().any(|other| other.value.nonce == nonce) {
            return Err(fault(RollFault::Nonce));
        }
        rolls.push(roll);
    }
    Ok(rolls)
}

fn answers(
    roll: &Signed<Roll>,
    ticket: &Signed<Ticket>,
    line: &StartLine,
    start: &MatchStart,
) -> Result<(), RollFault> {
    if roll.digest != line.roll {
        Err(RollFault::Other)
    } else if roll.value.match_id != start.match_id {
        Err(RollFault::Match)
    } else if roll.value.challenge != start.challenge {
        Err(RollFault::Challenge)
    } else if roll.value.ticket != ticket.digest {
        Err(RollFault::Ticket)
    } else {
        Ok(())
    }
}
