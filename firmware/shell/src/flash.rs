//! The flash, as the second stage and the application share it. Nothing that is kept here is secret in the clear: the device record
//! is sealed, and the key that opens it never leaves the HMAC peripheral.

use alloc::boxed::Box;
use alloc::vec;
use countersign_boot::layout::{BOOT_STATE, DEVICE_RECORD, DEVICE_RECORD_MAX, SECTOR};
use countersign_boot::slots::RECORD_LEN;
use countersign_boot::{Slots, layout};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use esp_hal::peripherals::FLASH;
use esp_storage::{FlashStorage, FlashStorageError};

/// All of it.
pub struct Flash(FlashStorage<'static>);

impl Flash {
    /// Takes the peripheral.
    pub fn new(flash: FLASH<'static>) -> Self {
        Self(FlashStorage::new(flash))
    }

    /// The sector of the sealed device record.
    pub fn device_record(&mut self) -> Result<Box<[u8]>, FlashStorageError> {
        let mut sector = vec![0; DEVICE_RECORD_MAX as usize].into_boxed_slice();
        self.0.read(DEVICE_RECORD, &mut sector)?;
        Ok(sector)
    }

    /// What the second stage knows of the two slots.
    pub fn slots(&mut self) -> Result<Slots, FlashStorageError> {
        let mut records = [[0; RECORD_LEN]; 2];
        for (record, sector) in records.iter_mut().zip(BOOT_STATE) {
            self.0.read(sector, record)?;
        }
        let [zero, one] = &records;
        Ok(Slots::read([zero, one]))
    }

    /// This image works: from now on the second stage starts it without keeping the way back open. Nothing is written if that is
    /// known already.
    pub fn confirm(&mut self) -> Result<(), FlashStorageError> {
        let slots = self.slots()?;
        let confirmed = slots.state().confirm();
        if confirmed == *slots.state() {
            return Ok(());
        }
        let write = slots.write(&confirmed);
        let Some(sector) = BOOT_STATE.get(write.sector) else { return Err(FlashStorageError::OutOfBounds) };
        self.0.erase(*sector, sector + SECTOR)?;
        self.0.write_nor(*sector, &write.record)
    }

    /// A part of it, from `begin` on, for the stores of the application.
    pub fn part(&mut self, begin: u32, len: u32) -> Part<'_> {
        Part { flash: &mut self.0, begin, len }
    }

    /// The application's data.
    pub fn data(&mut self) -> Part<'_> {
        self.part(layout::DATA, layout::DATA_MAX)
    }
}

/// A part of the flash, whose addresses begin at zero. Not encrypted by the chip: torn writes have to stay readable.
pub struct Part<'f> {
    flash: &'f mut FlashStorage<'static>,
    begin: u32,
    len: u32,
}

impl Part<'_> {
    fn at(&self, offset: u32, len: usize) -> Result<u32, FlashStorageError> {
        let end = u32::try_from(len).ok().and_then(|len| offset.checked_add(len));
        match end {
            Some(end) if end <= self.len => Ok(self.begin + offset),
            _ => Err(FlashStorageError::OutOfBounds),
        }
    }
}

impl ErrorType for Part<'_> {
    type Error = FlashStorageError;
}

impl ReadNorFlash for Part<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashStorageError> {
        let at = self.at(offset, bytes.len())?;
        self.flash.read(at, bytes)
    }

    fn capacity(&self) -> usize {
        self.len as usize
    }
}

impl NorFlash for Part<'_> {
    const WRITE_SIZE: usize = FlashStorage::WORD_SIZE as usize;
    const ERASE_SIZE: usize = FlashStorage::SECTOR_SIZE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashStorageError> {
        let len = to.checked_sub(from).ok_or(FlashStorageError::OutOfBounds)?;
        let at = self.at(from, len as usize)?;
        self.flash.erase(at, at + len)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashStorageError> {
        let at = self.at(offset, bytes.len())?;
        self.flash.write_nor(at, bytes)
    }
}
