//! A pitch: master, slave, phones, and air between them.

use crate::server::{DEVICE, Server, key, realm};
use countersign::{Keyset, Signature, Signer, SigningKey, Timestamp, VerifyingKey};
use countersign_app::{Ask, AskId, Effect, Event, Failure, Player, PlayerConfig, Screen, Tap};
use countersign_league::device::{CLOCK_START, Device, InboxError, Output, Parts, Taken};
use countersign_league::evidence::{self, Bundle, MatchResult};
use countersign_league::game::{Setup, State, View};
use countersign_league::goal::{Calibration, Detector, Hit, Input, Rules};
use countersign_league::journal::BYTES_MAX;
use countersign_league::pair::{self, Pair, Slave};
use countersign_league::{End, MatchId, Params};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

const CALIBRATION: Calibration = Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 };
/// The server's time when the pitch's clock is at zero.
const EPOCH: u64 = 1_800_000_000_000;
/// How far the world goes in one go.
const STEP: u64 = 5;

#[derive(Clone)]
pub(crate) struct Key(Rc<SigningKey>);

impl Signer for Key {
    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

/// A generator for tests: every call another 32 bytes.
pub(crate) struct Dice(u64);

impl pair::Entropy for Dice {
    fn draw(&mut self) -> [u8; 32] {
        self.0 += 1;
        let mut out = [0; 32];
        for (index, chunk) in out.chunks_mut(8).enumerate() {
            let mut z = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(index as u64);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            chunk.copy_from_slice(&(z ^ (z >> 27)).to_be_bytes());
        }
        out
    }
}

/// A phone: the core, its key, and what its shell keeps.
pub(crate) struct Phone {
    pub(crate) player: Player,
    key: SigningKey,
    seat: u8,
    pub(crate) online: bool,
    pub(crate) near: bool,
    kept: BTreeMap<String, Vec<u8>>,
    watching: Option<(AskId, [u8; 16], u64)>,
}

/// What stays on the disk, and what others learn of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Written,
    Shown,
    Offered,
}

/// What a half keeps without power.
#[derive(Default)]
struct Disk {
    journal: Vec<u8>,
    link: Option<Vec<u8>>,
    slots: BTreeMap<u16, Vec<u8>>,
    starts: u16,
}

pub(crate) struct Pitch {
    pub(crate) now: u64,
    pub(crate) master: Device<Key, Dice>,
    /// When the master was switched on last; its own clock begins there.
    master_born: u64,
    is_master_dark: bool,
    slave: Slave<Key>,
    is_slave_dark: bool,
    south: Detector,
    dice: Dice,
    pub(crate) server: Server,
    pub(crate) phones: Vec<Phone>,
    view: (u64, Vec<u8>),
    pub(crate) outbox: BTreeMap<MatchId, Vec<u8>>,
    disk: Disk,
    /// What the master wanted done, in its order.
    pub(crate) done: Vec<Done>,
    /// When the journal grew last.
    pub(crate) journaled: u64,
    setup: Setup,
    keyset: Keyset,
}

impl Pitch {
    pub(crate) fn new(params: Params, phones: u8) -> Self {
        let (master, slave) = (half(201), half(202));
        let server = Server::new(
            params.clone(),
            master.verifying_key().clone(),
            slave.verifying_key().clone(),
        );
        let setup = Setup {
            realm: realm(),
            device: DEVICE,
            master: master.verifying_key().clone(),
            slave: slave.verifying_key().clone(),
            firmware: 1,
            max_players: 22,
            journal_max: BYTES_MAX,
            params: params.clone(),
        };
        let keyset = crate::server::keyset(Timestamp::from_millis(EPOCH)).0;
        let (now, mut disk) = (1_000, Disk::default());
        let master = switch_on(&setup, &keyset, &mut disk);
        let mut pitch = Self {
            now,
            master,
            master_born: now,
            is_master_dark: false,
            slave: Slave::new(pair_of(&setup), slave, &CALIBRATION, [], now),
            is_slave_dark: false,
            south: Detector::new(Rules::from(&params), CALIBRATION, now),
            dice: Dice(1 << 32),
            server,
            phones: (1..=phones).map(|seat| Phone::new(seat, &keyset)).collect(),
            view: (0, Vec::new()),
            outbox: BTreeMap::new(),
            disk,
            done: Vec::new(),
            journaled: now,
            setup,
            keyset,
        };
        pitch.settle();
        pitch
    }

    /// Both buttons, both goals: the lobby is open.
    pub(crate) fn open(&mut self) {
        self.master.press(self.clock()).unwrap();
        self.until(State::GoalCheck);
        self.run(3_000);
        self.hit(End::North);
        self.hit(End::South);
        self.until(State::Lobby);
    }

    /// What the master's clock shows.
    fn clock(&self) -> u64 {
        CLOCK_START + self.now - self.master_born
    }

    /// The master loses power, and has none for so long.
    pub(crate) fn power_cut(&mut self, millis: u64) {
        self.is_master_dark = true;
        self.run(millis);
    }

    /// The master starts again, with what its disk has and a clock that knows nothing. It knows no phone any more.
    pub(crate) fn power_back(&mut self) {
        self.master = switch_on(&self.setup, &self.keyset, &mut self.disk);
        self.master_born = self.now;
        self.is_master_dark = false;
        for index in 0..self.phones.len() {
            if let Some((_, token, _)) = self.phones[index].watching {
                self.end_watch(&token);
            }
        }
        self.settle();
    }

    /// Nobody's program runs for so long.
    pub(crate) fn sleep(&mut self, millis: u64) {
        self.now += millis;
        self.run(STEP);
    }

    /// The slave has no power for so long; its clock begins at zero.
    pub(crate) fn slave_power_cut(&mut self, millis: u64) {
        self.is_slave_dark = true;
        self.run(millis);
        let slots = self.disk.slots.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
        let pair = pair_of(&self.setup);
        self.slave = Slave::new(pair, half(202), &CALIBRATION, slots, self.now);
        self.south = Detector::new(Rules::from(&self.setup.params), CALIBRATION, self.now);
        self.is_slave_dark = false;
        self.settle();
    }

    /// Runs until the link is up; ten seconds at most.
    pub(crate) fn until_linked(&mut self) {
        for _ in 0..2_000 {
            if self.master.is_linked() {
                return;
            }
            self.run(STEP);
        }
        panic!("the halves did not find each other");
    }

    /// The result that waits for a courier.
    pub(crate) fn result(&self) -> MatchResult {
        let bundle = Bundle::decode(self.outbox.values().next().unwrap()).unwrap();
        evidence::open(&realm(), &self.setup.master, &bundle.result).unwrap().value
    }

    /// A courier brings this to the device.
    pub(crate) fn bring(&mut self, frame: &[u8]) -> Result<Taken, InboxError> {
        let outcome = self.master.inbox(frame, self.clock());
        self.settle();
        outcome
    }

    /// Time of day, as the server has it.
    pub(crate) fn utc(&self) -> Timestamp {
        Timestamp::from_millis(EPOCH + self.now)
    }

    pub(crate) fn hit(&mut self, end: End) {
        let hit = Hit { at: self.now, peak: 900, duration: 40, rise: 9, rows: 0b110, cols: 0b1 };
        match end {
            End::North => {
                let hit = Hit { at: self.clock(), ..hit };
                self.master.sense(Input::Contact(hit), self.clock());
            }
            End::South => self.south.handle_input(Input::Contact(hit)),
        }
        self.settle();
    }

    pub(crate) fn tap(&mut self, phone: usize, tap: Tap) {
        self.event(phone, Event::Tap(tap));
        self.settle();
    }

    pub(crate) fn everybody(&mut self, tap: Tap) {
        (0..self.phones.len()).for_each(|phone| self.tap(phone, tap));
    }

    pub(crate) fn run(&mut self, millis: u64) {
        let end = self.now + millis;
        while self.now < end {
            self.now += STEP;
            if !self.is_master_dark {
                self.master.handle_timeout(self.clock());
            }
            if !self.is_slave_dark {
                self.slave.handle_timeout(self.now);
                self.south.handle_timeout(self.now);
            }
            if self.now.is_multiple_of(500) {
                (0..self.phones.len()).for_each(|phone| self.event(phone, Event::Tick));
                self.keep_alive();
            }
            self.settle();
        }
    }

    /// Runs until the game is there; five minutes at most.
    pub(crate) fn until(&mut self, state: State) {
        for _ in 0..60_000 {
            if self.master.state() == state {
                return;
            }
            self.run(STEP);
        }
        let troubles: Vec<_> = self.phones.iter().map(|phone| phone.player.trouble()).collect();
        panic!("{state:?} did not come, the game is in {:?}; {troubles:?}", self.master.state());
    }

    pub(crate) fn view(&self) -> View {
        self.master.view(self.clock())
    }

    fn keep_alive(&mut self) {
        let now = self.clock();
        for phone in self.phones.iter().filter(|_| !self.is_master_dark) {
            if let Some((_, token, _)) = phone.watching.filter(|_| phone.near) {
                self.master.seen(&token, now);
            }
        }
    }

    /// Carries everything to where it belongs until nothing moves.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            while let Some(output) = self.master.poll_output() {
                moved = true;
                self.carry_out(output);
            }
            while let Some(event) = self.south.poll_output() {
                moved = true;
                let input = pair::slave::Input::Sensor(event);
                self.slave.handle_input(input, self.now, &mut self.dice);
            }
            while let Some(output) = self.slave.poll_output() {
                moved = true;
                match output {
                    pair::slave::Output::Send(frame) if !self.is_master_dark => {
                        self.master.frame(&frame, self.clock());
                    }
                    pair::slave::Output::Persist(slot) => {
                        self.disk.slots.insert(slot.number, slot.bytes);
                    }
                    pair::slave::Output::Send(_)
                    | pair::slave::Output::LinkUp { .. }
                    | pair::slave::Output::LinkDown { .. }
                    | pair::slave::Output::Wanted { .. }
                    | pair::slave::Output::Full(_)
                    | pair::slave::Output::Parcel { .. }
                    | pair::slave::Output::BadPeer(_) => {}
                }
            }
            for index in 0..self.phones.len() {
                moved |= self.show_view(index);
            }
            if !moved {
                break;
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::NewJournal => self.disk.journal.clear(),
            Output::Append(bytes) => {
                self.done.push(Done::Written);
                self.journaled = self.now;
                self.disk.journal.extend(bytes);
            }
            Output::PersistLink(record) => self.disk.link = Some(record),
            Output::Send(frame) if !self.is_slave_dark => {
                let input = pair::slave::Input::Frame(&frame);
                self.slave.handle_input(input, self.now, &mut self.dice);
            }
            Output::View { number, frame } => {
                self.done.push(Done::Shown);
                self.view = (number, frame);
            }
            Output::Outbox(id, bundle) => {
                self.done.push(Done::Offered);
                self.outbox.insert(id, bundle);
            }
            Output::Settled(id) => drop(self.outbox.remove(&id)),
            Output::Dropped(token) => self.end_watch(&token),
            Output::Send(_)
            | Output::PersistKeyset(_)
            | Output::PersistCertificate(_)
            | Output::PersistTls(_)
            | Output::Light(_)
            | Output::Scored(_)
            | Output::Answered(_)
            | Output::Undelivered
            | Output::Note(_) => {}
        }
    }

    fn end_watch(&mut self, token: &[u8; 16]) {
        let watches = |phone: &Phone| phone.watching.is_some_and(|(_, known, _)| known == *token);
        if let Some(index) = self.phones.iter().position(watches) {
            let (id, _, _) = self.phones[index].watching.take().unwrap();
            let failure = Failure::Refused { code: "not_in_lobby".into(), detail: String::new() };
            self.event(index, Event::Answer { id, result: Err(failure) });
        }
    }

    fn show_view(&mut self, index: usize) -> bool {
        let (number, frame) = (self.view.0, self.view.1.clone());
        let phone = &mut self.phones[index];
        match &mut phone.watching {
            Some((_, _, shown)) if !self.is_master_dark && phone.near && *shown < number => {
                *shown = number;
                self.event(index, Event::View(frame));
                true
            }
            _ => false,
        }
    }

    fn event(&mut self, index: usize, event: Event) {
        let now = self.utc();
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.phones[index].player.update(event, now) {
                match effect {
                    Effect::Ask { id, ask: Ask::Watch(token) } => {
                        self.phones[index].watching = Some((id, token, 0));
                    }
                    Effect::Ask { id, ask } => {
                        let result = self.answer(index, ask);
                        events.push_back(Event::Answer { id, result });
                    }
                    Effect::Keep { name, bytes } => {
                        self.phones[index].kept.insert(name, bytes);
                    }
                    Effect::Forget { name } => drop(self.phones[index].kept.remove(&name)),
                    Effect::Wake(_) | Effect::Show => {}
                }
            }
        }
    }

    fn answer(&mut self, index: usize, ask: Ask) -> Result<Vec<u8>, Failure> {
        let (now, utc) = (self.clock(), self.utc());
        let phone = &self.phones[index];
        let away = || Err(Failure::Unreachable("out of reach".into()));
        let refused = |why: String| Failure::Refused { code: "400".into(), detail: why };
        match ask {
            Ask::Sign(input) => return Ok(phone.key.sign(&input).to_vec()),
            Ask::Server { message_type, payload } => {
                if !phone.online || !self.server.online {
                    return away();
                }
                let (key, seat) = (phone.key.verifying_key().clone(), phone.seat);
                let answer = self.server.answer(message_type, &payload, &key, seat, utc);
                return answer.map_err(|why| Failure::Refused {
                    code: "evidence_invalid".into(),
                    detail: why,
                });
            }
            _ if !phone.near || self.is_master_dark => return away(),
            Ask::Certificate => self.master.certificate().map(<[u8]>::to_vec),
            Ask::Prove(challenge) => self.master.prove(challenge, now),
            Ask::Join(body) => {
                let (ticket, rest) = lp16(&body);
                let (act, _) = lp16(rest);
                let radio = [self.phones[index].seat; 8];
                let token = self.master.join(ticket, act, radio, now);
                Some(token.map_err(|error| refused(error.to_string()))?.to_vec())
            }
            Ask::Act(frame) => {
                self.master.say(&frame, now).map_err(|error| refused(error.to_string()))?;
                Some(Vec::new())
            }
            Ask::Outbox => Some(self.outbox.keys().flat_map(|id| id.as_bytes().to_vec()).collect()),
            Ask::Fetch(id) => self.outbox.get(&MatchId::from_bytes(id)).cloned(),
            Ask::Deliver(frame) => {
                self.master.inbox(&frame, now).map_err(|error| refused(error.to_string()))?;
                Some(Vec::new())
            }
            // A device without a name wants no chain.
            Ask::Tls => Some(Vec::new()),
            Ask::TlsRequest | Ask::Watch(_) => None,
        }
        .ok_or_else(|| refused("there is none".into()))
    }
}

fn half(number: u8) -> Key {
    Key(Rc::new(key(number)))
}

fn pair_of(setup: &Setup) -> Pair {
    Pair { device: setup.device, master: setup.master.clone(), slave: setup.slave.clone() }
}

/// A master with what its disk has; its clock starts.
fn switch_on(setup: &Setup, keyset: &Keyset, disk: &mut Disk) -> Device<Key, Dice> {
    disk.starts += 1;
    let parts = Parts {
        setup: setup.clone(),
        signer: half(201),
        entropy: Dice(u64::from(disk.starts) << 16),
        keyset: keyset.clone(),
        roots: keyset.content.roots.clone(),
        certificate: None,
        tls_key: None,
        chain: None,
        journal: &disk.journal,
        link: disk.link.as_deref(),
        boot: disk.starts,
        calibration: CALIBRATION,
    };
    let (master, boot) = Device::start(parts, CLOCK_START).unwrap();
    disk.journal.truncate(boot.valid);
    master
}

impl Phone {
    fn new(seat: u8, keyset: &Keyset) -> Self {
        let key = key(seat);
        let player = Player::new(PlayerConfig {
            realm: realm(),
            keyset: keyset.clone(),
            key: key.verifying_key().clone(),
            user: None,
            entropy: [seat; 32],
        });
        let (kept, watching) = (BTreeMap::new(), None);
        Self { player, key, seat, online: true, near: true, kept, watching }
    }

    /// The newest view, as this phone believes it.
    pub(crate) fn view(&self) -> Option<&View> {
        match self.player.screen() {
            Screen::There { view, .. } => view,
            Screen::Away | Screen::Approaching { .. } => None,
        }
    }

    /// What it keeps over restarts.
    pub(crate) fn kept(&self) -> Vec<&str> {
        self.kept.keys().map(String::as_str).collect()
    }
}

fn lp16(bytes: &[u8]) -> (&[u8], &[u8]) {
    let len = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    bytes[2..].split_at(len)
}
