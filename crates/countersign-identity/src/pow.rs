//! Proof of work before a code is sent (PROTOCOL.md section 11 step 2): makes floods cost their sender something.

use crate::code::{RandomError, fill_random};
use sha2::{Digest, Sha256};

/// More than this is no proof of work any more but a closed door (2^28 hashes: minutes on a phone).
pub const MAX_BITS: u8 = 28;

/// A challenge: the number of bits, then 16 random bytes. The bits are part of what is hashed and stored, so that
/// a changed configuration does not spoil challenges that were handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(Vec<u8>);

impl Challenge {
    /// A fresh challenge of this difficulty, at most [`MAX_BITS`].
    pub fn new(bits: u8) -> Result<Self, RandomError> {
        let mut bytes = vec![0; 17];
        fill_random(&mut bytes)?;
        if let Some(first) = bytes.first_mut() {
            *first = bits.min(MAX_BITS);
        }
        Ok(Self(bytes))
    }

    /// A challenge as the store gives it back.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What is stored, and sent as hex.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Leading zero bits that a solution needs.
    pub fn bits(&self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }

    /// Whether this nonce solves it.
    pub fn is_solved_by(&self, nonce: u64) -> bool {
        verify(&self.0, self.bits(), nonce)
    }
}

/// Whether `SHA-256(challenge ‖ nonce)` starts with `bits` zero bits.
pub fn verify(challenge: &[u8], bits: u8, nonce: u64) -> bool {
    let hash = Sha256::new().chain_update(challenge).chain_update(nonce.to_be_bytes()).finalize();
    leading_zeros(&hash) >= u32::from(bits)
}

/// Finds the first nonce that solves a challenge; `None` if there should be none at all.
///
/// For clients and tests. Takes 2^bits hashes on average: 18 bits are 8 ms on a server core with SHA instructions.
pub fn solve(challenge: &[u8], bits: u8) -> Option<u64> {
    (0..=u64::MAX).find(|nonce| verify(challenge, bits, *nonce))
}

fn leading_zeros(hash: &[u8]) -> u32 {
    let whole = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(whole).map_or(0, |byte| byte.leading_zeros());
    8 * u32::try_from(whole).unwrap_or(u32::MAX / 8) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_solves_its_own_challenge_only() -> Result<(), RandomError> {
        let (mine, other) = (Challenge::new(12)?, Challenge::new(12)?);
        assert_ne!(mine, other);
        let nonce = solve(mine.as_bytes(), mine.bits()).unwrap_or_default();
        assert!(mine.is_solved_by(nonce));
        let hits = (0..8).filter(|step| other.is_solved_by(nonce + step)).count();
        assert!(hits < 8, "a nonce is no general key");
        assert_eq!(Challenge::from_bytes(mine.as_bytes().to_vec()).bits(), 12);
        Ok(())
    }

    #[test]
    fn zero_bits_are_counted_over_byte_borders() {
        assert_eq!(leading_zeros(&[0, 0, 0b0001_0000, 0]), 19);
        assert_eq!(leading_zeros(&[0x80]), 0);
        assert_eq!(leading_zeros(&[0; 32]), 256);
    }

    #[test]
    fn the_hash_is_the_one_of_the_specification() {
        // python3: the first n with sha256(b"\x10"*4 + n.to_bytes(8, "big")) below 2**(256-16)
        assert_eq!(solve(&[0x10; 4], 16), Some(3188));
    }

    #[test]
    fn no_configuration_makes_a_challenge_unsolvable() -> Result<(), RandomError> {
        assert_eq!(Challenge::new(255)?.bits(), MAX_BITS);
        Ok(())
    }
}
