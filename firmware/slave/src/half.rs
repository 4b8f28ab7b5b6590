//! The slave's machine and its detector, and where their words go.

use crate::sheet::Sheet;
use crate::words::{self, Shown};
use crate::{LAMP, PAGE};
use countersign::SigningKey;
use countersign_chip::record::DeviceRecord;
use countersign_league::goal::{Calibration, Calibrator, Detector, Grid, Input as Sensed, Rules, Sample};
use countersign_league::pair::channel::Search;
use countersign_league::pair::slave::{Input, Output};
use countersign_league::pair::{Light, Phase, Slave};
use embassy_time::{Duration, Timer, with_deadline};
use esp_hal::gpio;
use firmware_shell::air::{Dial, Ear, Mouth};
use firmware_shell::clock::{at, now};
use firmware_shell::dog::Dog;
use firmware_shell::entropy::Noise;
use firmware_shell::fault;
use firmware_shell::flash::Flash;

/// Between two readings of the sheet, milliseconds: five times what the detector needs.
const READING: u64 = 10;
/// One measurement of a sheet at rest. Milliseconds.
const MEASURE: u64 = 2_000;
/// Who holds the button so long wants the sheet measured again. Milliseconds.
const HOLD: u64 = 3_000;
/// The display is written at most so often. Milliseconds.
const REFRESH: u64 = 500;

/// What a slave is made of.
pub(crate) struct Parts {
    pub(crate) record: DeviceRecord,
    pub(crate) key: SigningKey,
    pub(crate) noise: Noise,
    pub(crate) sheet: Sheet,
    pub(crate) button: gpio::Input<'static>,
    pub(crate) flash: Flash,
    pub(crate) mouth: Mouth,
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
    button: gpio::Input<'static>,
    /// Since when the button is held.
    held: Option<u64>,
    flash: Flash,
    mouth: Mouth,
    ear: Ear,
    dial: Dial,
    light: Light,
    refresh: u64,
}
