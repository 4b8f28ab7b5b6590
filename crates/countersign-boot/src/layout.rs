//! Where things lie in 4 MB of flash, the same on both chips. There is no partition table: whoever could change it could
//! change what starts.

use crate::slots::Slot;

/// What is erased at once, in bytes.
pub const SECTOR: u32 = 0x1000;

/// What is mapped at once, in bytes.
pub const PAGE: u32 = 0x1_0000;

/// All of it, in bytes.
pub const FLASH: u32 = 0x40_0000;

/// The second stage; the ROM looks for it here.
pub const SECOND_STAGE: u32 = 0;

/// The second stage with its padding and its signature sector, in bytes.
pub const SECOND_STAGE_MAX: u32 = 0x8000;

/// One sector where stock tools keep a table of partitions. Nothing reads it.
pub const UNUSED_TABLE: u32 = 0x8000;

/// The sealed record of the device, one sector.
pub const DEVICE_RECORD: u32 = 0x9000;

/// The device record's room, in bytes.
pub const DEVICE_RECORD_MAX: u32 = SECTOR;

/// The two sectors of the record of slots, [`crate::slots`]. They are never encrypted: what they say is no secret, and
/// whoever changes them gets no more than another image that is signed.
pub const BOOT_STATE: [u32; 2] = [0xa000, 0xb000];

/// Up to the first slot; kept free.
pub const RESERVED: u32 = 0xc000;

/// Where each slot begins. On a page, so that one image runs in both.
pub const APP_SLOTS: [u32; 2] = [0x1_0000, 0x1a_0000];

/// One slot with the image's padding and its signature sector, in bytes.
pub const APP_SLOT_MAX: u32 = 0x19_0000;

/// What the application keeps: the slave's link slots; the master's journal, key set and outbox.
pub const DATA: u32 = 0x33_0000;

/// Room for it, in bytes.
pub const DATA_MAX: u32 = FLASH - DATA;

/// Where a slot begins in flash.
pub const fn offset(slot: Slot) -> u32 {
    match slot {
        Slot::Zero => APP_SLOTS[0],
        Slot::One => APP_SLOTS[1],
    }
}

const _: () = {
    assert!(APP_SLOTS[0].is_multiple_of(PAGE) && APP_SLOTS[1].is_multiple_of(PAGE));
    assert!(APP_SLOT_MAX.is_multiple_of(PAGE));
    assert!(APP_SLOTS[0] + APP_SLOT_MAX <= APP_SLOTS[1] && APP_SLOTS[1] + APP_SLOT_MAX <= DATA);
    assert!(BOOT_STATE[1] + SECTOR <= RESERVED && RESERVED <= APP_SLOTS[0]);
};
