//! Events, timers and transitions: the table of states as code.

use super::entry::Entry;
use super::event::{Effect, Event, Light, Refusal};
use super::state::State;
use super::{CHECKPOINT_MS, Game};
use crate::evidence::{ActKind, Outcome};
use crate::journal::{ENTRIES_MAX, entry_len};
use crate::team::End;

/// Entries that are kept for the result and receipts when everything else has filled the journal.
const RESERVED: u32 = 64;
/// And bytes: the longest result, and a receipt.
const RESERVED_BYTES: u32 = 8 * 1024;

/// What a moment in the future is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    State,
    Silence,
    LinkRed,
    Disarmed(End),
    Short,
    Checkpoint,
}

impl Timer {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Silence => "silence",
            Self::LinkRed => "link red",
            Self::Disarmed(_) => "disarmed",
            Self::Short => "short side",
            Self::Checkpoint => "checkpoint",
        }
    }
}

impl Game {
    pub(super) fn apply(&mut self, event: Event) -> Result<(), Refusal> {
        match event {
            Event::Button => self.button(),
            Event::PairFound => self.pair_found(),
            Event::PairTrusted { epoch } => self.pair_trusted(epoch),
            Event::PairDistrusted => self.pair_distrusted(),
            Event::GoalCheckHit(end) => self.goal_check_hit(end),
            Event::OpenLobby => self.open_next_lobby(),
            Event::Fresh(bytes) => {
                self.seed.mix(&bytes);
                Ok(())
            }
            Event::ServerTime(time) => {
                self.utc.learn(time, self.now);
                Ok(())
            }
            Event::LinkDown { last_seen } => self.link_down(self.game_time(last_seen)),
            Event::LinkRestored => self.link_restored(),
            Event::SlaveSeen { boot, ticks } => self.slave_seen(boot, ticks),
            Event::Join(join) => self.join(*join),
            Event::PhoneSeen(user) => self.phone_seen(&user),
            Event::PhoneClosed(user) => self.phone_closed(&user),
            Event::Roll(roll) => self.answer_roll_call(roll),
            Event::Act(act) if act.value().kind == ActKind::Join => Err(Refusal::NotNow),
            Event::Act(act) if self.lobby.is_some() => self.lobby_act(&act),
            Event::Act(act) => self.match_act(act),
            Event::Goal(hit) => self.goal(super::Hit { at: self.game_time(hit.at), ..hit }),
            Event::Touch(end) => self.touch(end),
            Event::Disarmed { end, at } => self.disarmed(end, self.game_time(at)),
            Event::Rearmed { end, at } => self.rearmed(end, self.game_time(at)),
            Event::SlaveGap { from, to } => {
                self.slave_gap(self.game_time(from), self.game_time(to))
            }
            Event::Drained(seal) => self.drained(seal),
            Event::NotDrained => self.not_drained(),
            Event::MasterRecovered { boot, ticks, gapless } => {
                self.master_recovered(boot, ticks, gapless)
            }
            Event::StartSigned(frame) => self.start_signed(frame),
            Event::ResultSigned(frame) => self.result_signed(frame),
            Event::Receipt(receipt) => self.receipt(&receipt),
        }
    }

    /// Lets every timer take effect at the moment it was due, in order, up to now.
    pub(super) fn advance(&mut self, now: u64) {
        while let Some((due, timer)) = self.next_timer().filter(|(due, _)| *due <= now) {
            self.now = self.now.max(due);
            self.fire(timer);
        }
        self.now = self.now.max(now);
    }

    /// The earliest timer; of two at the same moment the one that stands first.
    pub(super) fn next_timer(&self) -> Option<(u64, Timer)> {
        let link_red = || {
            let since = self.link.down_since.filter(|_| !self.link.red)?;
            Some(since.saturating_add(u64::from(self.setup.params.link_red) + 1))
        };
        let checkpoint = || {
            let is_running = self.state.is_open_match() && self.state != State::Recover;
            let fixture = self.fixture.as_ref().filter(|_| is_running)?;
            Some(fixture.next_checkpoint)
        };
        let timers = [
            (self.deadline, Timer::State),
            (self.next_disarmed(End::North), Timer::Disarmed(End::North)),
            (self.next_disarmed(End::South), Timer::Disarmed(End::South)),
            (self.next_short(), Timer::Short),
            (self.next_silence(), Timer::Silence),
            (link_red(), Timer::LinkRed),
            (checkpoint(), Timer::Checkpoint),
        ];
        let due = timers.into_iter().filter_map(|(due, timer)| Some((due?, timer)));
        due.min_by_key(|(due, _)| *due)
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::State => self.state_over(),
            Timer::Silence => self.silence(),
            Timer::LinkRed => self.link.red = true,
            Timer::Disarmed(end) => self.disarmed_too_long(end),
            Timer::Short => self.short_for_too_long(),
            Timer::Checkpoint => {
                if let Some(fixture) = &mut self.fixture {
                    fixture.next_checkpoint = self.now.saturating_add(CHECKPOINT_MS);
                }
                self.append_checkpoint();
            }
        }
    }

    fn state_over(&mut self) {
        self.deadline = None;
        match self.state {
            State::Pairing | State::Handshake => self.pairing_failed(),
            State::GoalCheck => self.goal_check_failed(),
            State::Lobby => self.lobby_idle(),
            State::Ready => self.begin_roll_call(),
            State::RollCall => self.roll_call_over(),
            State::Kickoff => self.kick_off(),
            State::Playing => self.end_play(Outcome::Final, None),
            State::Drain => self.drain_over(),
            State::Review => self.review_over(),
            State::Recover => self.power_lost(),
            State::Off
            | State::Draw
            | State::Signed
            | State::Settled
            | State::Void
            | State::Abandoned
            | State::Locked => {}
        }
    }

    /// Changes the state; its timer starts now.
    pub(super) fn enter(&mut self, state: State, timer: Option<u32>) {
        self.state = state;
        self.deadline = timer.map(|timer| self.now.saturating_add(timer.into()));
    }

    /// Writes to the journal. While a journal is read, what it says is not written again.
    pub(super) fn append(&mut self, entry: &Entry) {
        if self.replaying {
            return;
        }
        let is_reserved = matches!(entry, Entry::Result(_) | Entry::Receipt(_) | Entry::Booted);
        let payload = entry.payload();
        let kept = if is_reserved { (0, 0) } else { (RESERVED, RESERVED_BYTES) };
        let bytes = self.journal.bytes() + entry_len(payload.len());
        if self.journal.count() >= ENTRIES_MAX - kept.0
            || bytes.saturating_add(kept.1) > self.setup.journal_max
        {
            self.journal_full = true;
            return;
        }
        match self.journal.append(entry.kind(), self.now, &payload) {
            Ok(bytes) => self.effects.push_back(Effect::Append(bytes)),
            Err(_) => self.journal_full = true,
        }
    }

    /// Writes to the journal if a match is open.
    pub(super) fn note(&mut self, entry: &Entry) {
        if self.state.is_open_match() {
            self.append(entry);
        }
    }

    pub(super) fn append_checkpoint(&mut self) {
        let duration = self.setup.params.duration;
        let played = self.fixture.as_ref().map_or(0, |fixture| fixture.played(self.now, duration));
        let anchor = self
            .link
            .seen
            .map(|(boot, ticks, at)| (boot, ticks.saturating_add(self.now.saturating_sub(at))));
        self.append(&Entry::Checkpoint(played, anchor, self.utc.at(self.now)));
    }

    /// After every call: what others see.
    pub(super) fn conclude(&mut self) {
        if self.journal_full && self.state.is_open_match() {
            self.void(Outcome::VoidSensor);
        }
        let light = self.light_of();
        if light != self.light {
            self.light = light;
            self.effects.push_back(Effect::Light(light));
        }
        self.number_view();
    }

    fn light_of(&self) -> Light {
        match self.state {
            State::Off | State::Pairing if self.pair.failed => Light::Error,
            State::Off => Light::Off,
            State::Pairing | State::Handshake => Light::Searching,
            State::GoalCheck => Light::GoalCheck,
            State::Lobby => Light::Lobby,
            State::Ready | State::RollCall | State::Draw | State::Kickoff => Light::Countdown,
            State::Playing | State::Drain => self.light_of_play(),
            State::Review => Light::Review,
            State::Signed | State::Settled => Light::Done,
            State::Void | State::Abandoned => Light::Void,
            State::Recover | State::Locked => Light::Error,
        }
    }

    fn light_of_play(&self) -> Light {
        let disarmed = End::BOTH.into_iter().find(|end| self.sensors[end.index()].is_some());
        match (disarmed, self.link.down_since) {
            (Some(end), _) => Light::Disarmed(end),
            (None, Some(_)) if self.link.red => Light::Red,
            (None, Some(_)) => Light::Amber,
            (None, None) => Light::Play,
        }
    }
}
