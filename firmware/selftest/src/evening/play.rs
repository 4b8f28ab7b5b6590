//! A match from the button to the signed result.

use super::Evening;
use countersign_league::evidence::ActKind;
use countersign_league::game::State;
use countersign_league::pair::Phase;
use countersign_league::{End, Params};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing but the radio.
    None,
    /// The master loses power right after the journal entry of this goal, counted from 1.
    Master(u32),
    /// The slave loses power after the second goal.
    Slave,
}

/// Where balls come in: at quarters of the time.
const GOALS: [End; 3] = [End::South, End::North, End::South];

/// Plays until the result is signed.
pub(crate) fn whole_match(params: &Params, players: u8, cut: Cut) -> Evening {
    let mut evening = Evening::new(params.clone(), players);
    evening.check_goals();
    evening.gather();
    evening.play(cut);
    evening.review();
    evening
}

impl Evening {
    /// Paired, and each goal was tried.
    pub(crate) fn check_goals(&mut self) {
        let pressed = self.with_master(|device, now| device.press(now));
        assert_eq!(pressed, Some(Ok(())), "the button");
        self.until("paired", |evening| {
            evening.state() == Some(State::GoalCheck) && evening.slave.phase() == Phase::Check
        });
        self.until("armed", |evening| evening.is_armed(End::South) && evening.is_armed(End::North));
        self.contact(End::South);
        self.contact(End::North);
        self.until("a lobby", |evening| evening.state() == Some(State::Lobby));
    }

    fn is_armed(&self, end: End) -> bool {
        match end {
            End::North => {
                self.device.as_ref().is_some_and(|device| device.is_armed(self.master_now()))
            }
            End::South => self.is_south_armed(),
        }
    }

    /// Everybody is in, ready, and answers the roll call.
    pub(crate) fn gather(&mut self) {
        for phone in 0..self.phones.len() {
            self.join(phone);
            self.say(phone, ActKind::Ready);
        }
        self.until("a roll call", |evening| {
            evening.state() == Some(State::RollCall) && evening.look().challenge.is_some()
        });
        self.answer();
        self.until("kickoff", |evening| evening.state() == Some(State::Kickoff));
    }

    fn play(&mut self, cut: Cut) {
        self.until("play", |evening| {
            evening.state() == Some(State::Playing) && evening.slave.phase() == Phase::Armed
        });
        if let Cut::Master(goal) = cut {
            self.cut_at_goal = Some(goal);
        }
        let quarter = u64::from(self.params.duration / 4);
        for (number, end) in (1..).zip(GOALS) {
            self.pass(quarter / 2);
            self.until("power", |evening| evening.state() == Some(State::Playing));
            self.until("armed", |evening| evening.is_armed(end));
            self.contact(end);
            // The ball rolls back over the sheet, or a hand takes it out: not another goal.
            self.pass(200);
            self.contact(end);
            self.until("counted", |evening| {
                evening.device.is_some() && evening.look().goals.len() == number
            });
            self.pass(quarter / 3);
            if cut == Cut::Slave && number == 2 {
                self.restart_slave();
            }
        }
    }

    fn review(&mut self) {
        self.until("the review", |evening| evening.state() == Some(State::Review));
        for phone in 0..self.phones.len() {
            if self.state() == Some(State::Review) {
                self.say(phone, ActKind::Confirm);
            }
        }
        self.until("signed", |evening| {
            evening.state() == Some(State::Signed) && evening.disk.bundle.is_some()
        });
    }
}
