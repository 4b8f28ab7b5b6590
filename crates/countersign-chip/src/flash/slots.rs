//! The slave's link slots: the newest bytes of each number, at once or not at all.

use super::sector::FlashError;
use super::store::Store;
use alloc::vec::Vec;
use countersign_league::pair::slave::Slot;
use embedded_storage::nor_flash::NorFlash;

/// Slots of a slave: its head, and 256 reports.
const SLOTS: u16 = 257;
const BYTES_MAX: usize = 200;

/// Number and newest bytes of a slot.
pub type Found = (u16, Vec<u8>);

/// Why a slot was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotError<E> {
    /// No slot of a slave.
    #[error("a slot has a number below {SLOTS} and at most {BYTES_MAX} bytes")]
    Slot,
    /// The store said no.
    #[error(transparent)]
    Store(#[from] FlashError<E>),
}

/// The slots, in the keys 0 to 256 of a store.
#[derive(Debug)]
pub struct LinkSlots;

impl LinkSlots {
    /// Sectors to [`prepare`](Store::prepare) before a match: room for 250 reports without an erase.
    pub const PREPARED: u32 = 12;

    /// Every slot that has some, for [`Slave::new`](countersign_league::pair::Slave::new).
    pub fn read<F: NorFlash>(
        store: &Store,
        flash: &mut F,
    ) -> Result<Vec<Found>, FlashError<F::Error>> {
        let mut found = Vec::new();
        for key in store.keys().filter(|key| *key < SLOTS) {
            if let Some(bytes) = store.read(flash, key)? {
                found.push((key, bytes));
            }
        }
        Ok(found)
    }

    /// Durable when it returns; a loss of power before leaves what was there.
    pub fn write<F: NorFlash>(
        store: &mut Store,
        flash: &mut F,
        slot: &Slot,
    ) -> Result<(), SlotError<F::Error>> {
        if slot.number >= SLOTS || slot.bytes.len() > BYTES_MAX || slot.bytes.is_empty() {
            return Err(SlotError::Slot);
        }
        Ok(store.write(flash, slot.number, &slot.bytes)?)
    }
}
