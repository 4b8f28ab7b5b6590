//! G1 to G6: the bundle has its shape, and comes from a device that is known.

use super::{Context, KnownDevice, Refusal};
use crate::draw;
use crate::evidence::{
    Act, Artefact, Bundle, MatchResult, MatchStart, Received, Roll, Signed, Ticket,
};
use crate::id::MatchId;
use crate::team::MAX_PLAYERS;
use alloc::vec::Vec;
use countersign::{Fingerprint, Frame, Malformed, RecordHeader, Timestamp};

/// A bundle whose frames all have the right shape; nothing is verified yet.
pub(super) struct Parsed<'f> {
    pub(super) start: Received<'f, MatchStart>,
    pub(super) result: Received<'f, MatchResult>,
    pub(super) tickets: Vec<ReceivedTicket<'f>>,
    pub(super) rolls: Vec<Received<'f, Roll>>,
    pub(super) acts: Vec<Received<'f, Act>>,
    pub(super) missed: Vec<(ReceivedTicket<'f>, Received<'f, Act>)>,
}

/// A ticket with the time that it claims; only for finding the key that has to confirm it.
pub(super) struct ReceivedTicket<'f> {
    pub(super) frame: Received<'f, Ticket>,
    pub(super) claimed: Timestamp,
}

impl<'f> Parsed<'f> {
    /// G1 for a bundle that was not read from bytes, then G2.
    pub(super) fn of(bundle: &'f Bundle) -> Result<Self, Refusal> {
        let players = bundle.players.len().max(bundle.missed.len());
        if players > MAX_PLAYERS || bundle.acts.len() > Bundle::MAX_ACTS {
            return Err(Refusal::TooLarge);
        }
        let start = received(&bundle.start)?;
        let result = received(&bundle.result)?;
        let players = || bundle.players.iter();
        let tickets = players().map(|player| received_ticket(&player.ticket));
        let tickets = tickets.collect::<Result<_, _>>()?;
        let rolls = players().map(|player| received(&player.roll)).collect::<Result<_, _>>()?;
        let acts = bundle.acts.iter().map(|act| received(act)).collect::<Result<_, _>>()?;
        let missed = bundle.missed.iter();
        let missed = missed
            .map(|missed| Ok((received_ticket(&missed.ticket)?, received(&missed.act)?)))
            .collect::<Result<_, Refusal>>()?;
        Ok(Self { start, result, tickets, rolls, acts, missed })
    }
}

pub(super) fn signer(bundle: &Bundle) -> Result<Fingerprint, Refusal> {
    received::<MatchStart>(&bundle.start).map(|start| start.signer())
}

/// G3: the device is known, and both ends name its master.
pub(super) fn device<'a>(
    parsed: &Parsed<'_>,
    context: &Context<'a>,
) -> Result<&'a KnownDevice, Refusal> {
    let device = context.device.ok_or(Refusal::UnknownDevice)?;
    let master = *device.master.fingerprint();
    match parsed.start.signer() == master && parsed.result.signer() == master {
        true => Ok(device),
        false => Err(Refusal::UnknownDevice),
    }
}

/// G4: the master signed both.
pub(super) fn ends(
    start: Received<'_, MatchStart>,
    result: Received<'_, MatchResult>,
    context: &Context<'_>,
    device: &KnownDevice,
) -> Result<(Signed<MatchStart>, Signed<MatchResult>), Refusal> {
    let start = start.verify(context.realm, &device.master).map_err(Refusal::Start)?;
    let result = result.verify(context.realm, &device.master).map_err(Refusal::Result)?;
    Ok((start, result))
}

/// G4: they are of one match of this device, and there is a line for everybody.
pub(super) fn related(
    start: &Signed<MatchStart>,
    result: &Signed<MatchResult>,
    device: &KnownDevice,
    players: usize,
) -> Result<(), Refusal> {
    let same_match = start.value.device == device.device
        && result.value.match_id == start.value.match_id
        && result.value.start == start.digest
        && result.previous == start.digest;
    let count = start.value.roster.len();
    match same_match && players == count && result.value.seats.len() == count {
        true => Ok(()),
        false => Err(Refusal::Unrelated),
    }
}

/// G5: the slave signed what it saw; missing only where nothing is rated.
pub(super) fn seal(
    start: &MatchStart,
    result: &MatchResult,
    device: &KnownDevice,
) -> Result<(), Refusal> {
    let Some(seal) = &result.slave else {
        return if result.outcome.is_rated() { Err(Refusal::SlaveSeal) } else { Ok(()) };
    };
    let message = seal.message(&start.device, &start.match_id);
    device.slave.verify(&message, &seal.signature).map_err(|_| Refusal::SlaveSeal)
}

/// G6: the secret was fixed beforehand, and the id follows from it, the device and its counter.
pub(super) fn identity(start: &MatchStart) -> Result<(), Refusal> {
    if !draw::opens(&start.secret, &start.commit) {
        return Err(Refusal::Commitment);
    }
    match start.match_id == MatchId::derive(&start.device, start.device_seq, &start.commit) {
        true => Ok(()),
        false => Err(Refusal::MatchId),
    }
}

fn received<T: Artefact>(frame: &[u8]) -> Result<Received<'_, T>, Refusal> {
    Received::decode(frame).map_err(Refusal::Envelope)
}

fn received_ticket(frame: &[u8]) -> Result<ReceivedTicket<'_>, Refusal> {
    let received = received(frame)?;
    Ok(ReceivedTicket { frame: received, claimed: claimed_time(frame)? })
}

fn claimed_time(frame: &[u8]) -> Result<Timestamp, Malformed> {
    Ok(RecordHeader::decode(Frame::split(frame)?.header)?.created)
}
