//! S6: the roll call. Everybody who is ready signs the same challenge within three seconds: so many phones were there at once.

use super::Game;
use super::admission::is_expired;
use super::event::{Effect, Refusal};
use super::exhibit::Exhibit;
use super::state::{RollCall, State};
use crate::evidence::Roll;
use crate::id::Nonce;
use alloc::vec::Vec;
use countersign::UserId;

impl Game {
    pub(super) fn begin_roll_call(&mut self) {
        let challenge = self.seed.nonce();
        self.call_the_roll(RollCall { challenge, began: self.now, second: false });
    }

    /// A second call has a challenge of its own: answers to the first do not show that somebody is still there.
    fn call_the_roll(&mut self, roll: RollCall) {
        let Some(lobby) = &mut self.lobby else { return };
        let params = &self.setup.params;
        let last = roll.began.saturating_add(params.roll_max.into());
        lobby.members.iter_mut().for_each(|member| member.roll = None);
        let challenge = roll.challenge;
        lobby.roll = roll;
        self.state = State::RollCall;
        self.deadline = Some(last.min(self.now.saturating_add(params.roll.into())));
        self.effects.push_back(Effect::RollCall(challenge));
    }

    /// An answer. The first one of a player stays, because its nonce is part of the draw.
    pub(super) fn answer_roll_call(&mut self, roll: Exhibit<Roll>) -> Result<(), Refusal> {
        if self.state != State::RollCall {
            return Err(Refusal::NotNow);
        }
        let now = self.now;
        let lobby = self.lobby.as_mut().ok_or(Refusal::NotNow)?;
        if roll.value().match_id != lobby.match_id {
            return Err(Refusal::OtherMatch);
        }
        let challenge = lobby.roll.challenge;
        // A share that is known beforehand, or given twice, is no share of the draw.
        let nonce = roll.value().nonce;
        let rolls = lobby.members.iter().filter_map(|member| member.roll.as_ref());
        let is_taken =
            nonce == Nonce::NONE || rolls.into_iter().any(|other| other.value().nonce == nonce);
        let mut members = lobby.members.iter_mut().filter(|member| member.ready);
        let signer = roll.signed().signer;
        let member = members.find(|member| *member.key().fingerprint() == signer);
        let member = member.ok_or(Refusal::Unknown)?;
        if roll.value().challenge != challenge
            || roll.value().ticket != member.ticket.signed().digest
        {
            return Err(Refusal::OtherRoll);
        }
        if member.roll.is_some() {
            return Err(Refusal::Stale);
        }
        if is_taken {
            return Err(Refusal::OtherRoll);
        }
        (member.last_seen, member.connected) = (now, true);
        member.roll = Some(roll);
        if lobby.members.iter().all(|member| !member.ready || member.roll.is_some()) {
            self.close_roll_call();
        }
        Ok(())
    }

    /// Time is up: once more, or with whoever answered.
    pub(super) fn roll_call_over(&mut self) {
        let Some(lobby) = &self.lobby else { return };
        if lobby.roll.second {
            return self.close_roll_call();
        }
        let began = lobby.roll.began;
        let again = RollCall { challenge: self.seed.nonce(), began, second: true };
        self.call_the_roll(again);
    }

    fn close_roll_call(&mut self) {
        let utc = self.utc.at(self.now);
        let Some(lobby) = &mut self.lobby else { return };
        for member in &mut lobby.members {
            // No match may start with a ticket that is too old by now.
            if is_expired(member.ticket.signed(), utc) {
                (member.ready, member.roll) = (false, None);
            }
        }
        let called = lobby.ready_count();
        let silent = lobby.members.iter().filter(|member| member.ready && member.roll.is_none());
        let silent: Vec<UserId> = silent.map(super::state::Member::user).collect();
        // If a third is silent, it was our radio.
        let is_excused = silent.len() * 3 >= called;
        for member in &mut lobby.members {
            member.silent = member.ready && member.roll.is_none() && !is_excused;
            member.ready &= member.roll.is_some();
        }
        if !is_excused {
            silent.iter().for_each(|user| self.no_starts.add(*user, self.now));
        }
        let present = called - silent.len();
        if present >= usize::from(self.setup.params.min_players) {
            self.draw();
        } else {
            // Nobody signed anything that others could use: the same match is still to come.
            self.enter(State::Lobby, Some(self.setup.params.lobby_idle));
            self.forgive_silence();
        }
    }

    /// During the roll call nobody was wiped; the patience of the lobby begins anew.
    fn forgive_silence(&mut self) {
        let now = self.now;
        if let Some(lobby) = &mut self.lobby {
            lobby.members.iter_mut().for_each(|member| member.last_seen = now);
        }
    }
}
