//! Random bytes from one seed of the operating system, so that everything else can be a pure function.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// `SHA-256(seed ‖ counter)`, block by block.
pub(crate) struct Dice {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
}

impl Dice {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed: Zeroizing::new(seed), counter: 0 }
    }

    pub(crate) fn draw<const N: usize>(&mut self) -> [u8; N] {
        const { assert!(N <= 32, "one block at a time") };
        self.counter += 1;
        let block = Sha256::new_with_prefix(b"countersign-dice-v1")
            .chain_update(*self.seed)
            .chain_update(self.counter.to_be_bytes())
            .finalize();
        let mut out = [0; N];
        out.copy_from_slice(&block[..N]);
        out
    }
}
