//! Evidence together with its frame: what the game may believe, and what the server will want to see.

use crate::evidence::{Artefact, EvidenceError, Signed, open};
use alloc::vec::Vec;
use countersign::{Malformed, Realm, VerifyingKey};

/// A verified piece of evidence and the bytes that prove it. Only [`Exhibit::open`] makes one from outside bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibit<T> {
    signed: Signed<T>,
    frame: Vec<u8>,
}

impl<T: Artefact> Exhibit<T> {
    /// Verifies a frame with the key of its signer and keeps it.
    pub fn open(realm: &Realm, key: &VerifyingKey, frame: Vec<u8>) -> Result<Self, EvidenceError> {
        open(realm, key, &frame).map(|signed| Self { signed, frame })
    }

    /// What was signed.
    pub const fn signed(&self) -> &Signed<T> {
        &self.signed
    }

    /// The frame.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// What was signed, without its envelope.
    pub const fn value(&self) -> &T {
        &self.signed.value
    }

    /// Reads a frame out of the device's own journal. It was verified before it was written, and whoever can write the
    /// journal holds the key of the master as well: sixty signatures less while a match waits for its device.
    pub(super) fn reopen(realm: &Realm, frame: &[u8]) -> Result<Self, Malformed> {
        let signed = Signed::reopen(realm, frame)?;
        Ok(Self { signed, frame: frame.to_vec() })
    }
}
