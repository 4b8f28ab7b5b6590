//! ESP32-C3, revision 0.3 and later.

use super::register::Register;

pub(crate) const CHIP: countersign_boot::Chip = countersign_boot::Chip::Esp32C3;

/// Where flash is shown as data.
pub(crate) const WINDOW: u32 = 0x3c00_0000;
pub(crate) const ENTRIES: u32 = 128;

pub(crate) const SWD_KEY: u32 = 0x8f1d_312a;
pub(crate) const SWD_AUTO_FEED: u32 = 1 << 31;

pub(crate) const WDT_CONFIG0: Register = Register(0x6000_8090);
pub(crate) const WDT_CONFIG1: Register = Register(0x6000_8094);
pub(crate) const WDT_FEED: Register = Register(0x6000_80a4);
pub(crate) const WDT_PROTECT: Register = Register(0x6000_80a8);
pub(crate) const SWD_CONFIG: Register = Register(0x6000_80ac);
pub(crate) const SWD_PROTECT: Register = Register(0x6000_80b0);
pub(crate) const TIMER_WDT_CONFIG0: Register = Register(0x6001_f048);
pub(crate) const TIMER_WDT_PROTECT: Register = Register(0x6001_f064);
pub(crate) const FUSES_PROGRAM4: Register = Register(0x6000_8810);
pub(crate) const FUSES_DATA1: Register = Register(0x6000_8834);
pub(crate) const FUSES_DATA3: Register = Register(0x6000_883c);
pub(crate) const CACHE_BUSES: Register = Register(0x600c_4004);
const ANALOG: Register = Register(0x6000_8034);
const ANALOG_FALLBACK: Register = Register(0x6000_810c);
const SPI0_CONTROL: Register = Register(0x6000_3008);
const SPI0_CONTROL2: Register = Register(0x6000_3010);
const SPI0_USER: Register = Register(0x6000_3018);
const SPI1_CONTROL: Register = Register(0x6000_2008);
const SPI1_CONTROL2: Register = Register(0x6000_2010);
const SPI1_USER: Register = Register(0x6000_2018);

/// Of the table of pages.
const TABLE: usize = 0x600c_5000;

const GLITCH_RESET: u32 = 1 << 20;

/// Before anything is decided: a glitch on the clock resets the chip, and flash is read at the speed of its header.
pub(crate) fn prepare() {
    ANALOG_FALLBACK.change(1, 0);
    ANALOG.change(0, GLITCH_RESET);
    // Lines at rest while the flash waits, and a pause around its selection, as espressif's second stage sets them.
    let lines = 1 << 19 | 1 << 18 | 1 << 3;
    SPI0_CONTROL.change(0, lines);
    SPI1_CONTROL.change(0, lines);
    SPI0_USER.change(0, 0b11 << 6);
    SPI1_USER.change(0, 0b11 << 6);
    SPI0_CONTROL2.change(0x3ff, 0);
    SPI1_CONTROL2.change(0x3ff, 1 << 5);
}

/// Before the application: a radio at full power looks like a glitch.
pub(crate) fn relax() {
    ANALOG.change(GLITCH_RESET, 0);
}

/// Pages are always of 64 KiB.
pub(crate) const fn set_page_size() {}

pub(crate) fn set_entry(entry: u32, page: Option<u32>) {
    const INVALID: u32 = 1 << 8;
    Register(TABLE + 4 * (entry % ENTRIES) as usize).write(page.unwrap_or(INVALID));
}
