//! Randomness: the operating system's, stirred so that a single failure of it is no catastrophe.

use countersign_league::pair::Entropy;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub(crate) struct NoRandom;

/// `N` fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(bytes)
}

/// A generator that cannot fail once it has started: what the system gives goes into a hash chain.
pub(crate) struct Random(Zeroizing<[u8; 32]>);

impl Random {
    /// Starts it; here a silent system is an error.
    pub(crate) fn start() -> Result<Self, NoRandom> {
        Ok(Self(Zeroizing::new(bytes()?)))
    }

    fn step(&self, label: u8, fresh: &[u8; 32]) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(b"countersign-random-v1");
        hash.chain_update([label]).chain_update(&self.0[..]).chain_update(fresh).finalize().into()
    }
}

impl Entropy for Random {
    fn draw(&mut self) -> [u8; 32] {
        // The chain alone is unpredictable, too.
        let fresh = Zeroizing::new(bytes().unwrap_or([0; 32]));
        let out = self.step(0, &fresh);
        self.0 = Zeroizing::new(self.step(1, &fresh));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_twice() {
        let mut random = Random::start().unwrap();
        let mut drawn: Vec<_> = (0..64).map(|_| random.draw()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 64);
    }
}
