//! The world: one queue of events, one clock that is right, and everybody who is in it.

use crate::dice::Dice;
use crate::evil::Evil;
use crate::key::Key;
use crate::log::Log;
use crate::master::{Disk, MasterShell};
use crate::model::Truth;
use crate::net::Net;
use crate::phone::{Answer, Ask, Phone};
use crate::plan::{Mishap, Plan};
use crate::server::Server;
use crate::slave::SlaveShell;
use crate::time::{Clock, Micros, S, server_time};
use crate::{Config, Fault};
use core::fmt::Arguments;
use countersign::keyset::{KeyState, KeysetContent, OnlineKey};
use countersign::{Keyset, Realm, Signer, Timestamp};
use countersign_league::DeviceId;
use countersign_league::device::Parts;
use countersign_league::game::Setup;
use countersign_league::goal::{Calibration, Rules};
use countersign_league::journal::BYTES_MAX;
use countersign_league::pair::Pair;
use std::collections::BTreeMap;

pub(crate) const CALIBRATION: Calibration =
    Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 };
pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xde; 16]);

/// Something that happens.
pub(crate) enum Event {
    WakeMaster,
    WakeSlave,
    MasterOn,
    SlaveOn,
    ToMaster(Vec<u8>),
    ToSlave(Vec<u8>),
    /// Somebody looks at the lights.
    Referee,
    /// In the match of this number; of a match that is over nothing comes any more.
    Contact(countersign_league::End, Ball, usize),
    Mishap(Mishap),
    Phone(usize),
    AskDevice(usize, u32, Ask),
    AskServer(usize, u32, Ask),
    Answer(usize, u32, Answer),
    Push(usize, Vec<u8>),
    Courier,
}

/// What touches a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ball {
    /// Over the line.
    Goal,
    /// A hand, a foot, the ball on its way back.
    Touch,
    /// One of many in a row.
    Rattle,
}

/// All keys of the deployment.
pub(crate) struct Keys {
    pub(crate) realm: Realm,
    pub(crate) master: Key,
    pub(crate) slave: Key,
    pub(crate) root: Key,
    /// The server's first key, and the one that it signs with now.
    pub(crate) online: [Key; 2],
    pub(crate) stranger: Key,
}

impl Keys {
    fn new(dice: &mut Dice) -> Option<Self> {
        let mut key = || Key::new(dice.bytes());
        Some(Self {
            realm: Realm::new("league", "league.example.org").ok()?,
            master: key(),
            slave: key(),
            root: key(),
            online: [key(), key()],
            stranger: key(),
        })
    }

    pub(crate) fn pair(&self) -> Pair {
        Pair {
            device: DEVICE,
            master: self.master.verifying_key().clone(),
            slave: self.slave.verifying_key().clone(),
        }
    }

    /// The frame of a key set: the first version knows the first key only.
    pub(crate) fn keyset(&self, version: u64) -> Vec<u8> {
        let far = Timestamp::from_millis(u64::MAX / 2);
        let online = |key: &Key| OnlineKey {
            key: key.verifying_key().clone(),
            state: KeyState::Active,
            not_before: Timestamp::ZERO,
            not_after: far,
        };
        let content = KeysetContent {
            version,
            issued: Timestamp::ZERO,
            expires: far,
            min_protocol: 1,
            keys: self.online.iter().take(version as usize).map(online).collect(),
            roots: vec![self.root.verifying_key().clone()],
            pins: Vec::new(),
        };
        content.sign(&self.realm, &self.root)
    }
}

/// Everything.
pub(crate) struct World {
    pub(crate) now: Micros,
    queue: BTreeMap<(Micros, u64), Event>,
    serial: u64,
    dice: Dice,
    pub(crate) slave_luck: Dice,
    pub(crate) fault: Fault,
    pub(crate) plan: Plan,
    pub(crate) log: Log,
    pub(crate) keys: Keys,
    pub(crate) master: MasterShell,
    pub(crate) slave: SlaveShell,
    pub(crate) radio: Net,
    pub(crate) wifi: Net,
    pub(crate) wan: Net,
    pub(crate) phones: Vec<Phone>,
    pub(crate) server: Server,
    pub(crate) truth: Truth,
    pub(crate) evil: Evil,
    /// The evening is over: nobody plays any more, results are on their way.
    pub(crate) is_late: bool,
}

impl World {
    /// `None` only if the constants of this crate are wrong.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let mut dice = Dice::new(config.seed ^ 0x6c65_6167_7565_0001);
        let plan = Plan::new(config.scenario, &mut dice);
        let keys = Keys::new(&mut dice)?;
        let quartz = |dice: &mut Dice| Clock::new(0, dice.within(0, 100) as i64 - 50);
        let (of_master, of_slave) = (quartz(&mut dice), quartz(&mut dice));
        let disk = Disk::with_keyset(keys.keyset(if plan.rotated { 1 } else { 2 }));
        let nets = [plan.radio, plan.wifi, plan.wan].map(|plan| Net::new(plan, dice.fork()));
        let [radio, wifi, wan] = nets;
        let players = 0..usize::from(plan.players);
        let phones: Vec<Phone> = players.map(|n| Phone::new(n, &plan, &mut dice)).collect();
        let server = Server::new(&keys, &plan, &phones, config.fault, &mut dice);
        Some(Self {
            now: S,
            queue: BTreeMap::new(),
            serial: 0,
            slave_luck: dice.fork(),
            fault: config.fault,
            log: Log::new(config.trace),
            master: MasterShell::new(of_master, disk),
            slave: SlaveShell::new(of_slave, Rules::from(&plan.params)),
            truth: Truth::default(),
            evil: Evil::default(),
            is_late: false,
            dice,
            plan,
            keys,
            radio,
            wifi,
            wan,
            phones,
            server,
        })
    }

    /// Parts of a master for its next start, without journal and link.
    pub(crate) fn parts(&mut self) -> Option<Parts<'static, Key, Dice>> {
        let pair = self.keys.pair();
        let root = self.keys.root.verifying_key().clone();
        let keyset = Keyset::open(
            &self.keys.realm,
            core::slice::from_ref(&root),
            0,
            &self.master.disk.keyset,
        );
        Some(Parts {
            setup: Setup {
                realm: self.keys.realm.clone(),
                device: DEVICE,
                master: pair.master,
                slave: pair.slave,
                firmware: 1,
                max_players: 22,
                journal_max: BYTES_MAX,
                params: self.plan.params.clone(),
            },
            signer: self.keys.master.clone(),
            entropy: self.dice.fork(),
            keyset: keyset.ok()?,
            roots: vec![root],
            certificate: self.master.disk.certificate.clone(),
            tls_key: None,
            chain: None,
            journal: &[],
            link: None,
            boot: self.master.disk.boots,
            calibration: CALIBRATION,
        })
    }

    pub(crate) fn at(&mut self, when: Micros, event: Event) {
        self.serial += 1;
        self.queue.insert((when.max(self.now), self.serial), event);
    }

    pub(crate) fn note(&mut self, what: Arguments<'_>) {
        self.log.note(self.now, what);
    }

    pub(crate) fn violate(&mut self, what: Arguments<'_>) {
        self.log.violate(self.now, what);
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.dice.below(limit)
    }

    pub(crate) fn within(&mut self, least: u64, most: u64) -> u64 {
        self.dice.within(least, most)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.dice.percent(percent)
    }

    pub(crate) fn id(&mut self) -> [u8; 16] {
        self.dice.bytes()
    }

    pub(crate) fn secret(&mut self) -> [u8; 32] {
        self.dice.bytes()
    }

    pub(crate) fn server_time(&self) -> Timestamp {
        server_time(self.now)
    }

    /// Lets everything happen until then, or until `is_done`.
    pub(crate) fn run(&mut self, until: Micros, is_done: impl Fn(&Self) -> bool) {
        while let Some(entry) = self.queue.first_entry() {
            let (when, _) = *entry.key();
            if when > until || self.log.is_broken() || is_done(self) {
                break;
            }
            let Some((_, event)) = self.queue.pop_first() else { break };
            self.now = when;
            self.happen(event);
        }
        if !self.log.is_broken() && !is_done(self) {
            self.now = self.now.max(until);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::WakeMaster => self.wake_master(),
            Event::WakeSlave => self.wake_slave(),
            Event::MasterOn => self.start_master(),
            Event::SlaveOn => self.start_slave(),
            Event::ToMaster(frame) => {
                self.with_master(|device, now| device.frame(&frame, now));
            }
            Event::ToSlave(frame) => self.frame_to_slave(&frame),
            Event::Referee => self.referee(),
            Event::Contact(end, ball, game) if game == self.truth.order.len() => {
                self.contact(end, ball);
            }
            Event::Contact(..) => {}
            Event::Mishap(what) => self.mishap(what),
            Event::Phone(phone) => self.tick_phone(phone),
            Event::AskDevice(phone, id, ask) => self.device_is_asked(phone, id, ask),
            Event::AskServer(phone, id, ask) => self.server_is_asked(phone, id, ask),
            Event::Answer(phone, id, answer) => self.phone_hears(phone, id, answer),
            Event::Push(phone, frame) => self.phone_sees(phone, &frame),
            Event::Courier => self.evil_courier(),
        }
    }

    pub(crate) fn radio_to_slave(&mut self, frame: Vec<u8>) {
        self.transmit(frame, Event::ToSlave);
    }

    pub(crate) fn radio_to_master(&mut self, frame: Vec<u8>) {
        self.transmit(frame, Event::ToMaster);
    }

    fn transmit(&mut self, frame: Vec<u8>, event: fn(Vec<u8>) -> Event) {
        self.radio.record(&frame);
        for when in self.radio.carry(self.now, &mut self.log) {
            let mut copy = frame.clone();
            self.radio.spoil(&mut copy, &mut self.log);
            self.at(when, event(copy));
        }
    }
}
