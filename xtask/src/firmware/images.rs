//! What there is to build, and what it may take. A budget is some 5 % above what it takes today: growth is a decision.

/// A chip.
pub(super) struct Chip {
    /// As the tables show it.
    pub(super) name: &'static str,
    /// Feature of every package.
    pub(super) feature: &'static str,
    /// What rustc calls it.
    pub(super) target: &'static str,
}

/// In the order of [`Image::budgets`].
pub(super) const CHIPS: [Chip; 2] = [
    Chip { name: "C3", feature: "esp32c3", target: "riscv32imc-unknown-none-elf" },
    Chip { name: "C6", feature: "esp32c6", target: "riscv32imac-unknown-none-elf" },
];

/// A program.
pub(super) struct Image {
    pub(super) package: &'static str,
    pub(super) binary: &'static str,
    /// Room in flash, in bytes.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds the budgets against it"))]
    pub(super) room: u64,
    pub(super) budgets: [Budget; 2],
}

/// In bytes.
pub(super) struct Budget {
    /// What the image takes in flash, at most.
    pub(super) flash: u64,
    /// What is taken in RAM before the first line runs, at most; the heap is in it.
    pub(super) ram: u64,
    /// What is left for the first task's stack, at least.
    pub(super) stack: u64,
}

/// A slot has 0x190000 bytes: padded to 64 KiB, and a sector for the signature.
const SLOT: u64 = 0x18_0000;

/// What the second stage has, without its padding and its signature sector.
const FIRST_32_KIB: u64 = 0x7000;

pub(super) const IMAGES: &[Image] = &[
    Image {
        package: "second-stage",
        binary: "second-stage",
        room: FIRST_32_KIB,
        budgets: [
            Budget { flash: 10_000, ram: 10_000, stack: 0 },
            Budget { flash: 10_000, ram: 10_000, stack: 0 },
        ],
    },
    Image {
        package: "firmware-master",
        binary: "master",
        room: SLOT,
        budgets: [
            Budget { flash: 1_045_000, ram: 345_000, stack: 48_000 },
            Budget { flash: 1_127_000, ram: 374_000, stack: 140_000 },
        ],
    },
    Image {
        package: "firmware-slave",
        binary: "slave",
        room: SLOT,
        budgets: [
            Budget { flash: 737_000, ram: 245_000, stack: 140_000 },
            Budget { flash: 820_000, ram: 274_000, stack: 240_000 },
        ],
    },
    Image {
        package: "firmware-radio",
        binary: "radio",
        room: SLOT,
        budgets: [
            Budget { flash: 436_000, ram: 236_000, stack: 150_000 },
            Budget { flash: 520_000, ram: 264_000, stack: 250_000 },
        ],
    },
];
