//! From which slot this image runs, as the chip's own table of pages has it: the record of slots may be older than the last reset.
#![expect(unsafe_code, reason = "a register is an address")]

use countersign_boot::Slot;

/// A page that the table shows, in bytes.
const PAGE: usize = 0x1_0000;

/// The slot under this very code; `None` if it runs from somewhere else, as a program does that a debugger has loaded.
pub fn running() -> Option<Slot> {
    let code = running as *const () as usize;
    Slot::of_page(page_under(code)?)
}

/// The page of flash that is shown at an address.
#[cfg(feature = "esp32c3")]
fn page_under(address: usize) -> Option<u32> {
    const TABLE: usize = 0x600c_5000;
    const INVALID: u32 = 1 << 8;
    let entry = TABLE + 4 * (address.checked_sub(0x4200_0000)? / PAGE % 128);
    // SAFETY: an entry of the table, which only the second stage writes.
    let value = unsafe { (entry as *const u32).read_volatile() };
    (value & INVALID == 0).then_some(value & 0xff)
}

/// The page of flash that is shown at an address.
#[cfg(feature = "esp32c6")]
fn page_under(address: usize) -> Option<u32> {
    const CONTENT: usize = 0x6000_237c;
    const INDEX: usize = 0x6000_2380;
    const VALID: u32 = 1 << 9;
    let entry = (address.checked_sub(0x4200_0000)? / PAGE % 256) as u32;
    // An interrupt that asks for another entry would change which one is read.
    let value = critical_section::with(|_| {
        // SAFETY: the number of an entry is written, and the entry read; the table stays as the second stage left it.
        unsafe {
            (INDEX as *mut u32).write_volatile(entry);
            (CONTENT as *const u32).read_volatile()
        }
    });
    (value & VALID != 0).then_some(value & 0x1ff)
}
