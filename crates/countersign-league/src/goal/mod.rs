//! Goal detection for one sheet: readings in, goals and touches out.
//!
//! ```text
//!  readings ─▶ contact (hysteresis, merged) ─▶ exactly one of Goal | Touch
//!                  │ touches, noise, pressure, silence
//!                  └─▶ Disarmed … Rearmed
//! ```
//!
//! A threshold is never absolute: the material's resting value wanders from sheet to sheet and from day to day, so each sheet
//! is measured while nobody touches it ([`Calibrator`]) and judged against its own noise.

mod calibration;
mod contact;

pub use calibration::{Calibration, CalibrationError, Calibrator};
pub use contact::{Grid, Hit, Sample};

use crate::ruleset::Params;
use alloc::collections::VecDeque;
use contact::{Change, Tracker};

/// The rules of detection; times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Least time between two goals.
    pub rearm: u32,
    /// The sheet must have been quiet for this long before a goal.
    pub quiet: u32,
    /// More touches than this …
    pub stuck_touches: u8,
    /// … within this time disarm the goal, and so does one contact that lasts longer than this.
    pub stuck_window: u32,
}

impl From<&Params> for Rules {
    fn from(params: &Params) -> Self {
        Self {
            rearm: params.rearm,
            quiet: params.quiet,
            stuck_touches: params.stuck_touches,
            stuck_window: params.stuck_window,
        }
    }
}

/// What the detector takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// One reading of the sheet; any rate from 20 Hz. Readings that go back in time are ignored.
    Sample(Sample),
    /// A contact that the sensor's own electronics have measured already, after it has ended.
    Contact(Hit),
}

/// Why a goal sees nothing that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Cause {
    /// Too many touches in a short time.
    Touches = 1,
    /// Pressed without end.
    Pressed = 2,
    /// Noisier than it was when it was calibrated, or far off its resting value.
    Noise = 3,
    /// No readings.
    Silent = 4,
}

impl Cause {
    /// From its number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Touches,
            2 => Self::Pressed,
            3 => Self::Noise,
            4 => Self::Silent,
            _ => return None,
        })
    }
}

/// What the detector finds. Every contact gives exactly one `Goal` or `Touch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A contact while armed.
    Goal(Hit),
    /// A contact while not armed: too soon, or the sheet was not quiet, or the goal is disarmed.
    Touch(Hit),
    /// The goal is blind.
    Disarmed {
        /// From when on.
        since: u64,
        /// Why.
        cause: Cause,
    },
    /// The goal sees again.
    Rearmed {
        /// From when on.
        at: u64,
        /// How long it was blind, in milliseconds.
        lasted: u32,
    },
}

/// A reading is missing for this long: the sensor is silent. Milliseconds.
pub const SILENCE: u64 = 1_000;

const PENDING: usize = 8;

/// The detector of one sheet. After every call, drain [`Detector::poll_output`].
#[derive(Debug, Clone)]
pub struct Detector {
    rules: Rules,
    tracker: Tracker,
    /// Last time at which the sheet was not quiet.
    disturbed: u64,
    counted: Option<u64>,
    /// The newest touches, at most one more than the rules allow; the oldest makes room.
    touches: VecDeque<u64>,
    disarmed: Option<u64>,
    last_sample: Option<u64>,
    /// At most [`PENDING`]: one input makes four at most, and callers drain after every call.
    events: VecDeque<Event>,
}

impl Detector {
    /// A detector that knows nothing of the past: the sheet has to be quiet for `rules.quiet` first.
    pub fn new(rules: Rules, calibration: Calibration, now: u64) -> Self {
        Self {
            rules,
            tracker: Tracker::new(calibration),
            disturbed: now,
            counted: None,
            touches: VecDeque::with_capacity(usize::from(rules.stuck_touches) + 1),
            disarmed: None,
            last_sample: None,
            events: VecDeque::with_capacity(PENDING),
        }
    }

    /// The calibration in force.
    pub const fn calibration(&self) -> &Calibration {
        self.tracker.calibration()
    }

    /// Whether a contact now would be a goal.
    pub fn is_armed(&self, now: u64) -> bool {
        let rested = self.counted.is_none_or(|last| since(last, now) >= self.rules.rearm.into());
        self.disarmed.is_none() && rested && since(self.disturbed, now) >= self.rules.quiet.into()
    }

    /// Takes one reading or one finished contact.
    pub fn handle_input(&mut self, input: Input) {
        match input {
            Input::Sample(sample) => self.handle_sample(&sample),
            Input::Contact(hit) => {
                self.judge(hit);
                self.disturb(hit.at.saturating_add(hit.duration.into()));
            }
        }
    }

    /// What time alone changes: silence, and the end of a blind time.
    pub fn handle_timeout(&mut self, now: u64) {
        if let Some(last) = self.last_sample
            && since(last, now) >= SILENCE
        {
            self.disarm(last, Cause::Silent);
            self.disturb(now);
        }
        self.rearm(now);
    }

    /// The next event, in the order of things.
    pub fn poll_output(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Detector::handle_timeout`], and what for.
    pub fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        let sampled = self.last_sample.filter(|_| self.disarmed.is_none());
        let silent = sampled.map(|last| (last.saturating_add(SILENCE), "sensor silence"));
        let quiet = self.disturbed.saturating_add(self.rules.quiet.into());
        let rearm = self.disarmed.map(|_| (quiet, "goal rearmed"));
        [silent, rearm].into_iter().flatten().min()
    }

    fn handle_sample(&mut self, sample: &Sample) {
        if self.last_sample.is_some_and(|last| sample.at < last) {
            return;
        }
        if let Some(last) = self.last_sample
            && since(last, sample.at) >= SILENCE
        {
            self.disarm(last, Cause::Silent);
            self.disturb(sample.at);
        }
        self.last_sample = Some(sample.at);
        match self.tracker.take(sample) {
            Change::Quiet => {}
            Change::Noisy { since } => {
                self.disarm(since, Cause::Noise);
                self.disturb(sample.at);
            }
            Change::Touching { report, since: start } => {
                report.into_iter().for_each(|hit| self.judge(hit));
                self.disturb(sample.at);
                if since(start, sample.at) > self.rules.stuck_window.into() {
                    self.disarm(start, Cause::Pressed);
                }
            }
            Change::Ended { report, last } => {
                report.into_iter().for_each(|hit| self.judge(hit));
                self.disturb(last);
            }
        }
        self.rearm(sample.at);
    }

    /// The one place where a contact becomes an event. Called before the contact itself disturbs the sheet.
    fn judge(&mut self, hit: Hit) {
        if self.is_armed(hit.at) {
            self.counted = Some(hit.at);
            return self.emit(Event::Goal(hit));
        }
        self.emit(Event::Touch(hit));
        if self.touches.len() > usize::from(self.rules.stuck_touches) {
            self.touches.pop_front();
        }
        self.touches.push_back(hit.at);
        let many = self.touches.len() > usize::from(self.rules.stuck_touches);
        if let Some(first) = self.touches.front().copied().filter(|_| many)
            && since(first, hit.at) <= self.rules.stuck_window.into()
        {
            self.disarm(hit.at, Cause::Touches);
        }
    }

    fn disturb(&mut self, at: u64) {
        self.disturbed = self.disturbed.max(at);
    }

    fn disarm(&mut self, since: u64, cause: Cause) {
        if self.disarmed.is_none() {
            self.disarmed = Some(since);
            self.emit(Event::Disarmed { since, cause });
        }
    }

    fn rearm(&mut self, now: u64) {
        let Some(began) = self.disarmed else { return };
        if since(self.disturbed, now) >= self.rules.quiet.into() {
            self.disarmed = None;
            self.touches.clear();
            let lasted = u32::try_from(since(began, now)).unwrap_or(u32::MAX);
            self.emit(Event::Rearmed { at: now, lasted });
        }
    }

    fn emit(&mut self, event: Event) {
        if self.events.len() < PENDING {
            self.events.push_back(event);
        }
    }
}

fn since(past: u64, now: u64) -> u64 {
    now.saturating_sub(past)
}
