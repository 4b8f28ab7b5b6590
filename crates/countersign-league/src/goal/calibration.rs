//! What a sheet looks like when nobody touches it.

use countersign::Malformed;
use countersign::wire::Reader;
use sha2::{Digest, Sha256};

/// The resting value and the noise of one sheet, and how many times the noise makes a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calibration {
    /// Mean of the highest reading at rest.
    pub rest: u16,
    /// Mean distance of single readings from `rest`; at least 1.
    pub noise: u16,
    /// A contact is more than `noise` times this above `rest`.
    pub contact: u8,
    /// A sheet whose readings at rest are on average more than `noise` times this away from `rest` is noisy.
    pub noisy: u8,
}

/// Why a sheet cannot be calibrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalibrationError {
    /// Not measured for long enough.
    #[error("calibration needs {needed} readings over 1 s of quiet, and has {found}")]
    TooShort {
        /// Readings needed.
        needed: u32,
        /// Readings there are.
        found: u32,
    },
    /// Somebody touched the sheet, or the wiring is loose.
    #[error("the sheet was not quiet: readings went from {least} to {most}")]
    NotQuiet {
        /// Lowest reading.
        least: u16,
        /// Highest reading.
        most: u16,
    },
    /// The threshold would lie above what the sensor can read.
    #[error("the sheet is too noisy: a contact would have to read more than 65535")]
    TooNoisy,
}

impl Calibration {
    /// Length of [`Calibration::encode`].
    pub const LEN: usize = 7;
    /// A contact is eight times the noise, unless the calibration says otherwise.
    pub const CONTACT: u8 = 8;
    /// Three times the noise at rest is a fault, unless the calibration says otherwise.
    pub const NOISY: u8 = 3;

    /// Readings above this are a contact.
    pub const fn threshold(&self) -> u16 {
        self.above(self.contact as u32)
    }

    /// A contact ends at this reading or below: half way down.
    pub const fn release(&self) -> u16 {
        self.above(self.contact as u32 / 2)
    }

    const fn above(&self, times: u32) -> u16 {
        let level = self.rest as u32 + self.noise as u32 * times;
        if level > u16::MAX as u32 { u16::MAX } else { level as u16 }
    }

    /// `u8 1 ‖ u16 rest ‖ u16 noise ‖ u8 contact ‖ u8 noisy`.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let ([a, b], [c, d]) = (self.rest.to_be_bytes(), self.noise.to_be_bytes());
        [1, a, b, c, d, self.contact, self.noisy]
    }

    /// Reads a stored calibration.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != 1 {
            return Err(Malformed::Version(version));
        }
        let (rest, noise) = (reader.u16()?, reader.u16()?);
        let (contact, noisy) = (reader.u8()?, reader.u8()?);
        reader.finish()?;
        let found = Self { rest, noise, contact, noisy };
        match noise > 0 && contact >= 2 && noisy > 0 && found.threshold() < u16::MAX {
            true => Ok(found),
            false => Err(Malformed::Range),
        }
    }

    /// Names this calibration in every frame that rests on it: `SHA-256("countersign-sensor-v1" ‖ bytes)[..8]`.
    pub fn digest(&self) -> [u8; 8] {
        let hash = Sha256::new_with_prefix(b"countersign-sensor-v1").chain_update(self.encode());
        let mut digest = [0; 8];
        digest.copy_from_slice(&hash.finalize()[..8]);
        digest
    }
}

/// Measures a sheet that nobody touches. Feed it for a second or more, then [`Calibrator::finish`].
#[derive(Debug, Clone, Default)]
pub struct Calibrator {
    began: Option<u64>,
    ended: u64,
    count: u32,
    sum: u64,
    /// Sum of the steps between neighbouring readings, the measure of noise that needs no second pass.
    steps: u64,
    last: u16,
    least: u16,
    most: u16,
}

impl Calibrator {
    const READINGS: u32 = 20;
    const WINDOW: u64 = 1_000;

    /// Takes the highest reading of the sheet at a time. At most 2^32 - 1 are counted.
    pub fn take(&mut self, at: u64, reading: u16) {
        if self.began.is_none() {
            (self.began, self.least, self.most, self.last) = (Some(at), reading, reading, reading);
        }
        if self.count == u32::MAX {
            return;
        }
        self.ended = at;
        self.count += 1;
        self.sum += u64::from(reading);
        self.steps += u64::from(reading.abs_diff(self.last));
        (self.last, self.least, self.most) =
            (reading, self.least.min(reading), self.most.max(reading));
    }

    /// The calibration, with the usual factors.
    pub fn finish(&self) -> Result<Calibration, CalibrationError> {
        let long = self.began.is_some_and(|began| self.ended >= began + Self::WINDOW);
        if self.count < Self::READINGS || !long {
            return Err(CalibrationError::TooShort { needed: Self::READINGS, found: self.count });
        }
        let rest = (self.sum / u64::from(self.count)) as u16;
        let noise = (self.steps.div_ceil(u64::from(self.count) - 1) as u16).max(1);
        let found =
            Calibration { rest, noise, contact: Calibration::CONTACT, noisy: Calibration::NOISY };
        if found.threshold() == u16::MAX {
            return Err(CalibrationError::TooNoisy);
        }
        match self.most <= found.threshold()
            && self.least.saturating_add(found.threshold() - rest) >= rest
        {
            true => Ok(found),
            false => Err(CalibrationError::NotQuiet { least: self.least, most: self.most }),
        }
    }
}
