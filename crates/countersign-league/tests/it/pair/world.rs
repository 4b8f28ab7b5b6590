//! Two halves with their own clocks and their own storage, and a radio that does what the seed says. Time is in microseconds.

use countersign::{Signature, Signer, SigningKey, VerifyingKey};
use countersign_league::goal::{self, Calibration, Detector, Hit, Rules};
use countersign_league::pair::{MAX_FRAME, Master, Pair, Slave, master, slave};
use countersign_league::ruleset::Params;
use countersign_league::{DeviceId, MatchId};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

pub(crate) const CALIBRATION: Calibration =
    Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 };
pub(crate) const MATCH: MatchId = MatchId::from_bytes([0x4d; 16]);
const MS: u64 = 1_000;

/// SplitMix64: the same seed, the same world.
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(crate) fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    pub(crate) fn bytes(&mut self) -> [u8; 32] {
        let mut out = [0; 32];
        out.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next().to_be_bytes()));
        out
    }
}

/// A key that both boots of a half share.
#[derive(Clone)]
pub(crate) struct Key(Rc<SigningKey>);

impl Key {
    pub(crate) fn of(seed: u8) -> Self {
        Self(Rc::new(SigningKey::from_seed(&[seed; 32])))
    }
}

impl Signer for Key {
    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

pub(crate) fn pair_of(device: u8, master: &Key, slave: &Key) -> Pair {
    Pair {
        device: DeviceId::from_bytes([device; 16]),
        master: master.verifying_key().clone(),
        slave: slave.verifying_key().clone(),
    }
}

pub(crate) fn our_pair() -> Pair {
    pair_of(1, &Key::of(1), &Key::of(2))
}

/// What the radio does to frames: percentages, and a delay in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Radio {
    pub(crate) loss: u64,
    pub(crate) copies: u64,
    pub(crate) flips: u64,
    pub(crate) delay: (u64, u64),
}

impl Radio {
    pub(crate) const GOOD: Self = Self { loss: 0, copies: 0, flips: 0, delay: (500, 1_500) };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Master,
    Slave,
}

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) radio: Radio,
    /// No frame gets through.
    pub(crate) is_cut: bool,
    pub(crate) now: u64,
    air: BTreeMap<(u64, u64), (Half, Vec<u8>)>,
    sent: u64,
    pub(crate) master: Master<Key>,
    /// When the master's clock showed 0.
    pub(crate) master_zero: u64,
    pub(crate) slave: Option<Slave<Key>>,
    pub(crate) detector: Detector,
    slave_zero: u64,
    ppm: i64,
    pub(crate) slots: BTreeMap<u16, Vec<u8>>,
    pub(crate) record: Option<Vec<u8>>,
    pub(crate) from_master: VecDeque<master::Output>,
    pub(crate) from_slave: VecDeque<slave::Output>,
    /// The master loses power right after it has said "goal".
    pub(crate) dies_at_goal: bool,
    /// Every frame that was ever sent, for those who listen.
    pub(crate) tape: Vec<Vec<u8>>,
    /// Goals as the detector gave them: boot, slave's time, true time.
    pub(crate) scored: Vec<(u16, u64, u64)>,
}

impl World {
    pub(crate) fn new(seed: u64, radio: Radio) -> Self {
        let mut dice = Dice(seed);
        let now = dice.within(1_000_000, 90_000_000);
        let master = Master::new(our_pair(), Key::of(1), &Params::OFFICIAL, None).unwrap();
        let rules = Rules::from(&Params::OFFICIAL);
        let mut world = Self {
            ppm: dice.within(0, 100) as i64 - 50,
            master_zero: dice.below(now),
            dice,
            radio,
            is_cut: false,
            now,
            air: BTreeMap::new(),
            sent: 0,
            master,
            slave: None,
            detector: Detector::new(rules, CALIBRATION, 0),
            slave_zero: now,
            slots: BTreeMap::new(),
            record: None,
            from_master: VecDeque::new(),
            from_slave: VecDeque::new(),
            dies_at_goal: false,
            tape: Vec::new(),
            scored: Vec::new(),
        };
        world.start_slave();
        world
    }

    pub(crate) fn master_now(&self) -> u64 {
        (self.now - self.master_zero) / MS
    }

    pub(crate) fn slave_now(&self) -> u64 {
        let real = (self.now - self.slave_zero) as i64;
        ((real + real * self.ppm / 1_000_000) / MS as i64) as u64
    }

    pub(crate) fn start_slave(&mut self) {
        self.slave_zero = self.now;
        self.detector = Detector::new(Rules::from(&Params::OFFICIAL), CALIBRATION, 0);
        let slots = self.slots.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
        self.slave = Some(Slave::new(our_pair(), Key::of(2), &CALIBRATION, slots, 0));
        self.drain();
    }

    /// Power off: what was under way to the radio is still under way.
    pub(crate) fn stop_slave(&mut self) {
        self.slave = None;
    }

    pub(crate) fn restart_master(&mut self) {
        self.master_zero = self.now;
        let record = self.record.as_deref();
        self.master = Master::new(our_pair(), Key::of(1), &Params::OFFICIAL, record).unwrap();
        self.order(master::Order::Connect);
    }

    pub(crate) fn order(&mut self, order: master::Order) {
        let now = self.master_now();
        let dice = &mut self.dice;
        self.master.handle_input(master::Input::Order(order), now, &mut || dice.bytes());
        self.drain();
    }

    pub(crate) fn bring(&mut self, bytes: &[u8]) -> Result<(), master::ParcelError> {
        let now = self.master_now();
        let brought = self.master.bring(bytes, now);
        self.drain();
        brought
    }

    pub(crate) fn begin(&mut self, length_ms: i64) {
        let start = self.master_now() as i64;
        self.order(master::Order::Begin { match_id: MATCH, start, end: start + length_ms });
    }

    /// A ball, a hand, a foot: one contact, through the detector.
    pub(crate) fn contact(&mut self) {
        let at = self.slave_now();
        let Some(boot) = self.slave.as_ref().map(Slave::boot) else { return };
        let hit = Hit { at, peak: 700, duration: 40, rise: 9, rows: 3, cols: 5 };
        self.detector.handle_timeout(at);
        self.detector.handle_input(goal::Input::Contact(hit));
        while let Some(event) = self.detector.poll_output() {
            if let goal::Event::Goal(_) = event {
                self.scored.push((boot, at, self.now));
            }
            self.slave_input(slave::Input::Sensor(event));
        }
    }

    pub(crate) fn slave_input(&mut self, input: slave::Input<'_>) {
        let now = self.slave_now();
        let dice = &mut self.dice;
        if let Some(slave) = self.slave.as_mut() {
            slave.handle_input(input, now, &mut || dice.bytes());
        }
        self.drain();
    }

    pub(crate) fn master_frame(&mut self, frame: &[u8]) {
        let now = self.master_now();
        let dice = &mut self.dice;
        self.master.handle_input(master::Input::Frame(frame), now, &mut || dice.bytes());
        self.drain();
    }

    /// Lets time pass, and wakes the halves when they want to be woken.
    pub(crate) fn run(&mut self, ms: u64) {
        let end = self.now + ms * MS;
        while self.now < end {
            self.now = self.next_stop().max(self.now + MS).min(end);
            while let Some(entry) = self.air.first_entry().filter(|entry| entry.key().0 <= self.now)
            {
                match entry.remove() {
                    (Half::Master, frame) => self.master_frame(&frame),
                    (Half::Slave, frame) => self.slave_input(slave::Input::Frame(&frame)),
                }
            }
            self.wake();
        }
    }

    /// Not later than the next thing that happens by itself; the slave's clock is up to 50 ppm fast.
    fn next_stop(&self) -> u64 {
        let air = self.air.keys().next().map(|(at, _)| *at);
        let master = self.master.poll_timeout().map(|(at, _)| self.master_zero + at * MS);
        let slave = self.slave.as_ref().and_then(Slave::poll_timeout);
        let slave = slave.map(|(at, _)| self.slave_zero + at * 999 + at * 949 / 1_000);
        [air, master, slave].into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    /// Runs until the master has said something that fits; at most so long.
    pub(crate) fn run_until(&mut self, ms: u64, fits: impl Fn(&master::Output) -> bool) -> bool {
        (0..ms).any(|_| {
            self.run(1);
            self.from_master.iter().any(&fits)
        })
    }

    fn wake(&mut self) {
        let (now, slave_now) = (self.master_now(), self.slave_now());
        if self.master.poll_timeout().is_some_and(|(at, _)| at <= now) {
            let dice = &mut self.dice;
            self.master.handle_timeout(now, &mut || dice.bytes());
            assert!(self.master.poll_timeout().is_none_or(|(at, _)| at > now), "a busy loop");
        }
        if let Some(slave) = self.slave.as_mut()
            && slave.poll_timeout().is_some_and(|(at, _)| at <= slave_now)
        {
            slave.handle_timeout(slave_now);
            assert!(slave.poll_timeout().is_none_or(|(at, _)| at > slave_now), "a busy loop");
        }
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.master.poll_output() {
            if let master::Output::Send(frame) = output {
                self.transmit(Half::Slave, frame);
            } else if let master::Output::Persist(record) = output {
                self.record = Some(record);
            } else {
                let is_last = self.dies_at_goal && matches!(output, master::Output::Goal(_));
                self.from_master.push_back(output);
                if is_last {
                    self.dies_at_goal = false;
                    while self.master.poll_output().is_some() {}
                }
            }
        }
        while let Some(output) = self.slave.as_mut().and_then(Slave::poll_output) {
            if let slave::Output::Send(frame) = output {
                self.transmit(Half::Master, frame);
            } else if let slave::Output::Persist(slot) = output {
                self.slots.insert(slot.number, slot.bytes);
            } else {
                self.from_slave.push_back(output);
            }
        }
    }

    fn transmit(&mut self, to: Half, frame: Vec<u8>) {
        assert!(frame.len() <= MAX_FRAME, "{} bytes", frame.len());
        self.tape.push(frame.clone());
        let copies = 1 + u64::from(self.dice.percent(self.radio.copies));
        for _ in 0..copies {
            if self.is_cut || self.dice.percent(self.radio.loss) {
                continue;
            }
            let mut frame = frame.clone();
            if self.dice.percent(self.radio.flips) {
                let bit = self.dice.below(frame.len() as u64 * 8) as usize;
                frame[bit / 8] ^= 1 << (bit % 8);
            }
            let (least, most) = self.radio.delay;
            let at = self.now + self.dice.within(least, most);
            self.sent += 1;
            self.air.insert((at, self.sent), (to, frame));
        }
    }
}
