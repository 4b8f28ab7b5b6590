//! What a match will need of a master's flash is erased before it: an erase stops everything, the sheet included.

use super::journal::Journal;
use super::sector::FlashError;
use super::slots::LinkSlots;
use super::store::Store;
use countersign_league::game::State;
use embedded_storage::nor_flash::NorFlash;

/// How far a master is with it: one sector for each turn of its loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ahead {
    /// Of the store.
    sectors: u32,
}

impl Ahead {
    /// Nothing is prepared.
    pub const fn new() -> Self {
        Self { sectors: 0 }
    }

    /// A turn. Before a match one sector is erased, as long as one is left that a match may need; in any other state none.
    pub fn turn<F: NorFlash>(
        &mut self,
        state: State,
        flash: &mut F,
        journal: &mut Journal,
        store: &mut Store,
    ) -> Result<(), FlashError<F::Error>> {
        if !state.is_before_match() {
            self.sectors = 0;
            return Ok(());
        }
        if journal.prepare(flash)? || self.sectors >= LinkSlots::PREPARED {
            return Ok(());
        }
        // One more than the last time.
        self.sectors += 1;
        store.prepare(flash, self.sectors)
    }
}
