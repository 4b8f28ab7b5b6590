//! The slave at the other end of the air: the core's own machines, with a clock, a memory, a sheet, and a flash for updates.

use super::air::Dice;
use super::flash::{Flash, Updates};
use crate::folders;
use crate::program::PATIENCE;
use countersign::{Signer, SigningKey};
use countersign_league::Params;
use countersign_league::goal::{self, Calibration, Detector, Event, Hit, Rules};
use countersign_league::pair::slave::{Input, Output};
use countersign_league::pair::{Pair, Phase, Slave};
use std::os::unix::net::UnixDatagram;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const CALIBRATION: Calibration = Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 };
/// Between two looks at timers and balls.
const LOOK: Duration = Duration::from_millis(2);

/// What a test may know of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    pub(super) phase: Phase,
    pub(super) is_armed: bool,
    pub(super) is_up: bool,
    /// Reports that the master does not have yet.
    pub(super) waiting: usize,
    /// Goals in the match, on the slave's clock.
    pub(super) goals: Vec<u64>,
}

/// A slave that runs until it is dropped.
pub(super) struct SlaveChip {
    shown: Arc<Mutex<Shown>>,
    balls: Sender<()>,
}

impl SlaveChip {
    pub(super) fn start(air: &UnixDatagram) -> Self {
        Self::with(air, Flash::new())
    }

    /// The same on a flash that has its past.
    pub(super) fn with(air: &UnixDatagram, flash: Flash) -> Self {
        let (air, shown) = (air.try_clone().unwrap(), Arc::new(Mutex::new(Shown::default())));
        let (balls, rolling) = channel();
        let told = Arc::clone(&shown);
        std::thread::spawn(move || Running::new(air, flash).run(&rolling, &told));
        Self { shown, balls }
    }

    pub(super) fn show(&self) -> Shown {
        self.shown.lock().unwrap().clone()
    }

    /// Looks until it is so.
    pub(super) fn until(&self, what: &str, is_so: impl Fn(&Shown) -> bool) {
        for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
            if is_so(&self.show()) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        panic!("the slave is never {what}: {:?}", self.show());
    }

    /// A goal, as soon as the detector takes one.
    pub(super) fn goal(&self) {
        self.until("armed", |shown| shown.is_armed);
        self.balls.send(()).unwrap();
    }
}

struct Running {
    slave: Slave<SigningKey>,
    detector: Detector,
    air: UnixDatagram,
    born: Instant,
    dice: Dice,
    goals: Vec<u64>,
    updates: Updates,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "a slave's clock")]
    fn new(air: UnixDatagram, flash: Flash) -> Self {
        let pair = Pair::from(&folders::pair());
        assert_eq!(&pair.slave, folders::slave().verifying_key());
        air.set_read_timeout(Some(LOOK)).unwrap();
        Self {
            slave: Slave::new(pair, folders::slave(), &CALIBRATION, [], 0),
            detector: Detector::new(Rules::from(&Params::SHORT), CALIBRATION, 0),
            air,
            born: Instant::now(),
            dice: Dice(3),
            goals: Vec::new(),
            updates: Updates::open(flash),
        }
    }

    fn now(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }

    fn run(mut self, rolling: &Receiver<()>, told: &Mutex<Shown>) {
        let mut packet = [0; 512];
        loop {
            if let Ok(len) = self.air.recv(&mut packet) {
                self.input(Input::Frame(&packet[..len]));
            }
            match rolling.try_recv() {
                Ok(()) => self.contact(),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return,
            }
            let now = self.now();
            self.detector.handle_timeout(now);
            self.hear_sheet();
            self.slave.handle_timeout(now);
            self.drain();
            *told.lock().unwrap() = Shown {
                phase: self.slave.phase(),
                is_armed: self.detector.is_armed(now),
                is_up: self.slave.is_up(),
                waiting: self.slave.waiting(),
                goals: self.goals.clone(),
            };
        }
    }

    fn contact(&mut self) {
        let hit = Hit { at: self.now(), peak: 900, duration: 40, rise: 7, rows: 3, cols: 5 };
        self.detector.handle_input(goal::Input::Contact(hit));
        self.hear_sheet();
    }

    fn hear_sheet(&mut self) {
        while let Some(event) = self.detector.poll_output() {
            if let (Event::Goal(hit), Phase::Armed) = (event, self.slave.phase()) {
                self.goals.push(hit.at);
            }
            self.input(Input::Sensor(event));
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.slave.handle_input(input, now, &mut self.dice);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.slave.poll_output() {
            match output {
                Output::Send(frame) => drop(self.air.send(&frame)),
                Output::BadPeer(why) => panic!("the slave distrusts its master: {why:?}"),
                Output::Parcel { number, bytes } => {
                    let answer = self.updates.answer(&bytes);
                    let now = self.now();
                    let input = Input::Answer { number, bytes: &answer };
                    self.slave.handle_input(input, now, &mut self.dice);
                }
                // It never loses power here, so nothing has to last.
                Output::Persist(_)
                | Output::LinkUp { .. }
                | Output::LinkDown { .. }
                | Output::Wanted { .. }
                | Output::Full(_) => {}
            }
        }
    }
}
