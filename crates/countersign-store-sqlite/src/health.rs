//! Whether the store may still be used.

use countersign_store::StoreError;
use std::sync::OnceLock;

/// Sound until the first fatal error, which is remembered for ever.
#[derive(Debug, Default)]
pub(crate) struct Health {
    poison: OnceLock<String>,
}

impl Health {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.poison.get() {
            None => Ok(()),
            Some(why) => Err(StoreError::Engine(why.clone())),
        }
    }

    pub(crate) fn is_poisoned(&self) -> bool {
        self.poison.get().is_some()
    }

    pub(crate) fn poison(&self, error: &rusqlite::Error) {
        self.poison.get_or_init(|| {
            format!("writing failed, so nothing is accepted until the process restarts: {error}")
        });
    }

    /// Why a call was dropped without an answer.
    pub(crate) fn dropped(&self) -> StoreError {
        self.check().err().unwrap_or(StoreError::Closed)
    }
}
