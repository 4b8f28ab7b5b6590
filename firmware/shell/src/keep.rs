//! What a half keeps in flash, on top of `countersign_chip::flash`.

use crate::flash::Raw;
use crate::{reset, slot};
use alloc::vec::Vec;
use countersign_chip::flash::{FlashError, LinkSlots, OutboxError, STORE, Small, Store};
use countersign_chip::starts::Starts;
use countersign_chip::update::boot_state::{self, ConfirmError};
use countersign_league::goal::Calibration;
use countersign_league::pair::slave::Slot;
use esp_storage::FlashStorageError;

/// Why something was not kept. The half must not go on: nobody may act on what is not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKept;

impl From<FlashError<FlashStorageError>> for NotKept {
    fn from(_: FlashError<FlashStorageError>) -> Self {
        Self
    }
}

impl From<OutboxError<FlashStorageError>> for NotKept {
    fn from(_: OutboxError<FlashStorageError>) -> Self {
        Self
    }
}

/// This image works: from now on the second stage starts it without keeping the way back open.
///
/// An image that is in no slot, or that the record of slots does not name, goes on unconfirmed, and takes no updates.
pub fn confirm(flash: &mut Raw) -> Result<(), NotKept> {
    let Some(runs) = slot::running() else { return Ok(()) };
    match boot_state::confirm(flash, runs) {
        Ok(()) | Err(ConfirmError::Slots(_)) => Ok(()),
        Err(ConfirmError::Flash(error)) => Err(error.into()),
    }
}

/// The store, and the flash that it is in.
pub struct Keep {
    /// The flash, for what is not in the store.
    pub flash: Raw,
    /// The store.
    pub store: Store,
}

impl Keep {
    /// Opens the store.
    pub fn open(mut flash: Raw) -> Result<Self, NotKept> {
        let store = Store::open(&mut flash, STORE)?;
        Ok(Self { flash, store })
    }

    /// This image works: from now on the second stage starts it without keeping the way back open.
    pub fn confirm(&mut self) -> Result<(), NotKept> {
        confirm(&mut self.flash)
    }

    /// One of the values that a half has one of.
    pub fn read(&mut self, small: Small) -> Result<Option<Vec<u8>>, NotKept> {
        Ok(self.store.read(&mut self.flash, small.key())?)
    }

    /// Keeps one; durable when it returns.
    pub fn write(&mut self, small: Small, value: &[u8]) -> Result<(), NotKept> {
        Ok(self.store.write(&mut self.flash, small.key(), value)?)
    }

    /// All link slots of a slave.
    pub fn slots(&mut self) -> Result<Vec<(u16, Vec<u8>)>, NotKept> {
        Ok(LinkSlots::read(&self.store, &mut self.flash)?)
    }

    /// Keeps a link slot; durable when it returns.
    pub fn put_slot(&mut self, slot: &Slot) -> Result<(), NotKept> {
        LinkSlots::write(&mut self.store, &mut self.flash, slot).map_err(|_| NotKept)
    }

    /// Erases ahead what a match will need. For quiet times.
    pub fn prepare(&mut self) -> Result<(), NotKept> {
        Ok(self.store.prepare(&mut self.flash, LinkSlots::PREPARED)?)
    }

    /// The sheet's calibration, if it was ever measured.
    pub fn calibration(&mut self) -> Result<Option<Calibration>, NotKept> {
        Ok(self.read(Small::Calibration)?.and_then(|bytes| Calibration::decode(&bytes).ok()))
    }

    /// Keeps a calibration.
    pub fn put_calibration(&mut self, calibration: &Calibration) -> Result<(), NotKept> {
        self.write(Small::Calibration, &calibration.encode())
    }

    /// Counts this start, and tells all.
    pub fn count_start(&mut self) -> Result<Starts, NotKept> {
        let before = self.read(Small::Boot)?;
        let before = before.and_then(|bytes| Starts::decode(&bytes).ok()).unwrap_or_default();
        let starts = before.with(reset::cause());
        self.write(Small::Boot, &starts.encode())?;
        Ok(starts)
    }
}
