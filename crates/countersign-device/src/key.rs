//! The half's own key, shared by the parts that sign with it.

use countersign::{Signature, Signer, SigningKey, VerifyingKey};
use std::sync::Arc;

/// One key in memory, however many sign with it.
#[derive(Clone)]
pub(crate) struct Key(Arc<SigningKey>);

impl Key {
    pub(crate) fn new(key: Box<SigningKey>) -> Self {
        Self(Arc::from(key))
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
