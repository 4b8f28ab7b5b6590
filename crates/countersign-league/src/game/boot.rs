//! S0 and RECOVER: what the journal remembers, and whether a match may go on.

use super::draw::player_of;
use super::entry::{Entry, Opened};
use super::event::{Light, Refusal};
use super::exhibit::Exhibit;
use super::pairing::{Link, Pair};
use super::seed::{Seed, Utc};
use super::state::{
    Absentee, Ending, Lobby, Member, Player, RollCall, Secret, Setup, Standing, State,
};
use super::view::Seen;
use super::{Game, NoStarts};
use crate::evidence::{MatchResult, Outcome, Roll};
use crate::id::Nonce;
use crate::journal::{self, RawEntry, Writer};
use crate::team::End;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use countersign::Malformed;

/// What was found in the journal's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boot {
    /// Cut the file to so many bytes before anything is appended.
    pub valid: usize,
    /// Bytes that are lost by that: an entry that was being written when power failed.
    pub dropped: usize,
    /// Whether a match was open.
    pub open_match: bool,
}

impl Game {
    /// Starts a device with the newest journal that it has; empty bytes for the very first time.
    ///
    /// An open match goes to [`State::Recover`]: [`super::Event::MasterRecovered`] within `outage` resumes it, and must come
    /// before the goals that the slave kept. Otherwise the match is void.
    pub fn boot(setup: Setup, seed: Seed, journal: &[u8], now: u64) -> (Self, Boot) {
        let mut walk = journal::Walk::new(journal);
        let mut game = Self::new(setup, seed, now);
        game.replaying = true;
        let mut players = Vec::new();
        for raw in walk.by_ref() {
            // An entry that does not read was written by other firmware. What follows it cannot be trusted to mean the same.
            if game.replay(&raw, &mut players).is_err() {
                game.replay_failed();
                break;
            }
        }
        let (writer, valid) = walk.finish();
        game.replaying = false;
        game.journal = writer;
        game.effects.clear();
        if game.journal.count() > 0 {
            game.shift = i64::try_from(game.journal.at()).unwrap_or(i64::MAX);
            game.shift = game.shift.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX));
        }
        if game.journal.count() > 0 {
            game.seen.boots = game.seen.boots.saturating_add(1);
            game.append(&Entry::Booted);
        }
        game.after_replay();
        game.conclude();
        let open_match = game.state == State::Recover;
        (game, Boot { valid, dropped: journal.len() - valid, open_match })
    }

    fn new(setup: Setup, seed: Seed, now: u64) -> Self {
        Self {
            ruleset: setup.params.id(),
            setup,
            seed,
            standing: Standing::default(),
            state: State::Off,
            deadline: None,
            now,
            shift: 0,
            shell_now: now,
            utc: Utc::default(),
            pair: Pair::default(),
            link: Link::default(),
            sensors: [None; 2],
            resume: None,
            lobby: None,
            fixture: None,
            no_starts: NoStarts::default(),
            journal: Writer::new(),
            journal_full: false,
            replaying: false,
            effects: VecDeque::new(),
            seen: Seen::default(),
            light: Light::Off,
        }
    }

    /// One entry, at its time: timers first, as they fired then.
    fn replay(&mut self, raw: &RawEntry, players: &mut Vec<Player>) -> Result<(), Malformed> {
        let entry = Entry::decode(raw)?;
        if matches!(entry, Entry::Opened(_)) {
            self.now = raw.at;
        } else if !matches!(entry, Entry::Outage(..)) {
            self.advance(raw.at);
        }
        // The result names the journal's head as it was, so the head has to grow as it did.
        self.journal.append(raw.kind, raw.at, &raw.payload).map_err(|_| Malformed::Range)?;
        self.replay_entry(entry, players)
    }

    fn replay_entry(&mut self, entry: Entry, players: &mut Vec<Player>) -> Result<(), Malformed> {
        let realm = self.setup.realm.clone();
        let refused = |_: Refusal| Malformed::Range;
        match entry {
            Entry::Opened(opened) => self.replay_opened(opened),
            Entry::Joined(radio, ticket, act) => {
                let (ticket, act) =
                    (Exhibit::reopen(&realm, &ticket)?, Exhibit::reopen(&realm, &act)?);
                let lobby = self.lobby.as_mut().ok_or(Malformed::Range)?;
                lobby.members.push(Member {
                    ticket,
                    act,
                    radio,
                    ready: true,
                    last_seen: self.now,
                    connected: false,
                    roll: None,
                    word: None,
                    silent: false,
                });
            }
            Entry::Missed(ticket, act) => {
                let (ticket, act) =
                    (Exhibit::reopen(&realm, &ticket)?, Exhibit::reopen(&realm, &act)?);
                let lobby = self.lobby.as_mut().ok_or(Malformed::Range)?;
                lobby.missed.push(Absentee { ticket, act });
            }
            Entry::Rolled(frame) => {
                let roll: Exhibit<Roll> = Exhibit::reopen(&realm, &frame)?;
                let member = self.lobby.as_mut().and_then(|lobby| lobby.members.pop());
                let member = member.ok_or(Malformed::Range)?;
                let seq = member.act.value().seq;
                players.push(player_of(member, roll, seq));
            }
            Entry::Started(frame) if self.state == State::Draw => {
                self.start_signed(frame).map_err(refused)?;
            }
            Entry::Started(frame) => {
                let players = core::mem::take(players);
                self.restore_start(frame, players).ok_or(Malformed::Range)?;
            }
            Entry::Goal(hit) => self.goal(hit).map_err(refused)?,
            Entry::Touch(end) => self.touch(end).map_err(refused)?,
            Entry::Acted(frame) => {
                self.match_act(Exhibit::reopen(&realm, &frame)?).map_err(refused)?;
            }
            Entry::Link(Some(since)) => self.link_down(since).map_err(refused)?,
            Entry::Link(None) => self.link_restored().map_err(refused)?,
            Entry::Sensor(end, false, at) => self.disarmed(end, at).map_err(refused)?,
            Entry::Sensor(end, true, at) => self.rearmed(end, at).map_err(refused)?,
            Entry::SlaveGap(from, to) => self.slave_gap(from, to).map_err(refused)?,
            Entry::Drained(seal) => self.drained(seal).map_err(refused)?,
            Entry::NotDrained => self.not_drained().map_err(refused)?,
            Entry::Checkpoint(_, anchor, utc) => {
                self.link.seen = anchor.map(|(boot, ticks)| (boot, ticks, self.now));
                self.utc.learn(utc, self.now);
            }
            Entry::Outage(from, to) => self.outage(from, to),
            Entry::Result(frame) => self.replay_result(frame)?,
            Entry::Receipt(frame) => {
                self.receipt(&Exhibit::reopen(&realm, &frame)?).map_err(refused)?;
            }
            Entry::Distrusted => self.lock(),
            Entry::PowerLost => self.void(Outcome::VoidPower),
            Entry::Redraw(secret) => {
                self.lobby.as_mut().ok_or(Malformed::Range)?.secret = Secret(secret);
            }
            Entry::Booted => self.seen.boots = self.seen.boots.saturating_add(1),
        }
        Ok(())
    }

    /// What was signed is the truth, even if we would come to another result today.
    fn replay_result(&mut self, frame: Vec<u8>) -> Result<(), Malformed> {
        if self.result_signed(frame.clone()).is_ok() {
            return Ok(());
        }
        let signed: Exhibit<MatchResult> = Exhibit::reopen(&self.setup.realm, &frame)?;
        let result = signed.value().clone();
        let at = self.fixture.as_ref().and_then(|fixture| fixture.ending).map(|ending| ending.at);
        let (outcome, loser) = (result.outcome, result.loser);
        self.finish(Ending { at: at.unwrap_or(self.now), outcome, loser });
        let fixture = self.fixture.as_mut().ok_or(Malformed::Range)?;
        fixture.result = Some(Box::new(result));
        self.result_signed(frame).map_err(|_| Malformed::Range)
    }

    fn replay_opened(&mut self, opened: Opened) {
        self.standing = Standing {
            device_seq: opened.device_seq.saturating_sub(1),
            last_terminal: opened.last_terminal,
            unsettled: opened.unsettled,
        };
        self.seen.boots = opened.boots;
        self.utc.learn(opened.utc, self.now);
        self.lobby = Some(Lobby {
            nonce: opened.lobby,
            // Not written down before there is a start: without one this lobby is over.
            secret: Secret([0; 32]),
            commit: opened.commit,
            match_id: opened.match_id,
            device_seq: opened.device_seq,
            members: Vec::new(),
            registered: Vec::new(),
            radios: Vec::new(),
            missed: Vec::new(),
            ready_since: self.now,
            roll: RollCall { challenge: Nonce::NONE, began: self.now, second: false },
        });
    }

    /// Other firmware, or a fault of ours: an open match is void, everything else is as far as it was read.
    fn replay_failed(&mut self) {
        if self.state.is_open_match() {
            self.void(Outcome::VoidPower);
        }
    }

    fn after_replay(&mut self) {
        self.lobby = None;
        let is_drawn_again = self.state == State::Draw && self.fixture.is_some();
        if self.awaits_signature() || is_drawn_again {
            return self.ask_for_signature();
        }
        if self.state.is_open_match() {
            self.resume = Some((self.state, self.deadline));
            return self.enter(State::Recover, Some(self.setup.params.outage));
        }
        self.sensors = [None; 2];
        match &self.fixture {
            Some(_) => self.offer_bundle(),
            None if self.pair.locked => self.enter(State::Locked, None),
            None => self.enter(State::Off, None),
        }
    }

    /// The slave never stopped: its clock says for how long the master was away, and its log what happened at its goal.
    pub(super) fn master_recovered(
        &mut self,
        boot: u16,
        ticks: u64,
        gapless: bool,
    ) -> Result<(), Refusal> {
        let Some((state, deadline)) = self.resume.filter(|_| self.state == State::Recover) else {
            return Err(Refusal::NotNow);
        };
        let from = self.now_before_recovery();
        let known = self.link.seen.filter(|(seen, then, _)| *seen == boot && *then <= ticks);
        let to = known.map(|(_, then, at)| at.saturating_add(ticks - then).max(from));
        let outage = u64::from(self.setup.params.outage);
        let to = to.filter(|to| gapless && to - from <= outage);
        let Some(to) = to else {
            self.power_lost();
            return Ok(());
        };
        let shift = i64::try_from(to).unwrap_or(i64::MAX);
        self.shift = shift.saturating_sub(i64::try_from(self.shell_now).unwrap_or(i64::MAX));
        (self.state, self.deadline, self.now) = (state, deadline, from);
        self.resume = None;
        (self.pair.trusted, self.pair.checked) = (true, true);
        self.now = to;
        self.append(&Entry::Outage(from, to));
        self.now = from;
        self.link.seen = Some((boot, ticks, to));
        // What time brings meanwhile comes after it: the whistle, or the end of the match.
        self.tell_slave_again();
        self.outage(from, to);
        Ok(())
    }

    /// The moment of the last entry.
    fn now_before_recovery(&self) -> u64 {
        let outage = u64::from(self.setup.params.outage);
        self.deadline.map_or(self.now, |deadline| deadline.saturating_sub(outage))
    }

    /// Time went on without the master: timers take effect, and the northern goal was blind.
    fn outage(&mut self, from: u64, to: u64) {
        self.close_sensor(End::North, from);
        self.advance(to);
        if !self.state.is_open_match() {
            return;
        }
        self.add_gap(End::North, from, to);
        let most = self.setup.params.gap;
        let blind = self.fixture.as_ref().map_or(0, |fixture| fixture.gaps[End::North.index()]);
        if blind > most {
            self.void(Outcome::VoidPower);
        }
    }

    /// Nobody can say what happened meanwhile.
    pub(super) fn power_lost(&mut self) {
        if let Some((state, _)) = self.resume.take() {
            self.now = self.now_before_recovery();
            self.enter(state, None);
            self.append(&Entry::PowerLost);
            self.void(Outcome::VoidPower);
        }
    }
}
