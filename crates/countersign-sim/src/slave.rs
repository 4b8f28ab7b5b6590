//! The shell around a slave: its slots, its power, its sheet.

use crate::Fault;
use crate::key::Key;
use crate::time::{Clock, Micros};
use crate::world::{CALIBRATION, Event, World};
use countersign_league::MatchId;
use countersign_league::goal::{self, Detector, Hit, Rules};
use countersign_league::pair::slave::{Input, Output};
use countersign_league::pair::{Phase, ReportKind, Slave};
use std::collections::BTreeMap;

/// A slave with its shell.
pub(crate) struct SlaveShell {
    pub(crate) slave: Option<Slave<Key>>,
    detector: Detector,
    pub(crate) clock: Clock,
    pub(crate) slots: BTreeMap<u16, Vec<u8>>,
    pub(crate) torn: Option<Micros>,
    wake: Option<Micros>,
    pub(crate) born: Micros,
    /// A report was written in the present call.
    pub(crate) report_written: bool,
}

impl SlaveShell {
    pub(crate) fn new(clock: Clock, rules: Rules) -> Self {
        Self {
            slave: None,
            detector: Detector::new(rules, CALIBRATION, 0),
            clock,
            slots: BTreeMap::new(),
            torn: None,
            wake: None,
            born: 0,
            report_written: false,
        }
    }

    /// Whether it knows that this match is on: the head of its slots ends with the match.
    pub(crate) fn is_told(&self, id: &MatchId) -> bool {
        let knows = self.slots.get(&0).is_some_and(|head| head.ends_with(id.as_bytes()));
        let phase = self.slave.as_ref().map(Slave::phase);
        knows && phase.is_none_or(|phase| matches!(phase, Phase::Armed | Phase::Drain))
    }
}

impl World {
    pub(crate) fn start_slave(&mut self) {
        if self.slave.slave.is_some() {
            return;
        }
        let shell = &mut self.slave;
        shell.clock = shell.clock.restarted(self.now);
        (shell.born, shell.wake) = (self.now, None);
        let now = shell.clock.at(self.now);
        shell.detector = Detector::new(Rules::from(&self.plan.params), CALIBRATION, now);
        let slots = shell.slots.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
        let (pair, key) = (self.keys.pair(), self.keys.slave.clone());
        shell.slave = Some(Slave::new(pair, key, &CALIBRATION, slots, now));
        self.note(format_args!("slave on"));
        self.truth.slave_on(self.now);
        self.drain_slave();
    }

    pub(crate) fn stop_slave(&mut self, off: Micros) {
        if self.slave.slave.take().is_none() {
            return;
        }
        self.slave.torn = None;
        self.note(format_args!("slave off"));
        self.log.count("power: slave cut");
        self.truth.slave_off(self.now);
        self.at(self.now + off, Event::SlaveOn);
    }

    fn slave_input(&mut self, input: Input<'_>) {
        let now = self.slave.clock.at(self.now);
        if let Some(slave) = &mut self.slave.slave {
            slave.handle_input(input, now, &mut self.slave_luck);
        }
        self.drain_slave();
    }

    pub(crate) fn frame_to_slave(&mut self, frame: &[u8]) {
        self.slave_input(Input::Frame(frame));
    }

    pub(crate) fn wake_slave(&mut self) {
        self.slave.wake = None;
        let now = self.slave.clock.at(self.now);
        if self.slave.slave.is_none() {
            return;
        }
        if self.slave.detector.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.slave.detector.handle_timeout(now);
            self.hear_sheet();
        }
        let Some(slave) = &mut self.slave.slave else { return };
        if slave.poll_timeout().is_some_and(|(at, _)| at <= now) {
            slave.handle_timeout(now);
            if slave.poll_timeout().is_some_and(|(at, _)| at <= now) {
                self.violate(format_args!("the slave is busy for ever"));
            }
        }
        self.drain_slave();
    }

    /// A ball in the southern goal.
    pub(crate) fn sense_south(&mut self, hit: Hit) {
        if self.slave.slave.is_none() {
            return;
        }
        self.slave.report_written = false;
        let now = self.slave.clock.at(self.now);
        self.slave.detector.handle_timeout(now);
        self.slave.detector.handle_input(goal::Input::Contact(Hit { at: now, ..hit }));
        self.hear_sheet();
    }

    fn hear_sheet(&mut self) {
        while let Some(event) = self.slave.detector.poll_output() {
            self.slave_input(Input::Sensor(event));
        }
    }

    pub(crate) fn drain_slave(&mut self) {
        while let Some(output) = self.slave.slave.as_mut().and_then(Slave::poll_output) {
            match output {
                Output::Send(frame) => self.radio_to_master(frame),
                Output::Persist(slot) => self.persist_slot(slot.number, slot.bytes),
                Output::Full(ReportKind::Goal) => self.log.count("slave: full"),
                Output::Full(_) => {}
                Output::LinkUp { epoch } => self.note(format_args!("slave: link up {epoch}")),
                Output::LinkDown { .. } => self.note(format_args!("slave: link down")),
                Output::Wanted { phase, .. } => self.note(format_args!("slave: wanted {phase:?}")),
                // Nobody in the worlds brings updates.
                Output::Parcel { number, .. } => {
                    self.violate(format_args!("slave: a parcel {number}"));
                }
                Output::BadPeer(kind) => self.note(format_args!("slave: bad peer {kind:?}")),
            }
        }
        self.schedule_slave();
    }

    fn persist_slot(&mut self, number: u16, bytes: Vec<u8>) {
        let tears = self.slave.torn.filter(|_| self.chance(50));
        let is_kept = tears.is_none() || self.chance(50);
        // Flash that says "written" and is not: only every other report is there after a loss of power.
        let is_lost = self.fault == Fault::SlaveForgets && number % 2 == 1;
        if is_kept {
            self.slave.report_written |= number > 0;
            if !is_lost {
                self.slave.slots.insert(number, bytes);
            }
        }
        if let Some(off) = tears {
            self.log.count("power: cut at a slave's slot");
            self.stop_slave(off);
        }
    }

    fn schedule_slave(&mut self) {
        let Some(slave) = &self.slave.slave else { return };
        let timers = [slave.poll_timeout(), self.slave.detector.poll_timeout()];
        let Some((at, _)) = timers.into_iter().flatten().min() else { return };
        let due = self.slave.clock.when(at).max(self.now);
        if self.slave.wake.is_none_or(|wake| due < wake) {
            self.slave.wake = Some(due);
            self.at(due, Event::WakeSlave);
        }
    }
}
