//! Functions of the ROM, and what else has no name in Rust.
#![expect(unsafe_code, reason = "calls the ROM")]

use core::ffi::{CStr, c_char, c_int, c_void};
use countersign_boot::layout::{FLASH, PAGE, SECTOR};
use countersign_boot::slots::{RECORD_LEN, Slot};
use countersign_boot::{ImageError, Refusal};

// SAFETY: the signatures of ESP-IDF's headers for both ROMs; addresses are in ld/.
unsafe extern "C" {
    fn ets_printf(format: *const c_char, ...) -> c_int;
    fn esp_rom_spiflash_config_param(
        id: u32,
        chip: u32,
        block: u32,
        sector: u32,
        page: u32,
        status_mask: u32,
    ) -> c_int;
    fn esp_rom_spiflash_unlock() -> c_int;
    fn esp_rom_spiflash_erase_sector(number: u32) -> c_int;
    fn esp_rom_spiflash_write(to: u32, from: *const u32, len: i32) -> c_int;
    fn esp_rom_spiflash_read(from: u32, to: *mut u32, len: i32) -> c_int;
    fn Cache_Disable_ICache() -> u32;
    fn Cache_Enable_ICache(autoload: u32);
    fn ets_sha_enable();
    fn ets_sha_init(context: *mut c_void, kind: c_int) -> c_int;
    fn ets_sha_starts(context: *mut c_void, sha512_t: u16) -> c_int;
    fn ets_sha_update(context: *mut c_void, bytes: *const u8, len: u32, update_context: bool);
    fn ets_sha_finish(context: *mut c_void, digest: *mut u8) -> c_int;
    fn ets_efuse_read() -> c_int;
    fn ets_efuse_program(block: c_int) -> c_int;
    fn ets_efuse_clear_program_registers();
    fn ets_secure_boot_read_key_digests(keys: *mut KeyDigests) -> c_int;
    fn ets_secure_boot_verify_signature(
        sector: *const u8,
        digest: *const u8,
        keys: *const KeyDigests,
        verified: *mut u8,
    ) -> u32;
    /// A pointer to what the ROM knows of the flash; its first word is the flash's id.
    static rom_spiflash_legacy_data: *const u32;
    static second_stage_len: u8;
}

#[cfg(feature = "esp32c6")]
unsafe extern "C" {
    fn esp_rom_spiflash_config_clk(divider: u8, spi: u8) -> c_int;
    fn spi_dummy_len_fix(spi: u8, divider: u8);
    fn ets_efuse_cache_encryption_enabled() -> bool;
}

/// Pointers to the digests in the eFuses; null for one that is revoked or not there.
#[repr(C)]
struct KeyDigests {
    digests: [*const c_void; 3],
    may_revoke: bool,
}

/// The ROM's yes, a word that no single disturbed bit makes.
const SUCCESS: u32 = 0x3a5a_5aa5;

/// How the ROM was told to check signatures: the digest that one is for, or nothing.
pub(crate) fn verify(sector: &[u8; SECTOR as usize], digest: &[u8; 32]) -> Option<[u8; 32]> {
    let mut keys = KeyDigests { digests: [core::ptr::null(); 3], may_revoke: false };
    // SAFETY: it fills the structure.
    if unsafe { ets_secure_boot_read_key_digests(&mut keys) } != 0 {
        return None;
    }
    keys.may_revoke = false;
    let mut verified = [0; 32];
    // SAFETY: all four are as long as the ROM takes them to be; it uses the RSA peripheral and changes no mapping.
    let answer = unsafe {
        ets_secure_boot_verify_signature(
            sector.as_ptr(),
            digest.as_ptr(),
            &keys,
            verified.as_mut_ptr(),
        )
    };
    (answer == SUCCESS).then_some(verified)
}

/// SHA-256 by the peripheral. `between` parts of 64 KiB something else may be done.
pub(crate) fn sha256(bytes: &[u8], mut between: impl FnMut()) -> [u8; 32] {
    const SHA2_256: c_int = 2;
    // The ROM's context takes 216 bytes. It stays where it is until the end.
    let mut context = [0_u32; 64];
    let context: *mut c_void = context.as_mut_ptr().cast();
    let mut digest = [0; 32];
    // SAFETY: no arguments.
    unsafe { ets_sha_enable() };
    // SAFETY: the context is large enough.
    unsafe { ets_sha_init(context, SHA2_256) };
    // SAFETY: the context was initialised.
    unsafe { ets_sha_starts(context, 0) };
    for part in bytes.chunks(PAGE as usize) {
        between();
        // SAFETY: the context was started; it reads so many bytes.
        unsafe { ets_sha_update(context, part.as_ptr(), part.len() as u32, false) };
    }
    // SAFETY: SHA-256 has 32 bytes.
    unsafe { ets_sha_finish(context, digest.as_mut_ptr()) };
    digest
}

/// The ROM checks addresses against a size that it has from nowhere else.
pub(crate) fn set_flash_size() {
    // SAFETY: the ROM has set the pointer before it started the second stage.
    let id = unsafe { *rom_spiflash_legacy_data };
    // SAFETY: sizes of a flash of 4 MB.
    unsafe { esp_rom_spiflash_config_param(id, FLASH, PAGE, SECTOR, 0x100, 0xffff) };
}

/// Reads without decryption. The cache has to be off.
pub(crate) fn read(address: u32) -> Option<[u8; RECORD_LEN]> {
    let mut words = [0_u32; RECORD_LEN / 4];
    // SAFETY: it writes so many bytes into the array.
    let failed =
        unsafe { esp_rom_spiflash_read(address, words.as_mut_ptr(), RECORD_LEN as i32) } != 0;
    let mut record = [0; RECORD_LEN];
    for (place, word) in record.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *place = word.to_le_bytes();
    }
    (!failed).then_some(record)
}

/// Writes without encryption. The cache has to be off.
pub(crate) fn erase_and_write(sector: u32, address: u32, record: &[u8; RECORD_LEN]) -> Option<()> {
    let mut words = [0_u32; RECORD_LEN / 4];
    for (place, word) in words.iter_mut().zip(record.as_chunks::<4>().0) {
        *place = u32::from_le_bytes(*word);
    }
    // SAFETY: no arguments.
    let unlocked = unsafe { esp_rom_spiflash_unlock() } == 0;
    // SAFETY: the sector is one of the record's.
    let erased = unlocked && unsafe { esp_rom_spiflash_erase_sector(sector) } == 0;
    // SAFETY: it reads so many bytes of the array.
    let write = || unsafe { esp_rom_spiflash_write(address, words.as_ptr(), RECORD_LEN as i32) };
    (erased && write() == 0).then_some(())
}

pub(crate) fn cache_off() {
    // SAFETY: the second stage and its data lie in RAM.
    unsafe { Cache_Disable_ICache() };
}

pub(crate) fn cache_on() {
    // SAFETY: the table of pages is set.
    unsafe { Cache_Enable_ICache(0) };
}

/// Burns into block 0 what `fill` writes to its registers.
pub(crate) fn burn_block0(fill: impl FnOnce()) {
    // SAFETY: no arguments.
    unsafe { ets_efuse_clear_program_registers() };
    fill();
    // SAFETY: block 0 has no coding that a second burning would break.
    unsafe { ets_efuse_program(0) };
    // SAFETY: no arguments.
    unsafe { ets_efuse_clear_program_registers() };
    // SAFETY: no arguments.
    unsafe { ets_efuse_read() };
}

#[cfg(feature = "esp32c6")]
pub(crate) fn clock_flash() {
    for spi in 0..2 {
        // SAFETY: SPI0 and SPI1, at the whole of their clock.
        unsafe { esp_rom_spiflash_config_clk(1, spi) };
    }
    for spi in 0..2 {
        // SAFETY: as above.
        unsafe { spi_dummy_len_fix(spi, 1) };
    }
}

#[cfg(feature = "esp32c6")]
pub(crate) fn flash_is_encrypted() -> bool {
    // SAFETY: no arguments; it reads eFuses.
    unsafe { ets_efuse_cache_encryption_enabled() }
}

/// Code and data, in bytes.
pub(crate) fn own_len() -> u32 {
    // The linker gives a symbol an address; this one is a length.
    (&raw const second_stage_len).addr() as u32
}

/// Prints one number, unless that is burnt off.
pub(crate) fn print_len(format: &CStr, number: u32) {
    // SAFETY: the format has one `%u`.
    unsafe { ets_printf(format.as_ptr(), number) };
}

/// A number for each reason, which docs/firmware.md lists: sentences would not fit.
pub(crate) fn print_why(slot: Slot, why: &Refusal) {
    let number = match why {
        Refusal::Image(ImageError::Magic) => 1,
        Refusal::Image(ImageError::Truncated) => 2,
        Refusal::Image(ImageError::OtherChip) => 3,
        Refusal::Image(ImageError::Checksum) => 4,
        Refusal::Image(
            ImageError::SegmentCount
            | ImageError::NoHash
            | ImageError::Unaligned
            | ImageError::Window
            | ImageError::Page
            | ImageError::Overlap
            | ImageError::Entry
            | ImageError::Descriptor,
        ) => 5,
        Refusal::Older { .. } => 6,
        Refusal::Unsigned => 7,
        Refusal::Changed => 8,
        Refusal::NotOurs => 9,
    };
    // SAFETY: the format has two `%u`.
    unsafe {
        ets_printf(
            c"slot %u: refused, reason %u\r\n".as_ptr(),
            slot.index() as u32,
            number as c_int,
        )
    };
}

/// Leaves the second stage for good.
pub(crate) fn jump(entry: u32) -> ! {
    // SAFETY: the entry of a verified image, all of which is in its place.
    let entry: extern "C" fn() -> ! = unsafe { core::mem::transmute(entry as usize) };
    entry()
}

/// Waits for a reset.
pub(crate) fn sleep() -> ! {
    loop {
        // SAFETY: waits; interrupts are off.
        unsafe { core::arch::asm!("wfi") };
    }
}
