//! Randomness: the operating system's, stirred so that a single failure of it is no catastrophe.

use countersign_mesh::Entropy;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandom;

/// A generator that cannot fail once it has started: what the system gives goes into a hash chain.
pub struct Random(Zeroizing<[u8; 32]>);

impl core::fmt::Debug for Random {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Random")
    }
}

impl Random {
    /// Starts it; here a silent system is an error.
    pub fn start() -> Result<Self, NoRandom> {
        let mut first = Zeroizing::new([0; 32]);
        getrandom::fill(&mut first[..]).map_err(|_| NoRandom)?;
        Ok(Self(first))
    }

    fn step(&self, label: u8, fresh: &[u8; 32]) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(b"countersign-random-v1");
        hash.chain_update([label]).chain_update(&self.0[..]).chain_update(fresh).finalize().into()
    }
}

impl Entropy for Random {
    fn fill(&mut self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(32) {
            // The chain alone is unpredictable, too: a failure now and then leaves it as it is.
            let mut fresh = Zeroizing::new([0; 32]);
            let _failed = getrandom::fill(&mut fresh[..]).is_err();
            let out = Zeroizing::new(self.step(0, &fresh));
            self.0 = Zeroizing::new(self.step(1, &fresh));
            piece.copy_from_slice(&out[..piece.len()]);
        }
    }
}

/// Fresh bytes for what only has to differ: pauses, addresses, questions to neighbours. Zeros if the system has none.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let _failed = getrandom::fill(&mut bytes).is_err();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_twice() {
        let mut random = Random::start().unwrap();
        let mut drawn = vec![0; 32 * 64 + 7];
        random.fill(&mut drawn);
        let mut pieces: Vec<_> = drawn.chunks(32).collect();
        pieces.sort_unstable();
        pieces.dedup();
        assert_eq!(pieces.len(), 65);
    }
}
