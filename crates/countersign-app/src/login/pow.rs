//! Proof of work: what a server under attack asks for before it sends a code.

use core::ops::RangeInclusive;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The most that this client works for a code: a minute or so. More is refused, whoever asks.
pub const BITS_MAX: u32 = 26;

/// The server asks for too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the server asks for a proof of work of {0} bits; this program does at most {BITS_MAX}")]
pub struct PowTooHard(pub u32);

/// Finds a nonce with `SHA-256(challenge ‖ nonce)` starting with `bits` zero bits. Keeps a core busy.
pub fn solve(challenge: &[u8], bits: u32) -> Result<u64, PowTooHard> {
    let found = solve_among(challenge, bits, 0..=u64::MAX)?;
    found.ok_or(PowTooHard(bits))
}

/// The first such nonce among these, if there is one: for programs that have to look after something else now and then.
pub fn solve_among(
    challenge: &[u8],
    bits: u32,
    mut nonces: RangeInclusive<u64>,
) -> Result<Option<u64>, PowTooHard> {
    if bits > BITS_MAX {
        return Err(PowTooHard(bits));
    }
    let prefix = Sha256::new_with_prefix(challenge);
    let fits = |nonce: &u64| {
        let hash: [u8; 32] = prefix.clone().chain_update(nonce.to_be_bytes()).finalize().into();
        leading_zero_bits(&hash) >= bits
    };
    Ok(nonces.find(fits))
}

fn leading_zero_bits(hash: &[u8; 32]) -> u32 {
    let whole = hash.iter().take_while(|byte| **byte == 0).count();
    8 * whole as u32 + hash.get(whole).map_or(0, |byte| byte.leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_is_one_and_too_much_is_refused() {
        let nonce = solve(b"challenge", 12).unwrap();
        let hash = Sha256::new_with_prefix(b"challenge").chain_update(nonce.to_be_bytes());
        assert!(leading_zero_bits(&hash.finalize().into()) >= 12);
        assert_eq!(solve(b"", BITS_MAX + 1), Err(PowTooHard(BITS_MAX + 1)));
        assert_eq!(solve_among(b"challenge", 12, 0..=nonce - 1), Ok(None));
        assert_eq!(solve_among(b"challenge", 12, nonce..=nonce), Ok(Some(nonce)));
        assert_eq!(leading_zero_bits(&[0; 32]), 256);
    }
}
