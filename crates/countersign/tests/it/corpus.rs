//! The fuzz targets on the stable toolchain: the committed corpus, and mutations of it from a fixed seed.

use crate::vectors::{frames, workspace};
use std::path::PathBuf;

// The bodies belong to the fuzzer; here they run in every test.
#[expect(unreachable_pub, reason = "the fuzzer builds the same file as a library")]
#[path = "../../../../fuzz/src/targets.rs"]
pub(crate) mod targets;

const MUTATIONS: u32 = 20_000;
/// Longest input: more finds nothing new and takes time.
const LEN_MAX: usize = 2_000;

/// SplitMix64: the same sequence on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `limit`; 0 if that is 0.
    fn below(&mut self, limit: usize) -> usize {
        self.next().checked_rem(limit as u64).unwrap_or(0) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len());
        let len = self.below(bytes.len() - at + 1).min(64);
        match self.below(8) {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
            2 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
            3 if !bytes.is_empty() => bytes[at] = self.next() as u8,
            4 => bytes.insert(at, self.next() as u8),
            5 => drop(bytes.drain(at..at + len)),
            6 => {
                let part = bytes[at..at + len].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, part).for_each(drop);
            }
            _ => {
                let from = self.below(other.len());
                bytes.splice(at..at + len, other[from..].iter().take(len).copied()).for_each(drop);
            }
        }
        bytes.truncate(LEN_MAX);
    }
}

fn folder(target: &str) -> PathBuf {
    workspace().join("fuzz/corpus").join(target)
}

/// The committed corpus of a target, in a fixed order; not what a fuzzer has left there since.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let committed = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("seed-") || name.starts_with("regression-")
    };
    let entries = std::fs::read_dir(folder(target)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(committed).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn replay_corpus_and_mutations(target: &str) {
    let (_, run) = targets::ALL.into_iter().find(|(name, _)| *name == target).unwrap();
    let seeds = corpus(target);
    assert!(seeds.len() >= 3, "{target} has {} seeds", seeds.len());
    seeds.iter().for_each(|seed| run(seed));
    run(&[]);
    let mut random = Random(0x00c0_ffee);
    for _ in 0..MUTATIONS {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        let other = &seeds[random.below(seeds.len())];
        for _ in 0..=random.below(4) {
            random.mutate(&mut bytes, other);
        }
        run(&bytes);
    }
}

macro_rules! targets {
    ($($target:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($target)),*];

        $(#[test]
        fn $target() {
            replay_corpus_and_mutations(stringify!($target));
        })*
    };
}

targets!(frame_split request response push record keyset register chunked batch verify_request replay client_open);

#[test]
fn every_target_is_here_and_in_the_fuzzer() {
    let all = targets::ALL.map(|(name, _)| name);
    assert_eq!(all, NAMES);
    for name in all {
        let path = workspace().join(format!("fuzz/fuzz_targets/{name}.rs"));
        let body = std::fs::read_to_string(path).unwrap();
        assert!(body.contains(&format!("targets::{name}(data)")), "{name}");
    }
}

/// The good input of each target, and some of the vectors' frames.
///
/// After a change of the vectors, `COUNTERSIGN_WRITE_CORPUS=1 cargo test -p countersign corpus` writes the files again.
#[test]
fn the_seeds_are_the_good_inputs_and_some_vectors() {
    let write = std::env::var_os("COUNTERSIGN_WRITE_CORPUS").is_some();
    for (name, _) in targets::ALL {
        for (i, seed) in seeds(name).into_iter().enumerate() {
            let path = folder(name).join(format!("seed-{i:02}"));
            if write {
                std::fs::create_dir_all(folder(name)).unwrap();
                std::fs::write(&path, &seed).unwrap();
            }
            assert!(
                std::fs::read(&path).is_ok_and(|found| found == seed),
                "{} is stale",
                path.display()
            );
        }
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let kind = match target {
        "frame_split" | "batch" => "batch",
        "verify_request" => "request",
        "client_open" => "response",
        other => other,
    };
    let mut seeds = targets::good(target);
    seeds.extend(frames(kind).into_iter().step_by(9).filter(|frame| frame.len() < 700).take(12));
    if target == "keyset" || target == "register" {
        seeds.truncate(8);
    }
    seeds
}
