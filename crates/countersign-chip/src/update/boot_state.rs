//! The record of slots in flash: read by the second stage, changed by the application.

use crate::flash::FlashError;
use countersign_boot::layout::{BOOT_STATE, SECTOR};
use countersign_boot::slots::RECORD_LEN;
use countersign_boot::{SlotState, Slots, State};
use embedded_storage::nor_flash::NorFlash;

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
pub fn confirm<F: NorFlash>(flash: &mut F) -> Result<(), FlashError<F::Error>> {
    let state = *read(flash)?.state();
    match state.of(state.running()) {
        SlotState::Confirmed if state.current() == state.running() => Ok(()),
        SlotState::Confirmed
        | SlotState::Empty
        | SlotState::New
        | SlotState::Trying { .. }
        | SlotState::Refused => write(flash, &state.confirm()),
    }
}
