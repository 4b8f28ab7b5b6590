//! Keys that a machine and its later starts share.

use countersign::{Realm, RecordDigest, RecordHeader, RecordId, Signature, Signer, SigningKey};
use countersign::{Timestamp, VerifyingKey};
use countersign_league::Artefact;
use countersign_league::evidence::{Stamp, seal};
use std::rc::Rc;

/// A signing key that can be handed to each start of the same machine.
#[derive(Clone)]
pub(crate) struct Key(Rc<SigningKey>);

impl Key {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(Rc::new(SigningKey::from_seed(&seed)))
    }

    /// The frame of a record without a predecessor; empty if it cannot be built, which no check lets pass.
    pub(crate) fn frame<T: Artefact>(
        &self,
        realm: &Realm,
        id: [u8; 16],
        created: Timestamp,
        value: &T,
    ) -> Vec<u8> {
        self.linked(realm, id, created, RecordHeader::FIRST, value)
    }

    pub(crate) fn linked<T: Artefact>(
        &self,
        realm: &Realm,
        id: [u8; 16],
        created: Timestamp,
        previous: RecordDigest,
        value: &T,
    ) -> Vec<u8> {
        let stamp = Stamp { id: RecordId::from_bytes(id), created, previous };
        seal(realm, self, stamp, value).unwrap_or_default()
    }
}

impl Signer for Key {
    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}
