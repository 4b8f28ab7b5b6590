//! What lies where in the data region, and what the numbers in a store are.

use super::sector::SECTOR;
use core::ops::Range;
use countersign_boot::layout::{DATA, DATA_MAX};

/// The store of either half: 256 KiB.
pub const STORE: Range<u32> = DATA..DATA + 64 * SECTOR;
/// The two areas of a master's journal: 128 KiB each.
pub const JOURNAL: [Range<u32>; 2] =
    [STORE.end..STORE.end + 32 * SECTOR, STORE.end + 32 * SECTOR..STORE.end + 64 * SECTOR];
/// Most bytes of a journal on these areas: so many fit however they are divided into entries, and what bounds them is the memory of a
/// master that reads them again when it starts (docs/firmware.md section 3.3).
pub const JOURNAL_MAX: u32 = 52 * 1024;
/// A master's outbox: what is left, 320 KiB.
pub const OUTBOX: Range<u32> = JOURNAL[1].end..DATA + DATA_MAX;

/// What a half has one of. The keys below are the link slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Small {
    /// How often it has started.
    Boot = 0x200,
    /// The pair link's record, of a master.
    Link = 0x201,
    /// The newest key set, with the roots that were trusted when it came.
    Keyset = 0x202,
    /// The device's certificate.
    Certificate = 0x203,
    /// The sheet at rest.
    Calibration = 0x204,
    /// The release that was taken last.
    Release = 0x205,
    /// How much of it is verified.
    Progress = 0x206,
}

impl Small {
    /// Its number in the store.
    pub const fn key(self) -> u16 {
        self as u16
    }
}
