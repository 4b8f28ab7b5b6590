//! The second stage's fuzz targets on the stable toolchain: the committed corpus, and mutations of it from a fixed seed.

use crate::world::Rng;
use std::path::{Path, PathBuf};

// The bodies belong to the fuzzer; here they run in every test.
#[expect(unreachable_pub, reason = "the fuzzer builds the same file as a library")]
#[path = "../../../../fuzz/src/boot.rs"]
mod boot;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

/// After a change, `COUNTERSIGN_WRITE_CORPUS=1 cargo test -p countersign-boot corpus` writes the seeds again.
fn replay(target: &str, run: fn(&[u8]), mutations: u32) {
    let seeds = boot::good(target);
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
    for _ in 0..mutations {
        let mut bytes = seeds[rng.below(seeds.len())].clone();
        for _ in 0..=rng.below(4) {
            // Half of them in the headers, where most is decided.
            let len = if rng.below(2) == 0 { bytes.len() } else { bytes.len().min(500) };
            let at = rng.below(len);
            match rng.below(5) {
                0 => bytes.truncate(at + 1),
                1 => bytes.insert(at, rng.next() as u8),
                2 => bytes[at] = rng.next() as u8,
                3 => bytes[at] = [0, 0x7f, 0x80, 0xff][rng.below(4)],
                _ => bytes[at] ^= 1 << rng.below(8),
            }
        }
        run(&bytes);
    }
}

#[test]
fn boot_image() {
    replay("boot_image", boot::boot_image, 20_000);
}

#[test]
fn boot_slots() {
    replay("boot_slots", boot::boot_slots, 20_000);
}

/// What the target says of an image would say nothing if none got so far.
#[test]
fn the_seeds_of_images_start() {
    for (seed, chip) in boot::good("boot_image").iter().zip(crate::world::CHIPS) {
        let image = countersign_boot::Unverified::parse(&seed[1..], chip);
        assert_eq!(image.unwrap().version(), b"1.0.0");
    }
}
