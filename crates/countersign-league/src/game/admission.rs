//! Who may come in: tickets, radios, and the memory of missed starts.

use super::Game;
use super::event::{Join, Refusal};
use super::state::{Lobby, Member, Registered, State};
use crate::evidence::{ActKind, Signed, Ticket};
use crate::id::{DeviceId, Nonce};
use alloc::vec::Vec;
use core::time::Duration;
use countersign::{Timestamp, UserId};

/// Most players whose missed starts are remembered; the oldest memory goes first.
pub const NO_STARTS_MAX: usize = 64;

/// A missed start counts for this long, in milliseconds. The ladder is that of FAForever.
const MEMORY_MS: u64 = 3_600_000;
const SECOND_MS: u64 = 600_000;
const THIRD_MS: u64 = 1_800_000;

/// How long a ticket without a device serves.
const TRAVEL: Duration = Duration::from_secs(12 * 3600);

/// Missed starts of the last hour: only in memory, only on this device, only against readiness.
#[derive(Debug, Default)]
pub(super) struct NoStarts(Vec<(UserId, u64)>);

impl NoStarts {
    pub(super) fn add(&mut self, user: UserId, now: u64) {
        self.0.retain(|(_, at)| now.saturating_sub(*at) < MEMORY_MS);
        if self.0.len() == NO_STARTS_MAX {
            self.0.remove(0);
        }
        self.0.push((user, now));
    }

    /// Whether the player has to wait: ten minutes after the second within an hour, thirty after the third.
    pub(super) fn bars(&self, user: &UserId, now: u64) -> bool {
        let recent =
            |(who, at): &&(UserId, u64)| who == user && now.saturating_sub(*at) < MEMORY_MS;
        let count = self.0.iter().filter(recent).count();
        let last = self.0.iter().rev().find(recent).map_or(0, |(_, at)| *at);
        let wait = match count {
            0 | 1 => return false,
            2 => SECOND_MS,
            _ => THIRD_MS,
        };
        now.saturating_sub(last) < wait
    }
}

impl Game {
    /// Into the lobby, or back into a match that one plays in.
    pub(super) fn join(&mut self, join: Join) -> Result<(), Refusal> {
        let (ticket, act) = (join.ticket.value(), join.act.signed());
        self.utc.learn(join.ticket.signed().created, self.now);
        if act.value.kind != ActKind::Join || act.value.target != 0 {
            return Err(Refusal::NotNow);
        }
        if act.signer != *ticket.key.fingerprint() {
            return Err(Refusal::Signer);
        }
        match self.state {
            State::Lobby | State::Ready => self.enter_lobby(join),
            State::RollCall | State::Draw => Err(Refusal::Closed),
            State::Kickoff
            | State::Playing
            | State::Drain
            | State::Review
            | State::Signed
            | State::Settled
            | State::Void
            | State::Abandoned => self.rejoin(&join),
            State::Off
            | State::Pairing
            | State::Handshake
            | State::GoalCheck
            | State::Recover
            | State::Locked => Err(Refusal::NotNow),
        }
    }

    /// In play identity is the session key; the radio does not matter any more.
    fn rejoin(&mut self, join: &Join) -> Result<(), Refusal> {
        let fixture = self.fixture.as_mut().ok_or(Refusal::Closed)?;
        let act = join.act.value();
        if act.match_id != fixture.start.match_id {
            return Err(Refusal::OtherMatch);
        }
        let ticket = join.ticket.value();
        let player = fixture.player_of(&ticket.user).ok_or(Refusal::Closed)?;
        if player.ticket.value().key != ticket.key {
            return Err(Refusal::OtherKey);
        }
        if act.seq <= player.last_seq {
            return Err(Refusal::Stale);
        }
        player.last_seq = act.seq;
        player.connected = true;
        Ok(())
    }

    fn enter_lobby(&mut self, join: Join) -> Result<(), Refusal> {
        let now = self.now;
        let most = self.capacity();
        let lobby = self.lobby.as_ref().ok_or(Refusal::NotNow)?;
        if join.act.value().match_id != lobby.match_id {
            return Err(Refusal::OtherMatch);
        }
        let ticket = join.ticket.value();
        check_ticket(join.ticket.signed(), &self.setup.device, &lobby.nonce, self.utc.at(now))?;
        if self.no_starts.bars(&ticket.user, now) {
            return Err(Refusal::NoStarts);
        }
        let place = find_place(lobby, &join, most)?;
        let lobby = self.lobby.as_mut().ok_or(Refusal::NotNow)?;
        register(lobby, &join, matches!(place, Place::Free));
        let member = Member {
            ticket: join.ticket,
            act: join.act,
            radio: join.radio,
            ready: false,
            last_seen: now,
            connected: true,
            roll: None,
            word: None,
            silent: false,
        };
        match place {
            Place::Replaces(index) => {
                let known = &mut lobby.members[index];
                let (ready, word) = (known.ready, known.word.take());
                *known = Member { ready, word, ..member };
            }
            Place::Free => {
                lobby.members.push(member);
                self.restart_ready_timer();
            }
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        let most = self.setup.params.max_players.min(self.setup.max_players);
        usize::from(most).min(crate::team::MAX_PLAYERS)
    }
}

/// Where a newcomer goes.
enum Place {
    Free,
    Replaces(usize),
}

/// Whether no match may start with this ticket any more. One that is bound to no device serves for twelve hours.
pub(super) fn is_expired(ticket: &Signed<Ticket>, utc: Timestamp) -> bool {
    let is_old = ticket.value.is_travel() && ticket.created.plus(TRAVEL) < utc;
    is_old || ticket.value.expires <= utc
}

fn check_ticket(
    signed: &Signed<Ticket>,
    device: &DeviceId,
    lobby: &Nonce,
    utc: Timestamp,
) -> Result<(), Refusal> {
    let ticket = &signed.value;
    let is_for_travel = ticket.is_travel() && ticket.lobby == Nonce::NONE;
    if !is_for_travel && (ticket.device != *device || ticket.lobby != *lobby) {
        return Err(Refusal::Elsewhere);
    }
    if is_expired(signed, utc) {
        return Err(Refusal::Expired);
    }
    if ticket.barred_until > utc {
        return Err(Refusal::Barred);
    }
    Ok(())
}

/// One player for each radio, one phone for each player; the newest proof with the same key replaces an older one.
fn find_place(lobby: &Lobby, join: &Join, most: usize) -> Result<Place, Refusal> {
    let (user, key) = (join.ticket.value().user, &join.ticket.value().key);
    if lobby.radios.iter().any(|(radio, owner)| *radio == join.radio && *owner != user) {
        return Err(Refusal::RadioTaken);
    }
    let known = lobby.registered.iter().find(|known| known.user == user);
    let present = lobby.members.iter().position(|member| member.user() == user);
    let is_shared = lobby.members.iter().any(|m| m.key() == key && m.user() != user);
    if is_shared || present.is_some_and(|index| lobby.members[index].key() != key) {
        return Err(Refusal::OtherKey);
    }
    if known.is_some_and(|known| join.act.value().seq <= known.last_seq) {
        return Err(Refusal::Stale);
    }
    if let Some(index) = present {
        return Ok(Place::Replaces(index));
    }
    let digest = join.ticket.signed().digest;
    if known.is_some_and(|known| known.ticket == digest && known.uses >= 2) {
        return Err(Refusal::TicketUsed);
    }
    let is_known_radio = lobby.radios.iter().any(|(radio, _)| *radio == join.radio);
    let no_faces = known.is_none() && lobby.registered.len() == Lobby::REGISTERED_MAX;
    let no_radios = !is_known_radio && lobby.radios.len() == Lobby::REGISTERED_MAX;
    if lobby.members.len() >= most || no_faces || no_radios {
        return Err(Refusal::Full);
    }
    Ok(Place::Free)
}

fn register(lobby: &mut Lobby, join: &Join, opens_the_door: bool) {
    let (user, seq) = (join.ticket.value().user, join.act.value().seq);
    let ticket = join.ticket.signed().digest;
    let is_known_radio = lobby.radios.iter().any(|(radio, _)| *radio == join.radio);
    if !is_known_radio && lobby.radios.len() < Lobby::REGISTERED_MAX {
        lobby.radios.push((join.radio, user));
    }
    let Some(known) = lobby.registered.iter_mut().find(|known| known.user == user) else {
        return lobby.registered.push(Registered { user, last_seq: seq, ticket, uses: 1 });
    };
    known.last_seq = seq;
    if known.ticket != ticket {
        (known.ticket, known.uses) = (ticket, 0);
    }
    known.uses += u8::from(opens_the_door);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_starts_bar_from_the_second_on() {
        let (mut starts, user) = (NoStarts::default(), UserId::from_bytes([1; 16]));
        starts.add(user, 0);
        assert!(!starts.bars(&user, 1));
        starts.add(user, 1_000);
        assert!(starts.bars(&user, 1_000) && starts.bars(&user, 600_999));
        assert!(!starts.bars(&user, 601_000));
        starts.add(user, 700_000);
        assert!(starts.bars(&user, 2_499_999) && !starts.bars(&user, 2_500_000));
        assert!(!starts.bars(&UserId::from_bytes([2; 16]), 700_000));
        starts.add(user, 4_400_000);
        assert!(!starts.bars(&user, 4_400_000), "the first three are forgotten after an hour");
    }

    #[test]
    fn the_memory_of_missed_starts_is_bounded() {
        let mut starts = NoStarts::default();
        (0..=255_u8).for_each(|n| starts.add(UserId::from_bytes([n; 16]), u64::from(n)));
        assert_eq!(starts.0.len(), NO_STARTS_MAX);
    }
}
