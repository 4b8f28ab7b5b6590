//! The fuzz targets on the stable toolchain: the committed corpus, and mutations of it from a fixed seed.

// The bodies belong to the fuzzer; here they run in every test.
#[expect(unreachable_pub, reason = "the fuzzer builds the same file as a library")]
#[path = "../../../../fuzz/src/chip.rs"]
mod chip;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;

use replay::replay;

const MUTATIONS: u32 = 20_000;

#[test]
fn chip_record() {
    replay("chip_record", &chip::good("chip_record"), chip::chip_record, MUTATIONS);
}

#[test]
fn chip_release() {
    replay("chip_release", &chip::good("chip_release"), chip::chip_release, MUTATIONS);
}
