//! The record of slots in flash: read by the second stage, changed by the application.

use crate::flash::FlashError;
use countersign_boot::layout::{BOOT_STATE, SECTOR};
use countersign_boot::slots::{ChangeError, RECORD_LEN};
use countersign_boot::{Slot, Slots, State};
use embedded_storage::nor_flash::NorFlash;

/// Why an image is not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError<E> {
    /// The record names the other slot.
    #[error("{0}")]
    Slots(ChangeError),
    /// Nothing was kept.
    #[error(transparent)]
    Flash(#[from] FlashError<E>),
}

/// Reads both sectors, without flash encryption.
pub fn read<F: NorFlash>(flash: &mut F) -> Result<Slots, FlashError<F::Error>> {
    let mut sectors = [[0; RECORD_LEN]; 2];
    for (bytes, sector) in sectors.iter_mut().zip(BOOT_STATE) {
        flash.read(sector, bytes).map_err(FlashError::Flash)?;
    }
    Ok(Slots::read([&sectors[0], &sectors[1]]))
}

/// Makes a state last. If the power fails meanwhile, the state before it stands.
pub fn write<F: NorFlash>(flash: &mut F, state: &State) -> Result<(), FlashError<F::Error>> {
    let slots = read(flash)?;
    if slots.state() == state {
        return Ok(());
    }
    let write = slots.write(state);
    let sector = BOOT_STATE[write.sector];
    flash.erase(sector, sector + SECTOR).map_err(FlashError::Flash)?;
    flash.write(sector, &write.record).map_err(FlashError::Flash)
}

/// The application has checked itself and runs well: it is the one to start from now on, and updates are taken. Without this the
/// second stage goes back to the image before it after a few starts.
///
/// `runs` is the slot that it really runs from ([`Slot::of_page`]). If the record names the other one, nothing is written: the second
/// stage could not write which one it started, and the next reset may help.
pub fn confirm<F: NorFlash>(flash: &mut F, runs: Slot) -> Result<(), ConfirmError<F::Error>> {
    let state = *read(flash)?.state();
    let confirmed = state.confirm(runs).map_err(ConfirmError::Slots)?;
    Ok(write(flash, &confirmed)?)
}
