//! What `cargo test` does with a fuzz target: the committed seeds, and mutations of them from a fixed seed. Not for the fuzzer, which
//! has mutations of its own.

use std::path::{Path, PathBuf};

/// SplitMix64: the same sequence on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        // Half of them in the headers, where most is decided.
        let len = if self.below(2) == 0 { bytes.len() } else { bytes.len().min(500) };
        let at = self.below(len);
        match self.below(5) {
            0 => bytes.truncate(at + 1),
            1 => bytes.insert(at, self.next() as u8),
            2 => bytes[at] = self.next() as u8,
            3 => bytes[at] = [0, 0x7f, 0x80, 0xff][self.below(4)],
            _ => bytes[at] ^= 1 << self.below(8),
        }
    }
}

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

/// Runs a target over its seeds, which have to be the committed ones, and over so many mutations of them. After a change,
/// `COUNTERSIGN_WRITE_CORPUS=1 cargo test corpus` in the crate writes the seeds again.
pub(crate) fn replay(target: &str, seeds: &[Vec<u8>], run: fn(&[u8]), mutations: u32) {
    for (index, seed) in seeds.iter().enumerate() {
        let path = folder(target).join(format!("seed-{index:02}"));
        if std::env::var_os("COUNTERSIGN_WRITE_CORPUS").is_some() {
            std::fs::create_dir_all(folder(target)).unwrap();
            std::fs::write(&path, seed).unwrap();
        }
        assert_eq!(&std::fs::read(&path).unwrap(), seed, "{} is stale", path.display());
        run(seed);
    }
    let mut dice = Dice(0x00c0_ffee);
    for _ in 0..mutations {
        let mut bytes = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(4) {
            dice.mutate(&mut bytes);
        }
        run(&bytes);
    }
}
