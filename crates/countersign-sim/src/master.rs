//! The shell around a master: its disk, its power, its radio.

use crate::Fault;
use crate::dice::Dice;
use crate::key::Key;
use crate::time::{Clock, Micros};
use crate::world::{Event, World};
use countersign::{Frame, PushHeader};
use countersign_league::device::{Device, Output, Parts};
use countersign_league::goal::{Hit, Input};
use countersign_league::{MatchId, Nonce};
use std::collections::BTreeMap;

/// What is on the disk when the power is gone.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    pub(crate) journal: Vec<u8>,
    /// A new journal was asked for; the old one stays until the first entry of the new one is written.
    is_new: bool,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) keyset: Vec<u8>,
    pub(crate) certificate: Option<Vec<u8>>,
    pub(crate) outbox: BTreeMap<MatchId, Vec<u8>>,
    pub(crate) boots: u16,
    /// How much of the journal would survive a loss of power: all of it, unless the fault says otherwise.
    synced: usize,
    appends: u32,
}

impl Disk {
    pub(crate) fn with_keyset(keyset: Vec<u8>) -> Self {
        Self { keyset, ..Self::default() }
    }
}

/// A master with its shell.
pub(crate) struct MasterShell {
    pub(crate) device: Option<Device<Key, Dice>>,
    pub(crate) clock: Clock,
    pub(crate) disk: Disk,
    /// The power goes in the middle of a writing, for so long.
    pub(crate) torn: Option<Micros>,
    pub(crate) wake: Option<Micros>,
    /// An entry of a goal was written in the present call.
    pub(crate) goal_written: bool,
    pub(crate) born: Micros,
    /// Newest number of each stream of views.
    pub(crate) views: BTreeMap<[u8; 16], u64>,
    fresh_view: Option<Vec<u8>>,
    /// For phones that ask: number and frame.
    pub(crate) newest_view: Option<(u64, Vec<u8>)>,
}

impl MasterShell {
    pub(crate) fn new(clock: Clock, disk: Disk) -> Self {
        Self {
            device: None,
            clock,
            disk,
            torn: None,
            wake: None,
            goal_written: false,
            born: 0,
            views: BTreeMap::new(),
            fresh_view: None,
            newest_view: None,
        }
    }
}

/// Kind of a journal entry about a goal.
const GOAL_ENTRY: u8 = 5;

impl World {
    /// Power on.
    pub(crate) fn start_master(&mut self) {
        if self.master.device.is_some() {
            return;
        }
        self.master.clock = self.master.clock.restarted(self.now);
        self.master.born = self.now;
        let disk = &mut self.master.disk;
        disk.boots = disk.boots.wrapping_add(1);
        (disk.is_new, disk.synced) = (false, disk.journal.len());
        let parts = self.parts();
        let journal = self.master.disk.journal.clone();
        let link = self.master.disk.link.clone();
        let parts = parts.map(|parts| Parts { journal: &journal, link: link.as_deref(), ..parts });
        let now = self.master.clock.at(self.now);
        let Some(Ok((device, boot))) = parts.map(|parts| Device::start(parts, now)) else {
            return self.violate(format_args!("the master does not start with its own disk"));
        };
        self.master.disk.journal.truncate(boot.valid);
        self.master.disk.synced = boot.valid;
        self.note(format_args!(
            "master on: {} bytes of journal, {} dropped, open match {}",
            boot.valid, boot.dropped, boot.open_match
        ));
        if boot.dropped > 0 {
            self.log.count("power: journal torn");
        }
        self.master.device = Some(device);
        self.truth.master_on(self.now);
        self.drain_master();
    }

    /// Power off, now; back after `off`.
    pub(crate) fn stop_master(&mut self, off: Micros) {
        if self.master.device.take().is_none() {
            return;
        }
        let disk = &mut self.master.disk;
        if self.fault == Fault::AckBeforeSync {
            disk.journal.truncate(disk.synced);
        }
        (self.master.torn, self.master.fresh_view) = (None, None);
        (self.master.newest_view, self.master.wake) = (None, None);
        self.note(format_args!("master off"));
        self.log.count("power: master cut");
        self.truth.master_off(self.now);
        self.at(self.now + off, Event::MasterOn);
    }

    /// A call into the device, then everything that it wants done. `None`: there was no power, or it went meanwhile.
    pub(crate) fn with_master<R>(
        &mut self,
        call: impl FnOnce(&mut Device<Key, Dice>, u64) -> R,
    ) -> Option<R> {
        let now = self.master.clock.at(self.now);
        let answer = call(self.master.device.as_mut()?, now);
        self.drain_master();
        self.master.device.is_some().then_some(answer)
    }

    pub(crate) fn wake_master(&mut self) {
        self.master.wake = None;
        let now = self.master.clock.at(self.now);
        let is_due =
            |device: &Device<Key, Dice>| device.poll_timeout().is_some_and(|(at, _)| at <= now);
        if !self.master.device.as_ref().is_some_and(is_due) {
            return self.schedule_master();
        }
        self.with_master(|device, now| device.handle_timeout(now));
        if let Some(device) = self.master.device.as_ref().filter(|device| is_due(device)) {
            let timer = device.poll_timeout().map_or("", |(_, name)| name);
            self.violate(format_args!("the master is busy for ever with its timer {timer}"));
        }
    }

    /// A ball in the northern goal.
    pub(crate) fn sense_north(&mut self, hit: Hit) {
        self.master.goal_written = false;
        self.with_master(|device, now| device.sense(Input::Contact(Hit { at: now, ..hit }), now));
    }

    pub(crate) fn drain_master(&mut self) {
        while let Some(output) = self.master.device.as_mut().and_then(Device::poll_output) {
            self.carry_out(output);
        }
        if let Some(frame) = self.master.fresh_view.take() {
            self.push_view(&frame);
        }
        self.observe();
        self.schedule_master();
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::NewJournal => self.master.disk.is_new = true,
            Output::Append(bytes) => self.append(&bytes),
            Output::PersistLink(record) => self.persist_link(record),
            Output::PersistKeyset(frame) => self.master.disk.keyset = frame,
            Output::PersistCertificate(frame) => self.master.disk.certificate = Some(frame),
            // A master without a TLS key takes no chain.
            Output::PersistTls(_) => self.violate(format_args!("the master took a chain")),
            Output::Send(frame) => self.radio_to_slave(frame),
            Output::View { number, frame } => self.see_view(number, frame),
            Output::Outbox(id, bundle) => self.outbox(id, bundle),
            Output::Settled(id) => {
                self.master.disk.outbox.remove(&id);
                self.note(format_args!("device: {id} is settled"));
                self.log.count("device: receipt taken");
            }
            Output::Dropped(token) => self.note(format_args!("device drops {:02x?}", &token[..4])),
            Output::Light(light) => self.note(format_args!("light {light:?}")),
            Output::Scored(team) => self.note(format_args!("scored {team:?}")),
            Output::Answered(_) | Output::Undelivered => {
                self.violate(format_args!("device: a word about a parcel"));
            }
            Output::Note(text) => self.note(format_args!("device: {text}")),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        let tears = self.master.torn.filter(|_| self.chance(40));
        let written = match tears {
            Some(_) => self.below(bytes.len() as u64 + 1) as usize,
            None => bytes.len(),
        };
        let disk = &mut self.master.disk;
        match (disk.is_new, written == bytes.len()) {
            (true, true) => (disk.journal, disk.is_new) = (bytes.to_vec(), false),
            (true, false) => {}
            (false, _) => disk.journal.extend_from_slice(&bytes[..written]),
        }
        disk.appends += 1;
        if self.fault != Fault::AckBeforeSync || disk.appends.is_multiple_of(8) {
            disk.synced = disk.journal.len();
        }
        disk.synced = disk.synced.min(disk.journal.len());
        if written == bytes.len() && bytes.get(4) == Some(&GOAL_ENTRY) {
            self.master.goal_written = true;
        }
        if let Some(off) = tears {
            self.note(format_args!("power fails at byte {written} of {}", bytes.len()));
            self.log.count("power: cut while writing the journal");
            self.stop_master(off);
        }
    }

    /// Old or new, never something between.
    fn persist_link(&mut self, record: Vec<u8>) {
        match self.master.torn.filter(|_| self.chance(30)) {
            None => self.master.disk.link = Some(record),
            Some(off) => {
                if self.chance(50) {
                    self.master.disk.link = Some(record);
                }
                self.log.count("power: cut at the link's record");
                self.stop_master(off);
            }
        }
    }

    fn see_view(&mut self, number: u64, frame: Vec<u8>) {
        let header = Frame::split(&frame).and_then(|parts| PushHeader::decode(parts.header));
        let Ok(header) = header else {
            return self.violate(format_args!("the device pushes what is no push"));
        };
        let lobby = *header.stream.as_bytes();
        let newest = self.master.views.get(&lobby).copied().unwrap_or(0);
        if number < newest && lobby != *Nonce::NONE.as_bytes() {
            self.violate(format_args!("view {number:#x} came after view {newest:#x}"));
        }
        self.master.views.insert(lobby, number.max(newest));
        self.master.newest_view = Some((number, frame.clone()));
        self.master.fresh_view = Some(frame);
    }

    pub(crate) fn schedule_master(&mut self) {
        let Some(device) = &self.master.device else { return };
        let Some((at, _)) = device.poll_timeout() else { return };
        let due = self.master.clock.when(at).max(self.now);
        if self.master.wake.is_none_or(|wake| due < wake) {
            self.master.wake = Some(due);
            self.at(due, Event::WakeMaster);
        }
    }
}
