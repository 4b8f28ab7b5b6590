//! The online key, behind the one seam of signing, with the library that signs quickest here.

use aws_lc_rs::signature::Ed25519KeyPair;
use bytes::Bytes;
use countersign::{Keyset, Signature, Signer, SigningKey, VerifyingKey};
use std::collections::BTreeMap;

/// A seed that gives no key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the online key's seed is not usable")]
pub struct BadSeed;

/// An Ed25519 key that signs answers.
pub struct OnlineSigner {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl OnlineSigner {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, BadSeed> {
        let public = SigningKey::from_seed(seed).verifying_key().clone();
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public.as_bytes())
            .map_err(|_| BadSeed)?;
        Ok(Self { pair, public })
    }
}

impl Signer for OnlineSigner {
    fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Signature {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }
}

impl core::fmt::Debug for OnlineSigner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "OnlineSigner(.., public {})", self.public.fingerprint())
    }
}

/// What the server signs with at present, and the key set that makes clients believe it.
#[derive(Debug)]
pub struct ServerKeys {
    /// The active online key.
    pub signer: OnlineSigner,
    /// The key set, opened.
    pub keyset: Keyset,
    /// The key set as clients fetch it.
    pub keyset_frame: Vec<u8>,
    /// Every set that clients may ask for by its version, the current one included.
    pub keysets: BTreeMap<u64, Bytes>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_libraries_make_the_same_signature() {
        let (fast, slow) =
            (OnlineSigner::from_seed(&[7; 32]).unwrap(), SigningKey::from_seed(&[7; 32]));
        assert_eq!(fast.sign(b"message"), slow.sign(b"message"));
        assert!(!format!("{fast:?}").contains("0707"));
    }
}
