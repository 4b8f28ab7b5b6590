//! An evening in virtual time: both halves with their disks, a radio that loses, repeats and delays, six phones and more.

mod keys;
mod phones;
mod play;
mod settle;

pub(crate) use keys::{CALIBRATION, Key, Made, device_id, pair};
pub(crate) use phones::Joining;
pub(crate) use play::{Cut, whole_match};
pub(crate) use settle::{read_view, settled};

use crate::dice::Dice;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use countersign_league::device::{CLOCK_START, Device, Output};
use countersign_league::game::{State, View};
use countersign_league::goal::{Detector, Hit, Input as Felt, Rules};
use countersign_league::pair::{MAX_FRAME, Slave, slave};
use countersign_league::{End, MatchId, Params};
use phones::Phone;

/// The slave was switched on so long before the master, in milliseconds.
const AHEAD: u64 = 5_000;
/// How long a half is without power when it loses it.
const OFF: u64 = 2_000;
/// Of what is sent, in percent.
const LOST: u64 = 15;
const TWICE: u64 = 10;
/// Longest way through the air, in milliseconds.
const DELAY: u64 = 12;
/// Kind of a journal entry about a goal.
const GOAL: u8 = 5;

/// What outlives a loss of power.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) journal: Vec<u8>,
    /// Length of the journal after each entry.
    pub(crate) ends: Vec<usize>,
    is_new: bool,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) boots: u16,
    pub(crate) bundle: Option<(MatchId, Vec<u8>)>,
    slots: BTreeMap<u16, Vec<u8>>,
    goals: u32,
}

impl Disk {
    /// A journal that was found after a loss of power, and nothing else.
    pub(crate) fn found(journal: &[u8]) -> Self {
        Self { journal: journal.to_vec(), boots: 2, ..Self::default() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Master,
    Slave,
}

/// Everything. Times are milliseconds since the slave was switched on.
pub(crate) struct Evening {
    pub(crate) params: Params,
    pub(crate) now: u64,
    dice: Dice,
    made: Made,
    pub(crate) disk: Disk,
    /// `None` while it has no power.
    pub(crate) device: Option<Device<Key, Dice>>,
    /// When the master was switched on, or is switched on again.
    born: u64,
    /// The master loses power right after the entry of this goal, counted from 1.
    cut_at_goal: Option<u32>,
    pub(crate) slave: Slave<Key>,
    detector: Detector,
    /// When the slave's clock showed zero.
    slave_zero: u64,
    air: Vec<(u64, Half, Vec<u8>)>,
    pub(crate) phones: Vec<Phone>,
    /// The newest signed view.
    pub(crate) view: Vec<u8>,
    /// Link frames that were sent.
    pub(crate) sent: u32,
}

impl Evening {
    /// Both halves are switched on.
    pub(crate) fn new(params: Params, players: u8) -> Self {
        let dice = Dice(0x0e11);
        let rules = Rules::from(&params);
        let slave = Slave::new(pair(), Key::slave(), &CALIBRATION, [], 0);
        let mut evening = Self {
            phones: (0..players).map(Phone::new).collect(),
            params,
            now: AHEAD,
            dice,
            made: Made::master(),
            disk: Disk::default(),
            device: None,
            born: AHEAD,
            cut_at_goal: None,
            slave,
            detector: Detector::new(rules, CALIBRATION, 0),
            slave_zero: 0,
            air: Vec::new(),
            view: Vec::new(),
            sent: 0,
        };
        evening.start_master();
        evening.drain();
        evening
    }

    /// What the master's clock shows; its start while it has no power.
    pub(crate) fn master_now(&self) -> u64 {
        CLOCK_START + self.now.saturating_sub(self.born)
    }

    fn slave_now(&self) -> u64 {
        self.now - self.slave_zero
    }

    /// The whole public state; the master has power.
    pub(crate) fn look(&self) -> View {
        let now = self.master_now();
        let Some(device) = &self.device else { panic!("the master has no power") };
        device.view(now)
    }

    pub(crate) fn state(&self) -> Option<State> {
        self.device.as_ref().map(Device::state)
    }

    fn start_master(&mut self) {
        self.born = self.now;
        self.disk.boots += 1;
        let started = Device::start(self.made.parts(&self.disk, &self.params), CLOCK_START);
        let Ok((device, boot)) = started else { panic!("a master does not start with its disk") };
        self.disk.journal.truncate(boot.valid);
        self.disk.is_new = false;
        self.device = Some(device);
    }

    /// The slave loses power and has it again.
    pub(crate) fn restart_slave(&mut self) {
        self.air.retain(|(_, to, _)| *to == Half::Master);
        self.run(OFF, true);
        self.slave_zero = self.now;
        self.detector = Detector::new(Rules::from(&self.params), CALIBRATION, 0);
        let slots = self.disk.slots.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
        self.slave = Slave::new(pair(), Key::slave(), &CALIBRATION, slots, 0);
        self.drain();
    }

    /// A call into the master, and everything that it wants done. `None`: it has no power.
    pub(crate) fn with_master<T>(
        &mut self,
        call: impl FnOnce(&mut Device<Key, Dice>, u64) -> T,
    ) -> Option<T> {
        let now = self.master_now();
        let answer = call(self.device.as_mut()?, now);
        self.drain();
        Some(answer)
    }

    /// A ball presses the sheet at this end.
    pub(crate) fn contact(&mut self, end: End) {
        let hit = |at| Hit { at, peak: 700, duration: 40, rise: 9, rows: 3, cols: 5 };
        match end {
            End::North => {
                self.with_master(|device, now| device.sense(Felt::Contact(hit(now)), now));
            }
            End::South => {
                let now = self.slave_now();
                self.detector.handle_timeout(now);
                self.detector.handle_input(Felt::Contact(hit(now)));
                self.hear_sheet();
            }
        }
    }

    pub(crate) fn is_south_armed(&self) -> bool {
        self.detector.is_armed(self.slave_now())
    }

    /// Time passes until it is so.
    pub(crate) fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = self.now + 200_000 + u64::from(self.params.duration);
        while !is_so(self) {
            assert!(self.now < end, "it is never so: {what}; {:?}", self.state());
            self.run(20, false);
        }
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        self.run(millis, false);
    }

    fn run(&mut self, millis: u64, is_slave_off: bool) {
        let end = self.now + millis;
        while self.now < end {
            self.now = self.next_stop(is_slave_off).max(self.now + 1).min(end);
            if self.device.is_none() && self.now >= self.born {
                self.start_master();
                self.drain();
            }
            self.deliver(is_slave_off);
            self.wake(is_slave_off);
            self.phones_look();
        }
    }

    fn next_stop(&self, is_slave_off: bool) -> u64 {
        let air = self.air.iter().map(|(at, ..)| *at).min();
        let master = match &self.device {
            Some(device) => {
                device.poll_timeout().map(|(at, _)| self.born + at.saturating_sub(CLOCK_START))
            }
            None => Some(self.born),
        };
        let timers = [self.slave.poll_timeout(), self.detector.poll_timeout()];
        let slave = timers.into_iter().flatten().map(|(at, _)| at + self.slave_zero).min();
        let slave = slave.filter(|_| !is_slave_off);
        [air, master, slave].into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    fn deliver(&mut self, is_slave_off: bool) {
        while let Some(index) = self.air.iter().position(|(at, ..)| *at <= self.now) {
            let (_, to, frame) = self.air.swap_remove(index);
            match to {
                Half::Master => {
                    self.with_master(|device, now| device.frame(&frame, now));
                }
                Half::Slave if is_slave_off => {}
                Half::Slave => self.slave_input(slave::Input::Frame(&frame)),
            }
        }
    }

    fn wake(&mut self, is_slave_off: bool) {
        let now = self.master_now();
        let is_due =
            |device: &Device<Key, Dice>| device.poll_timeout().is_some_and(|(at, _)| at <= now);
        if self.device.as_ref().is_some_and(is_due) {
            self.with_master(|device, now| device.handle_timeout(now));
        }
        if is_slave_off {
            return;
        }
        let now = self.slave_now();
        if self.detector.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.detector.handle_timeout(now);
            self.hear_sheet();
        }
        if self.slave.poll_timeout().is_some_and(|(at, _)| at <= now) {
            self.slave.handle_timeout(now);
            self.drain();
        }
    }

    fn hear_sheet(&mut self) {
        while let Some(event) = self.detector.poll_output() {
            self.slave_input(slave::Input::Sensor(event));
        }
    }

    fn slave_input(&mut self, input: slave::Input<'_>) {
        let now = self.slave_now();
        self.slave.handle_input(input, now, &mut self.dice);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.device.as_mut().and_then(Device::poll_output) {
            self.carry_out(output);
        }
        while let Some(output) = self.slave.poll_output() {
            match output {
                slave::Output::Send(frame) => self.transmit(Half::Master, frame),
                slave::Output::Persist(slot) => {
                    self.disk.slots.insert(slot.number, slot.bytes);
                }
                slave::Output::BadPeer(why) => panic!("the slave distrusts its master: {why:?}"),
                slave::Output::LinkUp { .. }
                | slave::Output::LinkDown { .. }
                | slave::Output::Wanted { .. }
                | slave::Output::Full(_)
                | slave::Output::Parcel { .. } => {}
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::NewJournal => self.disk.is_new = true,
            Output::Append(bytes) => self.append(&bytes),
            Output::PersistLink(record) => self.disk.link = Some(record),
            Output::Send(frame) => self.transmit(Half::Slave, frame),
            Output::View { frame, .. } => self.view = frame,
            Output::Outbox(id, bundle) => self.disk.bundle = Some((id, bundle)),
            Output::PersistKeyset(_)
            | Output::PersistCertificate(_)
            | Output::PersistTls(_)
            | Output::Settled(_)
            | Output::Dropped(_)
            | Output::Light(_)
            | Output::Scored(_)
            | Output::Answered(_)
            | Output::Undelivered
            | Output::Note(_) => {}
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        let disk = &mut self.disk;
        if disk.is_new {
            disk.journal.clear();
            disk.ends.clear();
            disk.is_new = false;
        }
        disk.journal.extend_from_slice(bytes);
        disk.ends.push(disk.journal.len());
        if bytes.get(4) == Some(&GOAL) {
            disk.goals += 1;
            if self.cut_at_goal == Some(disk.goals) {
                // The entry is on the disk, and nothing else that was wanted is done.
                self.cut_at_goal = None;
                self.device = None;
                self.born = self.now + OFF;
            }
        }
    }

    fn transmit(&mut self, to: Half, frame: Vec<u8>) {
        assert!(frame.len() <= MAX_FRAME, "a link frame of {} bytes", frame.len());
        self.sent += 1;
        let copies = 1 + u64::from(self.dice.percent(TWICE));
        for _ in 0..copies {
            let (is_lost, delay) = (self.dice.percent(LOST), 1 + self.dice.below(DELAY));
            if !is_lost {
                self.air.push((self.now + delay, to, frame.clone()));
            }
        }
    }
}
