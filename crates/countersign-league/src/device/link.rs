//! Between the game and the link to the slave.

use super::{Device, Output, wire};
use crate::game::{Event, SlaveCommand, State};
use crate::pair::master::{Input, Order, Output as Heard, Sighting};
use crate::pair::{BadPeer, Entropy};
use crate::team::End;
use countersign::Signer;

impl<S: Signer + Clone, E: Entropy> Device<S, E> {
    pub(super) fn order(&mut self, order: Order, now: u64) {
        self.link.handle_input(Input::Order(order), now, &mut self.entropy);
    }

    /// The button was pressed: look for the slave, which may be there already.
    pub(super) fn search(&mut self, now: u64) {
        self.order(Order::Connect, now);
        if self.link.is_up() {
            let epoch = self.link.epoch();
            self.trusted(epoch, now);
        }
    }

    pub(super) fn command(&mut self, command: SlaveCommand, now: u64) {
        let order = match command {
            SlaveCommand::GoalCheck => Order::Check,
            SlaveCommand::Begin { match_id, at } => {
                self.begin_south(now);
                let end = at.saturating_add(self.params.duration.into());
                Order::Begin { match_id, start: at, end }
            }
            SlaveCommand::Drain { .. } => Order::Drain,
            SlaveCommand::End { .. } => Order::Forget,
        };
        self.order(order, now);
    }

    pub(super) fn hear_link(&mut self, heard: Heard, now: u64) {
        match heard {
            Heard::Send(frame) => self.emit(Output::Send(frame)),
            Heard::Persist(record) => self.emit(Output::PersistLink(record)),
            Heard::LinkUp { epoch, boot, .. } => self.linked(epoch, boot, now),
            Heard::LinkDown { since } => {
                self.hear_game(Event::LinkDown { last_seen: since }, now);
            }
            // The game has its own count and its own clock for this.
            Heard::Unanswered { .. } => {}
            Heard::Goal(sighting) => self.southern_goal(&sighting, now),
            Heard::Touch(_) => self.hear_game(Event::Touch(End::South), now),
            Heard::Checked(_) if self.state() == State::GoalCheck => {
                self.hear_game(Event::GoalCheckHit(End::South), now);
            }
            Heard::Checked(_) => {}
            Heard::Begun => {
                self.south.untold = false;
                self.rearm_south(now, now);
            }
            Heard::Disarmed(sighting) => {
                let at = moment(&sighting, now);
                self.south.disarmed = true;
                self.hear_game(Event::Disarmed { end: End::South, at }, now);
            }
            Heard::Rearmed(sighting) => {
                self.south.disarmed = false;
                self.rearm_south(moment(&sighting, now), now);
            }
            Heard::SlaveRebooted { gap, sighting } => {
                let to = moment(&sighting, now);
                let from = to.saturating_sub(gap.into());
                self.hear_game(Event::SlaveGap { from, to }, now);
            }
            Heard::Missing { .. } | Heard::SealRefused(_) => {
                self.hear_game(Event::NotDrained, now);
            }
            Heard::Drained(seal) => self.hear_game(Event::Drained(seal), now),
            Heard::Answered(bytes) => self.emit(Output::Answered(bytes)),
            Heard::Undelivered => self.emit(Output::Undelivered),
            // Any stranger can send a wrong handshake; it is a reason to stop only while the halves are being paired.
            Heard::BadPeer(BadPeer::Handshake) if !self.is_pairing() => {
                self.emit(Output::Note("somebody speaks for the slave and is not"));
            }
            Heard::BadPeer(_) => {
                self.order(Order::Disconnect, now);
                self.hear_game(Event::PairDistrusted, now);
            }
        }
    }

    /// The slave's own clock is what proves how long the master was without power, so the game hears of it with every beat.
    pub(super) fn notice_slave(&mut self, now: u64) {
        if self.link.heard() == self.heard || !self.link.is_up() {
            return;
        }
        self.heard = self.link.heard();
        if let Some((boot, ticks)) = self.link.slave_clock(now) {
            self.hear_game(Event::SlaveSeen { boot, ticks }, now);
        }
    }

    /// Until the slave says that it knows of the match, it takes goals for something else. A match that goes on after a loss
    /// of power is known to it already.
    fn begin_south(&mut self, now: u64) {
        if self.state() == State::Kickoff {
            self.south.untold = true;
            self.hear_game(Event::Disarmed { end: End::South, at: now }, now);
        }
    }

    fn rearm_south(&mut self, at: u64, now: u64) {
        if !self.south.untold && !self.south.disarmed {
            self.hear_game(Event::Rearmed { end: End::South, at }, now);
        }
    }

    fn linked(&mut self, epoch: u32, boot: u16, now: u64) {
        if self.state() == State::Recover {
            let ticks = self.link.slave_clock(now).map_or(0, |(_, ticks)| ticks);
            // What is missing is reported when the reports come, and voids the match then.
            self.hear_game(Event::MasterRecovered { boot, ticks, gapless: true }, now);
            self.resume_slave(now);
        }
        self.hear_game(Event::LinkRestored, now);
        self.trusted(epoch, now);
    }

    /// Power came back in a match whose times are not known yet: whatever the slave sees meanwhile may count.
    pub(super) fn keep_slave_awake(&mut self, now: u64) {
        if let Some(invitation) = self.game.invitation() {
            let (start, end) = (i64::MIN, i64::MAX);
            self.order(Order::Begin { match_id: invitation.match_id, start, end }, now);
        }
    }

    /// The match goes on: the slave hears again what it is there for.
    fn resume_slave(&mut self, now: u64) {
        let Some((match_id, start)) = self.game.kickoff() else { return };
        let end = start.saturating_add(self.params.duration.into());
        let is_over = matches!(self.state(), State::Drain | State::Review);
        if is_over || matches!(self.state(), State::Kickoff | State::Playing) {
            self.order(Order::Begin { match_id, start, end }, now);
        }
        if is_over {
            self.order(Order::Drain, now);
        }
    }

    fn trusted(&mut self, epoch: u32, now: u64) {
        if self.state() == State::Pairing {
            self.hear_game(Event::PairFound, now);
        }
        self.hear_game(Event::PairTrusted { epoch }, now);
    }

    fn is_pairing(&self) -> bool {
        matches!(self.state(), State::Pairing | State::Handshake)
    }

    fn southern_goal(&mut self, sighting: &Sighting, now: u64) {
        let hit = sighting.at.and_then(|at| wire::southern(&sighting.report, at));
        match hit {
            Some(hit) => self.hear_game(Event::Goal(hit), now),
            // A goal without a time can neither be counted nor left out.
            None => self.hear_game(Event::NotDrained, now),
        }
    }
}

/// When it was, on the master's clock. Only what was seen in a start of the slave that was never linked has no time; it is told
/// with the first link, so that now is no earlier and a gap before it no shorter than it was.
fn moment(sighting: &Sighting, now: u64) -> u64 {
    sighting.at.and_then(|at| u64::try_from(at.at).ok()).unwrap_or(now)
}
