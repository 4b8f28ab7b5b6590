//! S4 and S5: players come, go, and get ready.

use super::Game;
use super::entry::{Entry, Opened};
use super::event::{Effect, Refusal};
use super::exhibit::Exhibit;
use super::state::{Lobby, RollCall, Secret, State};
use crate::draw::first_secret;
use crate::evidence::{Act, ActKind};
use crate::id::{Commitment, MatchId, Nonce};
use crate::journal::Writer;
use alloc::vec::Vec;
use countersign::UserId;

impl Game {
    /// A lobby for the next match, with a journal of its own.
    pub(super) fn open_lobby(&mut self, nonce: Nonce) {
        let secret = Secret(self.seed.draw());
        let commit = Commitment::to(&first_secret(&secret.0));
        let device_seq = self.standing.device_seq.saturating_add(1);
        let match_id = MatchId::derive(&self.setup.device, device_seq, &commit);
        // Who played has to join again, and learns it by losing the place: the views go on under another lobby.
        let players = self.fixture.take().map(|fixture| fixture.players).unwrap_or_default();
        self.effects.extend(players.iter().map(|player| Effect::Dropped(player.user())));
        self.lobby = Some(Lobby {
            nonce,
            secret,
            commit,
            match_id,
            device_seq,
            members: Vec::new(),
            registered: Vec::new(),
            radios: Vec::new(),
            missed: Vec::new(),
            ready_since: self.now,
            roll: RollCall { challenge: Nonce::NONE, began: self.now, second: false },
        });
        self.journal = Writer::new();
        self.journal_full = false;
        self.effects.push_back(Effect::NewJournal);
        self.append(&Entry::Opened(Opened {
            device_seq,
            lobby: nonce,
            match_id,
            commit,
            last_terminal: self.standing.last_terminal,
            utc: self.utc.at(self.now),
            boots: self.seen.boots,
            unsettled: self.standing.unsettled.clone(),
        }));
        self.enter(State::Lobby, Some(self.setup.params.lobby_idle));
    }

    /// Everybody goes; the lights go out.
    pub(super) fn drop_lobby(&mut self) {
        let members = self.lobby.take().map(|lobby| lobby.members).unwrap_or_default();
        let gone = members.iter().map(|member| Effect::Dropped(member.user()));
        self.effects.extend(gone);
    }

    /// A sign of life.
    pub(super) fn phone_seen(&mut self, user: &UserId) -> Result<(), Refusal> {
        let now = self.now;
        if let Some(member) = self.lobby.as_mut().and_then(|lobby| lobby.member(user)) {
            member.last_seen = now;
            member.connected = true;
            return Ok(());
        }
        let player = self.fixture.as_mut().and_then(|fixture| fixture.player_of(user));
        player.map(|player| player.connected = true).ok_or(Refusal::Unknown)
    }

    /// The connection ended. In the lobby the place is kept for `lobby_gone`; in play nothing follows.
    pub(super) fn phone_closed(&mut self, user: &UserId) -> Result<(), Refusal> {
        if let Some(member) = self.lobby.as_mut().and_then(|lobby| lobby.member(user)) {
            member.connected = false;
            return Ok(());
        }
        let player = self.fixture.as_mut().and_then(|fixture| fixture.player_of(user));
        player.map(|player| player.connected = false).ok_or(Refusal::Unknown)
    }

    /// Ready, unready, quit.
    pub(super) fn lobby_act(&mut self, act: &Exhibit<Act>) -> Result<(), Refusal> {
        let now = self.now;
        let is_open = matches!(self.state, State::Lobby | State::Ready);
        let lobby = self.lobby.as_mut().ok_or(Refusal::NotNow)?;
        if act.value().match_id != lobby.match_id {
            return Err(Refusal::OtherMatch);
        }
        let signer = act.signed().signer;
        let mut members = lobby.members.iter_mut();
        let member = members.find(|member| *member.key().fingerprint() == signer);
        let user = member.as_ref().ok_or(Refusal::Unknown)?.user();
        let known = lobby.registered.iter_mut().find(|known| known.user == user);
        let (Some(member), Some(known)) = (member, known) else { return Err(Refusal::Unknown) };
        if act.value().seq <= known.last_seq {
            return Err(Refusal::Stale);
        }
        if !is_open {
            return Err(Refusal::Closed);
        }
        match act.value().kind {
            ActKind::Ready if self.no_starts.bars(&user, now) => return Err(Refusal::NoStarts),
            ActKind::Ready => {
                (member.ready, member.word) = (true, Some(act.clone()));
            }
            ActKind::Unready => member.ready = false,
            ActKind::Quit => {}
            ActKind::Join
            | ActKind::Abort
            | ActKind::Leave
            | ActKind::Injury
            | ActKind::Return
            | ActKind::Concede
            | ActKind::Confirm
            | ActKind::Annul
            | ActKind::Absent
            | ActKind::Flag => return Err(Refusal::NotNow),
        }
        (member.last_seen, member.connected) = (now, true);
        known.last_seq = act.value().seq;
        if act.value().kind == ActKind::Quit {
            self.wipe(&user);
        }
        self.count_ready();
        Ok(())
    }

    /// The place is free again. Coming back is a full join.
    fn wipe(&mut self, user: &UserId) {
        if let Some(lobby) = &mut self.lobby {
            lobby.members.retain(|member| member.user() != *user);
            self.effects.push_back(Effect::Dropped(*user));
        }
    }

    /// Between lobby and ready timer, as many as are ready.
    pub(super) fn count_ready(&mut self) {
        let Some(lobby) = &mut self.lobby else { return };
        let enough = lobby.ready_count() >= usize::from(self.setup.params.min_players);
        match (self.state, enough) {
            (State::Lobby, true) => {
                lobby.ready_since = self.now;
                self.enter(State::Ready, Some(self.setup.params.ready));
            }
            (State::Ready, false) => self.enter(State::Lobby, Some(self.setup.params.lobby_idle)),
            _ => {}
        }
    }

    /// Somebody came: the others wait a little longer, but not for ever. An idle lobby is idle no more.
    pub(super) fn restart_ready_timer(&mut self) {
        let params = &self.setup.params;
        match (self.state, &self.lobby) {
            (State::Ready, Some(lobby)) => {
                let last = lobby.ready_since.saturating_add(params.ready_max.into());
                self.deadline = Some(last.min(self.now.saturating_add(params.ready.into())));
            }
            (State::Lobby, _) => {
                self.deadline = Some(self.now.saturating_add(params.lobby_idle.into()));
            }
            _ => {}
        }
    }

    /// When the first phone has been silent for too long: not ready any more, or gone.
    pub(super) fn next_silence(&self) -> Option<u64> {
        if !matches!(self.state, State::Lobby | State::Ready) {
            return None;
        }
        let members = self.lobby.iter().flat_map(|lobby| &lobby.members);
        let params = &self.setup.params;
        let due = |member: &super::state::Member| {
            let patience = if member.ready && self.state == State::Ready {
                params.unready.min(params.lobby_gone)
            } else {
                params.lobby_gone
            };
            member.last_seen.saturating_add(u64::from(patience) + 1)
        };
        members.map(due).min()
    }

    pub(super) fn silence(&mut self) {
        let (now, params) = (self.now, self.setup.params.clone());
        let Some(lobby) = &mut self.lobby else { return };
        let mut gone = Vec::new();
        for member in &mut lobby.members {
            let silent = now.saturating_sub(member.last_seen);
            if self.state == State::Ready && silent > u64::from(params.unready) {
                (member.ready, member.connected) = (false, false);
            }
            if silent > u64::from(params.lobby_gone) {
                gone.push(member.user());
            }
        }
        gone.iter().for_each(|user| self.wipe(user));
        self.count_ready();
    }

    /// Nobody came for a long time.
    pub(super) fn lobby_idle(&mut self) {
        self.drop_lobby();
        self.enter(State::Off, None);
    }
}
