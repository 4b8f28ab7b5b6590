//! The flash, in the two ways in which a chip with flash encryption reads and writes it. Addresses are those of the flash.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec;
use core::cell::RefCell;
use countersign_boot::layout::{DEVICE_RECORD, DEVICE_RECORD_MAX};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use esp_hal::peripherals::FLASH;
use esp_storage::{FlashStorage, FlashStorageError, flash_encryption};

type Shared = Rc<RefCell<FlashStorage<'static>>>;

/// As it is, without the chip's encryption: the device record, which is sealed, the record of slots, and what the application keeps.
/// Torn writes have to stay readable, and nothing of it is secret in the clear.
pub struct Raw(Shared);

/// As applications are stored: encrypted once the fuses say so.
pub struct App(Shared);

/// Takes the peripheral.
pub fn open(flash: FLASH<'static>) -> (Raw, App) {
    let shared = Rc::new(RefCell::new(FlashStorage::new(flash)));
    (Raw(Rc::clone(&shared)), App(shared))
}

impl Raw {
    /// The sector of the sealed device record.
    pub fn device_record(&mut self) -> Result<Box<[u8]>, FlashStorageError> {
        let mut sector = vec![0; DEVICE_RECORD_MAX as usize].into_boxed_slice();
        self.0.borrow_mut().read(DEVICE_RECORD, &mut sector)?;
        Ok(sector)
    }
}

impl ErrorType for Raw {
    type Error = FlashStorageError;
}

impl ReadNorFlash for Raw {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashStorageError> {
        self.0.borrow_mut().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl NorFlash for Raw {
    const WRITE_SIZE: usize = FlashStorage::WORD_SIZE as usize;
    const ERASE_SIZE: usize = FlashStorage::SECTOR_SIZE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashStorageError> {
        self.0.borrow_mut().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashStorageError> {
        self.0.borrow_mut().write_nor(offset, bytes)
    }
}

impl ErrorType for App {
    type Error = FlashStorageError;
}

impl ReadNorFlash for App {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashStorageError> {
        self.0.borrow_mut().read_encrypted(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl NorFlash for App {
    /// A whole sector: what encrypts writes no less.
    const WRITE_SIZE: usize = FlashStorage::SECTOR_SIZE as usize;
    const ERASE_SIZE: usize = FlashStorage::SECTOR_SIZE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashStorageError> {
        self.0.borrow_mut().erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashStorageError> {
        let mut flash = self.0.borrow_mut();
        // A board without the fuses of the factory runs in the clear.
        match flash_encryption() {
            true => flash.write_encrypted(offset, bytes),
            false => flash.write_nor(offset, bytes),
        }
    }
}
