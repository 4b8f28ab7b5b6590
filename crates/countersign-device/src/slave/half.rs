//! The slave: the pure machine, its detector, and where their words go.

use crate::actor::Half;
use crate::control::{Answer, Command, Goal, contact};
use crate::disk::{Slots, StateFolder};
use crate::display::Display;
use crate::key::Key;
use crate::random::Random;
use crate::words;
use countersign_chip::update::Reply;
use countersign_keys::DiskError;
use countersign_league::MatchId;
use countersign_league::button::Touch;
use countersign_league::goal::{self, Detector};
use countersign_league::pair::slave::{Input, Output};
use countersign_league::pair::{Light, Slave};
use countersign_provision::DeviceConfig;
use serde::Serialize;
use tokio::sync::mpsc;

/// A slave with its disk.
pub(super) struct SlaveHalf {
    pub(super) slave: Slave<Key>,
    pub(super) detector: Detector,
    pub(super) slots: Slots,
    pub(super) entropy: Random,
    pub(super) display: Display,
    pub(super) lamp: Light,
    pub(super) score: [u8; 2],
    pub(super) match_id: Option<MatchId>,
    pub(super) epoch: u32,
    pub(super) config: DeviceConfig,
    pub(super) place: String,
    /// Locked as long as we run.
    pub(super) _state: StateFolder,
}

/// What `show --json` prints. Names are only ever added.
#[derive(Debug, Serialize)]
struct SlaveReport {
    role: &'static str,
    device: String,
    serial: String,
    mark: String,
    boot: u16,
    linked: bool,
    /// Looks for its master, or has met it.
    awake: bool,
    epoch: u32,
    phase: &'static str,
    armed: bool,
    light: &'static str,
    /// Goals of both teams, as the master counts them.
    score: [u8; 2],
    match_id: Option<String>,
    /// Reports that the master does not have yet.
    waiting: usize,
    link_place: String,
}

impl SlaveHalf {
    /// The first line of the display.
    pub(super) fn greet(&mut self) {
        let DeviceConfig { serial, mark, .. } = &self.config;
        self.display.line(&format!("slave of {serial} ({mark}), start {}", self.slave.boot()));
        self.display.line(&format!("link {}", self.place));
    }

    /// What the detector found goes to the machine; tells whether there was a goal.
    fn observe(&mut self, now: u64) -> bool {
        let mut is_goal = false;
        while let Some(event) = self.detector.poll_output() {
            is_goal |= matches!(event, goal::Event::Goal(_));
            self.slave.handle_input(Input::Sensor(event), now, &mut self.entropy);
        }
        is_goal
    }

    fn hit(&mut self, end: Goal, peak: u16, duration_ms: u32, now: u64) -> Answer {
        if end != Goal::South {
            return Answer::refused(
                &"this is the slave; its goal is the south one. Ask the master for the north one",
            );
        }
        self.detector.handle_input(goal::Input::Contact(contact(peak, duration_ms, now)));
        Answer::done(if self.observe(now) { "goal" } else { "touch" })
    }

    fn report(&self, now: u64) -> SlaveReport {
        SlaveReport {
            role: "slave",
            device: self.config.device.to_string(),
            serial: self.config.serial.clone(),
            mark: self.config.mark.clone(),
            boot: self.slave.boot(),
            linked: self.slave.is_up(),
            awake: self.slave.is_awake(now),
            epoch: self.epoch,
            phase: words::phase(self.slave.phase()),
            armed: self.detector.is_armed(now),
            light: words::lamp(self.lamp),
            score: self.score,
            match_id: self.match_id.map(|id| id.to_string()),
            waiting: self.slave.waiting(),
            link_place: self.place.clone(),
        }
    }

    fn carry(
        &mut self,
        output: Output,
        said: &mpsc::Sender<Vec<u8>>,
        now: u64,
    ) -> Result<(), DiskError> {
        match output {
            // A radio loses what it cannot take.
            Output::Send(frame) => drop(said.try_send(frame)),
            Output::Persist(slot) => self.slots.write(&slot)?,
            Output::LinkUp { epoch } => {
                self.epoch = epoch;
                self.display.line(&format!("link up, session {epoch}"));
            }
            Output::LinkDown { .. } => self.display.line("link down"),
            Output::Wanted { phase, light, score, match_id } => {
                (self.lamp, self.score, self.match_id) = (light, score, match_id);
                let (phase, lamp) = (words::phase(phase), words::lamp(light));
                let [one, two] = score;
                self.display.line(&format!("{phase:<6}  {one}:{two}  lamp {lamp}"));
            }
            Output::Parcel { number, .. } => {
                let answer = Reply::refused(&"this slave runs on Linux; its operator updates it");
                let input = Input::Answer { number, bytes: &answer.encode() };
                self.slave.handle_input(input, now, &mut self.entropy);
            }
            Output::Full(kind) => tracing::warn!(?kind, "no room for a report"),
            Output::BadPeer(what) => {
                tracing::warn!(?what, "somebody speaks for the master and is not")
            }
        }
        Ok(())
    }
}

impl Half for SlaveHalf {
    fn frame(&mut self, frame: &[u8], now: u64) {
        self.slave.handle_input(Input::Frame(frame), now, &mut self.entropy);
    }

    fn sense(&mut self, input: goal::Input, now: u64) {
        self.detector.handle_input(input);
        self.observe(now);
    }

    fn obey(&mut self, command: &Command, now: u64) -> Answer {
        match command {
            Command::Hit { end, peak, duration_ms } => self.hit(*end, *peak, *duration_ms, now),
            Command::Show => Answer::state(&self.report(now)),
            Command::Button => {
                // A command is a press, never a hold: nothing more is to be done.
                let _ = self.slave.touched(Touch::Press, now);
                Answer::done(if self.slave.is_up() { "linked" } else { "looking" })
            }
            Command::OpenLobby => Answer::refused(&"this is the slave; the lobby is the master's"),
        }
    }

    fn handle_timeout(&mut self, now: u64) {
        self.slave.handle_timeout(now);
        self.detector.handle_timeout(now);
        self.observe(now);
    }

    fn poll_timeout(&self) -> Option<u64> {
        let timers = [self.slave.poll_timeout(), self.detector.poll_timeout()];
        timers.into_iter().flatten().map(|(due, _)| due).min()
    }

    fn carry_out(&mut self, said: &mpsc::Sender<Vec<u8>>, now: u64) -> Result<(), DiskError> {
        while let Some(output) = self.slave.poll_output() {
            self.carry(output, said, now)?;
        }
        Ok(())
    }
}
