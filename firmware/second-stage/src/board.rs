//! The chip, as `countersign-boot` wants it.
#![expect(unsafe_code, reason = "copies to the memory that an application will have")]

use crate::{chip, flash, fuses, rom, watchdog};
use countersign_boot::image::{Copy, SignatureSector};
use countersign_boot::slots::{RECORD_LEN, Slot, Write};
use countersign_boot::start::WriteFailed;
use countersign_boot::{Board, SecureVersion, SignatureCheck};

/// The one chip that there is, with all of flash shown.
pub(crate) struct Chip(());

impl Chip {
    pub(crate) fn new() -> Self {
        rom::set_flash_size();
        flash::show_all();
        Self(())
    }
}

impl SignatureCheck for Chip {
    fn sha256(&mut self, bytes: &[u8]) -> [u8; 32] {
        rom::sha256(bytes, watchdog::feed)
    }

    fn verify(&mut self, sector: &SignatureSector<'_>, digest: &[u8; 32]) -> Option<[u8; 32]> {
        watchdog::feed();
        rom::verify(sector.as_bytes(), digest)
    }
}

impl Board<'static> for Chip {
    fn chip(&self) -> countersign_boot::Chip {
        chip::CHIP
    }

    fn record(&mut self, sector: usize) -> [u8; RECORD_LEN] {
        flash::record(sector)
    }

    fn write(&mut self, write: &Write) -> Result<(), WriteFailed> {
        watchdog::feed();
        flash::write(write)
    }

    fn slot(&mut self, slot: Slot) -> &'static [u8] {
        watchdog::feed();
        flash::slot(slot)
    }

    fn floor(&mut self) -> SecureVersion {
        fuses::floor()
    }

    fn raise_floor(&mut self, version: SecureVersion) {
        fuses::raise(version);
    }
}

/// Word by word: not every address of instructions takes bytes.
pub(crate) fn copy(copy: &Copy<'_>) {
    let (words, _) = copy.bytes.as_chunks::<4>();
    let mut to = copy.to as *mut u32;
    for word in words {
        // SAFETY: a `Copy` comes only from a verified image, and lies in RAM that neither the ROM nor the second stage uses.
        unsafe { to.write_volatile(u32::from_le_bytes(*word)) };
        to = to.wrapping_add(1);
    }
}
