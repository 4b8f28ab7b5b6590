//! HMAC-SHA-256 without a way to fail.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Block size of SHA-256; HMAC pads shorter keys with zeros to it (RFC 2104), so a padded key is the same key.
const BLOCK: usize = 64;

/// A key of at most 64 bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MacKey([u8; BLOCK]);

impl MacKey {
    /// `None` if the key is longer than a block.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        let mut key = Self([0; BLOCK]);
        key.0.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(key)
    }

    pub(crate) const fn from_32(bytes: [u8; 32]) -> Self {
        let mut block = [0; BLOCK];
        let (head, _) = block.split_at_mut(32);
        head.copy_from_slice(&bytes);
        Self(block)
    }

    /// The MAC of all parts in a row; separating them is the caller's duty.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new(&self.0.into());
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_test_case_2() {
        let mac = MacKey::new(b"Jefe").map(|key| key.mac(&[b"what do ya want ", b"for nothing?"]));
        assert_eq!(
            mac.map(hex::encode).as_deref(),
            Some("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
        assert!(MacKey::new(&[0; 65]).is_none());
    }
}
