//! The mesh's fuzz targets on the stable toolchain: the committed corpus, and mutations of it from a fixed seed.

use crate::world::Rng;
use std::path::{Path, PathBuf};

// The bodies belong to the fuzzer; here they run in every test.
#[expect(unreachable_pub, reason = "the fuzzer builds the same file as a library")]
#[path = "../../../../fuzz/src/mesh.rs"]
mod mesh;

const MUTATIONS: u32 = 5_000;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

/// After a change, `COUNTERSIGN_WRITE_CORPUS=1 cargo test -p countersign-mesh corpus` writes the seeds again.
fn replay(target: &str, run: fn(&[u8])) {
    let seeds = mesh::good(target);
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
        let mut bytes = seeds[rng.below(seeds.len() as u64) as usize].clone();
        for _ in 0..=rng.below(4) {
            let at = rng.below(bytes.len() as u64) as usize;
            match rng.below(4) {
                0 => bytes.truncate(at + 1),
                1 => bytes.insert(at, rng.next() as u8),
                2 => bytes[at] = rng.next() as u8,
                _ => bytes[at] ^= 1 << rng.below(8),
            }
        }
        run(&bytes);
    }
}

#[test]
fn mesh_packet() {
    replay("mesh_packet", mesh::mesh_packet);
}

#[test]
fn mesh_reassembly() {
    replay("mesh_reassembly", mesh::mesh_reassembly);
}
