//! S0 to S3: the two halves find each other, prove who they are, and show that both goals feel a ball.

use super::entry::Entry;
use super::event::{Effect, Refusal, SlaveCommand};
use super::state::State;
use super::{Game, Standing};
use crate::evidence::Outcome;
use crate::team::End;

/// What the halves know of each other.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) epoch: u32,
    pub(super) trusted: bool,
    pub(super) checked: bool,
    pub(super) locked: bool,
    /// The last attempt failed; the button starts again.
    pub(super) failed: bool,
    pub(super) hit: [bool; 2],
    pub(super) tries: u8,
}

/// The radio between them.
#[derive(Debug, Default)]
pub(super) struct Link {
    /// Down since then.
    pub(super) down_since: Option<u64>,
    /// Down for so long that the light is red.
    pub(super) red: bool,
    /// Boot number and clock of the slave when it was heard last, and when that was.
    pub(super) seen: Option<(u16, u64, u64)>,
}

impl Game {
    pub(super) fn button(&mut self) -> Result<(), Refusal> {
        if self.pair.locked {
            return Err(Refusal::Locked);
        }
        match self.state {
            State::Off | State::Signed | State::Settled | State::Void | State::Abandoned
                if self.pair.trusted && self.pair.checked =>
            {
                self.open_next_lobby()
            }
            State::Signed | State::Void | State::Abandoned if self.awaits_signature() => {
                Err(Refusal::NotNow)
            }
            State::Off
            | State::Pairing
            | State::Signed
            | State::Settled
            | State::Void
            | State::Abandoned => {
                self.pair = Pair::default();
                self.enter(State::Pairing, Some(self.setup.params.pairing));
                self.effects.push_back(Effect::Search);
                Ok(())
            }
            State::Handshake
            | State::GoalCheck
            | State::Lobby
            | State::Ready
            | State::RollCall
            | State::Draw
            | State::Kickoff
            | State::Playing
            | State::Drain
            | State::Review
            | State::Recover
            | State::Locked => Err(Refusal::NotNow),
        }
    }

    pub(super) fn pair_found(&mut self) -> Result<(), Refusal> {
        if self.state != State::Pairing || self.pair.failed {
            return Err(Refusal::NotNow);
        }
        self.pair.tries = 0;
        self.try_handshake();
        Ok(())
    }

    /// S1 and S2 ran out of time.
    pub(super) fn pairing_failed(&mut self) {
        let more = self.pair.tries < self.setup.params.handshake_tries;
        if self.state == State::Handshake && more {
            return self.try_handshake();
        }
        self.pair.failed = true;
        self.enter(State::Pairing, None);
    }

    fn try_handshake(&mut self) {
        self.pair.tries += 1;
        self.enter(State::Handshake, Some(self.setup.params.handshake));
        self.effects.push_back(Effect::Handshake(self.pair.tries));
    }

    /// During a match the halves may shake hands again: the new epoch is noted, nothing else changes.
    pub(super) fn pair_trusted(&mut self, epoch: u32) -> Result<(), Refusal> {
        if self.pair.locked {
            return Err(Refusal::Locked);
        }
        if self.state == State::Handshake {
            self.enter(State::GoalCheck, Some(self.setup.params.goal_check));
            self.effects.push_back(Effect::Slave(SlaveCommand::GoalCheck));
        }
        self.pair.epoch = epoch;
        self.pair.trusted = true;
        self.link_restored()
    }

    pub(super) fn pair_distrusted(&mut self) -> Result<(), Refusal> {
        if self.pair.locked {
            return Ok(());
        }
        if self.journal.count() == 0 {
            self.effects.push_back(Effect::NewJournal);
        }
        self.append(&Entry::Distrusted);
        self.lock();
        Ok(())
    }

    /// Nothing that this pair says counts any more.
    pub(super) fn lock(&mut self) {
        self.pair.locked = true;
        if self.state.is_open_match() {
            self.void(Outcome::VoidPair);
        } else if !self.awaits_signature() && self.state != State::Settled {
            self.drop_lobby();
            self.fixture = self.fixture.take().filter(|fixture| fixture.result_digest.is_some());
            self.enter(State::Locked, None);
        }
    }

    pub(super) fn goal_check_hit(&mut self, end: End) -> Result<(), Refusal> {
        if self.state != State::GoalCheck {
            return Err(Refusal::NotNow);
        }
        self.pair.hit[end.index()] = true;
        if self.pair.hit == [true; 2] {
            self.pair.checked = true;
            self.enter(State::Off, None);
            return self.open_next_lobby();
        }
        Ok(())
    }

    /// A device whose goals feel nothing has no rated matches.
    pub(super) fn goal_check_failed(&mut self) {
        self.pair.failed = true;
        self.enter(State::Off, None);
    }

    /// A lobby with a nonce of its own.
    pub(super) fn open_next_lobby(&mut self) -> Result<(), Refusal> {
        if self.pair.locked {
            return Err(Refusal::Locked);
        }
        let is_over = matches!(
            self.state,
            State::Off | State::Signed | State::Settled | State::Void | State::Abandoned
        );
        if !is_over || self.awaits_signature() || !(self.pair.trusted && self.pair.checked) {
            return Err(Refusal::NotNow);
        }
        if !self.may_open() {
            return Err(Refusal::Unsettled);
        }
        let nonce = self.seed.nonce();
        self.open_lobby(nonce);
        Ok(())
    }

    pub(super) fn may_open(&self) -> bool {
        let Standing { unsettled, .. } = &self.standing;
        unsettled.len() < usize::from(self.setup.params.unsettled) && !self.pair.locked
    }

    /// A clock that started again proves nothing about the time before: it needs a checkpoint of its own.
    pub(super) fn slave_seen(&mut self, boot: u16, ticks: u64) -> Result<(), Refusal> {
        if self.state == State::Recover {
            // What it said before the power cut is what proves the time.
            return Ok(());
        }
        let is_another = self.link.seen.is_none_or(|(known, ..)| known != boot);
        self.link.seen = Some((boot, ticks, self.now));
        if is_another && self.state.is_open_match() {
            self.append_checkpoint();
        }
        Ok(())
    }

    pub(super) fn link_down(&mut self, last_seen: u64) -> Result<(), Refusal> {
        if self.link.down_since.is_none() {
            self.link.down_since = Some(last_seen.min(self.now));
            self.note(&Entry::Link(self.link.down_since));
        }
        Ok(())
    }

    pub(super) fn link_restored(&mut self) -> Result<(), Refusal> {
        if self.link.down_since.is_some() {
            self.link.down_since = None;
            self.link.red = false;
            self.note(&Entry::Link(None));
        }
        Ok(())
    }
}
