//! Flash: as memory through the cache, where it is decrypted, and as bytes by the ROM, where it is not.
#![expect(unsafe_code, reason = "shows flash as memory")]

use crate::chip::{CACHE_BUSES, ENTRIES, WINDOW, set_entry, set_page_size};
use crate::rom;
use countersign_boot::layout::{APP_SLOT_MAX, BOOT_STATE, FLASH, PAGE, SECTOR, offset};
use countersign_boot::slots::{RECORD_LEN, Slot, Write};
use countersign_boot::start::WriteFailed;

/// For the data's bus and the instructions'.
const SHUT: u32 = 0b11;

/// Shows all of it from [`WINDOW`] on.
pub(crate) fn show_all() {
    rom::cache_on();
    CACHE_BUSES.change(SHUT, 0);
    set_page_size();
    show_nothing();
    show(WINDOW, 0, FLASH / PAGE);
    ready();
}

/// Until [`ready`] only what does not lie in flash may be touched.
pub(crate) fn show_nothing() {
    rom::cache_off();
    for entry in 0..ENTRIES {
        set_entry(entry, None);
    }
}

/// So many pages of flash at an address, both at the beginning of a page.
pub(crate) fn show(address: u32, from: u32, pages: u32) {
    for page in 0..pages {
        set_entry(address / PAGE + page, Some(from / PAGE + page));
    }
}

/// What is set can be read.
pub(crate) fn ready() {
    CACHE_BUSES.change(SHUT, 0);
    rom::cache_on();
}

/// A slot as bytes, as long as everything is shown.
pub(crate) fn slot(slot: Slot) -> &'static [u8] {
    let start = (WINDOW + offset(slot)) as *const u8;
    // SAFETY: `show_all` has mapped all of flash, in which both slots lie. Nothing writes there while the second stage runs, and
    // `launch` takes the mapping away only after the last use.
    unsafe { core::slice::from_raw_parts(start, APP_SLOT_MAX as usize) }
}

/// The beginning of a sector of the record; zeros, which is no record, if it cannot be read.
pub(crate) fn record(sector: usize) -> [u8; RECORD_LEN] {
    let address = if sector == 0 { BOOT_STATE[0] } else { BOOT_STATE[1] };
    without_cache(|| rom::read(address)).unwrap_or([0; RECORD_LEN])
}

pub(crate) fn write(write: &Write) -> Result<(), WriteFailed> {
    let address = if write.sector == 0 { BOOT_STATE[0] } else { BOOT_STATE[1] };
    let found = without_cache(|| {
        rom::erase_and_write(address / SECTOR, address, &write.record)
            .and_then(|()| rom::read(address))
    });
    (found == Some(write.record)).then_some(()).ok_or(WriteFailed)
}

/// The cache must not fetch while the ROM talks with the flash.
fn without_cache<T>(work: impl FnOnce() -> T) -> T {
    rom::cache_off();
    let result = work();
    rom::cache_on();
    result
}
