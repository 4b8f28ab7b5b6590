//! The slave's machine and its detector, and where their words go.

use crate::words::{self, Link, Shown};
use crate::{LAMP, PAGE, SAID};
use alloc::vec::Vec;
use countersign::SigningKey;
use countersign_chip::record::DeviceRecord;
use countersign_chip::starts::Starts;
use countersign_chip::update::ImageKind;
use countersign_league::button::{Button, Then};
use countersign_league::goal::{Calibration, Detector, Input as Sensed, Rules};
use countersign_league::pair::channel::Search;
use countersign_league::pair::slave::{Input, Output};
use countersign_league::pair::{Light, Phase, Slave};
use embassy_futures::yield_now;
use embassy_time::with_deadline;
use esp_hal::gpio;
use firmware_shell::air::{Dial, Ear};
use firmware_shell::clock::{at, now};
use firmware_shell::dog::Dog;
use firmware_shell::entropy::Noise;
use firmware_shell::fault;
use firmware_shell::flash::App;
use firmware_shell::keep::{Keep, NotKept};
use firmware_shell::screen::Page;
use firmware_shell::sheet::{READING, Sheet, measure};
use firmware_shell::update::Updates;

/// The display is written at most so often. Milliseconds.
const REFRESH: u64 = 500;

/// What a slave is made of.
pub(crate) struct Parts {
    pub(crate) record: DeviceRecord,
    pub(crate) key: SigningKey,
    pub(crate) noise: Noise,
    pub(crate) sheet: Sheet,
    pub(crate) button: gpio::Input<'static>,
    pub(crate) keep: Keep,
    pub(crate) app: App,
    pub(crate) ear: Ear,
    pub(crate) dial: Dial,
}

/// A slave that runs.
pub(crate) struct Half {
    slave: Slave<SigningKey>,
    detector: Detector,
    search: Search,
    record: DeviceRecord,
    noise: Noise,
    sheet: Sheet,
    button: Button,
    wire: gpio::Input<'static>,
    keep: Keep,
    updates: Updates,
    ear: Ear,
    dial: Dial,
    light: Light,
    score: [u8; 2],
    starts: Starts,
    refresh: u64,
}

impl Half {
    /// Opens what is kept, measures the sheet if that was never done, and starts the machine. `None`: the flash fails.
    pub(crate) async fn start(parts: Parts, dog: &mut Dog) -> Option<Self> {
        let Parts { record, key, noise, mut sheet, button, mut keep, app, ear, dial } = parts;
        let starts = keep.count_start().ok()?;
        let calibration = match keep.calibration().ok()? {
            Some(known) => known,
            None => {
                // A new device: however long it takes until the sheet is quiet, this is the image that the factory gave it.
                keep.confirm().ok()?;
                let found = loop {
                    if let Some(found) = measure_quietly(&mut sheet, dog).await {
                        break found;
                    }
                };
                keep.put_calibration(&found).ok()?;
                found
            }
        };
        let slots = keep.slots().ok()?;
        let slots = slots.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
        let slave = Slave::new(record.halves(), key, &calibration, slots, now());
        let detector = Detector::new(Rules::from(&record.params), calibration, now());
        // Radio, flash, keys and record are as they have to be: this image is good.
        keep.confirm().ok()?;
        let updates = Updates::open(ImageKind::Slave, app, &mut keep).ok()?;
        let (search, light) = (Search::new(now()), Light::Off);
        dial.tune(search.channel());
        Some(Self {
            slave,
            detector,
            search,
            record,
            noise,
            sheet,
            button: Button::new(),
            wire: button,
            keep,
            updates,
            ear,
            dial,
            light,
            score: [0; 2],
            starts,
            refresh: 0,
        })
    }

    /// Until the power fails. A flash that fails is the end of this run, before anything that should have been kept goes on.
    pub(crate) async fn run(mut self, mut dog: Dog) -> ! {
        let mut next = now();
        loop {
            dog.feed();
            // Whoever talks without end does not keep lamp and display waiting.
            yield_now().await;
            if self.carry_out().is_err() {
                fault::restart();
            }
            match self.hear_until(next).await {
                Some(packet) => {
                    self.slave.handle_input(Input::Frame(&packet), now(), &mut self.noise);
                }
                None => {
                    next = now() + READING;
                    self.feel();
                    match self.look_at_button() {
                        Then::Calibrate => self.calibrate(&mut dog).await,
                        Then::Nothing => {}
                    }
                    self.handle_timeout();
                }
            }
        }
    }

    /// A packet, as long as there is time: whoever talks without end does not keep the sheet from being read.
    async fn hear_until(&mut self, due: u64) -> Option<Vec<u8>> {
        match now() < due {
            true => with_deadline(at(due), self.ear.hear()).await.ok(),
            false => None,
        }
    }

    fn feel(&mut self) {
        let sample = self.sheet.read(now(), self.detector.calibration());
        self.detector.handle_input(Sensed::Sample(sample));
    }

    /// What time alone changes. Ten milliseconds late at most: nobody waits for less.
    fn handle_timeout(&mut self) {
        let now = now();
        let timers = [self.slave.poll_timeout(), self.detector.poll_timeout()];
        if timers.into_iter().flatten().any(|(due, _)| due <= now) {
            self.slave.handle_timeout(now);
            self.detector.handle_timeout(now);
        }
        let before = self.search.channel();
        self.search.handle(self.slave.is_up(), now);
        if self.search.channel() != before {
            self.dial.tune(self.search.channel());
        }
        // No match is open, and the master has everything.
        let is_safe = self.slave.phase() == Phase::Idle && self.slave.waiting() == 0;
        self.updates.start_new(is_safe, now);
        if now >= self.refresh {
            self.refresh = now + REFRESH;
            self.show(now);
        }
    }

    /// Does in order what is wanted.
    fn carry_out(&mut self) -> Result<(), NotKept> {
        while let Some(event) = self.detector.poll_output() {
            self.slave.handle_input(Input::Sensor(event), now(), &mut self.noise);
        }
        while let Some(output) = self.slave.poll_output() {
            match output {
                Output::Send(frame) => drop(SAID.try_send(frame)),
                Output::Persist(slot) => self.keep.put_slot(&slot)?,
                Output::Wanted { phase, light, score, .. } => {
                    (self.light, self.score) = (light, score);
                    if phase == Phase::Idle {
                        self.keep.prepare()?;
                    }
                }
                Output::Parcel { number, bytes } => {
                    let answer = self.updates.answer_parcel(&bytes, &mut self.keep)?;
                    let input = Input::Answer { number, bytes: &answer };
                    self.slave.handle_input(input, now(), &mut self.noise);
                }
                Output::LinkUp { .. } | Output::LinkDown { .. } => self.refresh = 0,
                // The master hears of a missing goal by the seal, and of a false master by the silence.
                Output::Full(_) | Output::BadPeer(_) => {}
            }
        }
        Ok(())
    }

    /// What the button means, the machine says.
    fn look_at_button(&mut self) -> Then {
        let touch = self.button.look(self.wire.is_low(), now());
        touch.map_or(Then::Nothing, |touch| self.slave.touched(touch, now()))
    }

    async fn calibrate(&mut self, dog: &mut Dog) {
        // A sheet that does not come to rest stays as it was.
        let Some(found) = measure_quietly(&mut self.sheet, dog).await else { return };
        if self.keep.put_calibration(&found).is_err() {
            fault::restart();
        }
        self.slave.handle_input(Input::Calibrated(found), now(), &mut self.noise);
        self.detector = Detector::new(Rules::from(&self.record.params), found, now());
    }

    fn show(&self, now: u64) {
        let shown = Shown {
            link: Link::of(&self.slave, now),
            is_armed: self.detector.is_armed(now),
            phase: self.slave.phase(),
            light: self.light,
            score: self.score,
            goals: self.slave.goals(),
            waiting: self.slave.waiting(),
            starts: self.starts,
        };
        LAMP.signal(words::pattern(shown.light, shown.link));
        PAGE.signal(words::page(&self.record, &shown));
    }
}

async fn measure_quietly(sheet: &mut Sheet, dog: &mut Dog) -> Option<Calibration> {
    LAMP.signal(words::MEASURING);
    PAGE.signal(Page::measuring());
    measure(sheet, dog).await
}
