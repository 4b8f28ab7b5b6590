//! The fuzz targets on the stable toolchain: the committed corpus, and mutations of it from a fixed seed.

use std::path::{Path, PathBuf};

// The bodies belong to the fuzzer; here they run in every test.
#[expect(unreachable_pub, reason = "the fuzzer builds the same file as a library")]
#[path = "../../../../fuzz/src/chip.rs"]
mod chip;

const MUTATIONS: u32 = 20_000;

/// xorshift64*
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

/// After a change, `COUNTERSIGN_WRITE_CORPUS=1 cargo test -p countersign-chip corpus` writes the seeds again.
fn replay(target: &str, run: fn(&[u8])) {
    let seeds = chip::good(target);
    for (index, seed) in seeds.iter().enumerate() {
        let path = folder(target).join(format!("seed-{index:02}"));
        if std::env::var_os("COUNTERSIGN_WRITE_CORPUS").is_some() {
            std::fs::create_dir_all(folder(target)).unwrap();
            std::fs::write(&path, seed).unwrap();
        }
        assert_eq!(&std::fs::read(&path).unwrap(), seed, "{} is stale", path.display());
        run(seed);
    }
    let mut rng = Rng(0x00c0_ffee);
    for _ in 0..MUTATIONS {
        let mut bytes = seeds[rng.below(seeds.len())].clone();
        for _ in 0..=rng.below(4) {
            let at = rng.below(bytes.len());
            match rng.below(4) {
                0 => bytes.truncate(at + 1),
                1 => bytes.insert(at, rng.below(256) as u8),
                2 => bytes[at] = rng.below(256) as u8,
                _ => bytes[at] ^= 1 << rng.below(8),
            }
        }
        run(&bytes);
    }
}

#[test]
fn chip_record() {
    replay("chip_record", chip::chip_record);
}

#[test]
fn chip_release() {
    replay("chip_release", chip::chip_release);
}
