//! The second stage's fuzz targets on the stable toolchain: the committed corpus, and mutations of it from a fixed seed.

// The bodies belong to the fuzzer; here they run in every test.
#[expect(unreachable_pub, reason = "the fuzzer builds the same file as a library")]
#[path = "../../../../fuzz/src/boot.rs"]
mod boot;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;

use replay::replay;

const MUTATIONS: u32 = 20_000;

#[test]
fn boot_image() {
    replay("boot_image", &boot::good("boot_image"), boot::boot_image, MUTATIONS);
}

#[test]
fn boot_slots() {
    replay("boot_slots", &boot::good("boot_slots"), boot::boot_slots, MUTATIONS);
}

/// What the target says of an image would say nothing if none got so far.
#[test]
fn the_seeds_of_images_start() {
    for (seed, chip) in boot::good("boot_image").iter().zip(crate::world::CHIPS) {
        let image = countersign_boot::Unverified::parse(&seed[1..], chip);
        assert_eq!(image.unwrap().version(), b"1.0.0");
    }
}
