//! Small values in flash, by number, on top of `countersign_chip::flash::Store`.

use crate::flash::Flash;
use crate::reset;
use alloc::vec::Vec;
use core::ops::Range;
use countersign_chip::flash::{FlashError, LinkSlots, Store};
use countersign_chip::starts::Starts;
use countersign_league::goal::Calibration;
use countersign_league::pair::slave::Slot;
use esp_storage::FlashStorageError;

/// Above the link slots.
const CALIBRATION: u16 = 0x0300;
const STARTS: u16 = 0x0301;

/// Why something was not kept. The half must not go on: nobody may act on what is not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKept;

impl From<FlashError<FlashStorageError>> for NotKept {
    fn from(_: FlashError<FlashStorageError>) -> Self {
        Self
    }
}

/// The store, and the flash that it is in.
pub struct Keep {
    flash: Flash,
    store: Store,
}

impl Keep {
    /// Opens the store in a range of the application's data.
    pub fn open(mut flash: Flash, range: Range<u32>) -> Result<Self, NotKept> {
        let store = Store::open(&mut flash.data(), range)?;
        Ok(Self { flash, store })
    }

    /// The flash, for what is not in the store.
    pub fn flash(&mut self) -> &mut Flash {
        &mut self.flash
    }

    /// A value.
    pub fn read(&mut self, key: u16) -> Result<Option<Vec<u8>>, NotKept> {
        Ok(self.store.read(&mut self.flash.data(), key)?)
    }

    /// Keeps a value; durable when it returns.
    pub fn write(&mut self, key: u16, value: &[u8]) -> Result<(), NotKept> {
        Ok(self.store.write(&mut self.flash.data(), key, value)?)
    }

    /// All link slots of a slave.
    pub fn slots(&mut self) -> Result<Vec<(u16, Vec<u8>)>, NotKept> {
        Ok(LinkSlots::read(&self.store, &mut self.flash.data())?)
    }

    /// Keeps a link slot; durable when it returns.
    pub fn put_slot(&mut self, slot: &Slot) -> Result<(), NotKept> {
        LinkSlots::write(&mut self.store, &mut self.flash.data(), slot).map_err(|_| NotKept)
    }

    /// Erases ahead what a match will need. For quiet times.
    pub fn prepare(&mut self) -> Result<(), NotKept> {
        Ok(self.store.prepare(&mut self.flash.data(), LinkSlots::PREPARED)?)
    }

    /// The sheet's calibration, if it was ever measured.
    pub fn calibration(&mut self) -> Result<Option<Calibration>, NotKept> {
        Ok(self.read(CALIBRATION)?.and_then(|bytes| Calibration::decode(&bytes).ok()))
    }

    /// Keeps a calibration.
    pub fn put_calibration(&mut self, calibration: &Calibration) -> Result<(), NotKept> {
        self.write(CALIBRATION, &calibration.encode())
    }

    /// Counts this start, and tells all.
    pub fn count_start(&mut self) -> Result<Starts, NotKept> {
        let before = self.read(STARTS)?.and_then(|bytes| Starts::decode(&bytes).ok()).unwrap_or_default();
        let starts = before.with(reset::cause());
        self.write(STARTS, &starts.encode())?;
        Ok(starts)
    }
}
