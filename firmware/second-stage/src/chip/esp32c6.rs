//! ESP32-C6, revision 0.1 and later.

use super::register::Register;

pub(crate) const CHIP: countersign_boot::Chip = countersign_boot::Chip::Esp32C6;

/// Where flash is shown.
pub(crate) const WINDOW: u32 = 0x4200_0000;
pub(crate) const ENTRIES: u32 = 256;

pub(crate) const SWD_KEY: u32 = 0x50d8_3aa1;
pub(crate) const SWD_AUTO_FEED: u32 = 1 << 18;

pub(crate) const WDT_CONFIG0: Register = Register(0x600b_1c00);
pub(crate) const WDT_CONFIG1: Register = Register(0x600b_1c04);
pub(crate) const WDT_FEED: Register = Register(0x600b_1c14);
pub(crate) const WDT_PROTECT: Register = Register(0x600b_1c18);
pub(crate) const SWD_CONFIG: Register = Register(0x600b_1c1c);
pub(crate) const SWD_PROTECT: Register = Register(0x600b_1c20);
pub(crate) const TIMER_WDT_CONFIG0: Register = Register(0x6000_8048);
pub(crate) const TIMER_WDT_PROTECT: Register = Register(0x6000_8064);
pub(crate) const FUSES_PROGRAM4: Register = Register(0x600b_0810);
pub(crate) const FUSES_DATA1: Register = Register(0x600b_0834);
pub(crate) const FUSES_DATA3: Register = Register(0x600b_083c);
pub(crate) const CACHE_BUSES: Register = Register(0x600c_8004);
const TABLE_CONTENT: Register = Register(0x6000_237c);
const TABLE_INDEX: Register = Register(0x6000_2380);
const TABLE_CONTROL: Register = Register(0x6000_2384);
const SPI0_CONTROL2: Register = Register(0x6000_2010);
const SPI0_USER: Register = Register(0x6000_2018);
const SPI_CLOCK: Register = Register(0x6009_601c);
const ANALOG_BUS: Register = Register(0x600a_f018);
const ANALOG_BUS_CLOCK: Register = Register(0x600a_f010);

/// Before anything is decided: the ROM divides the clock of an 80 MHz flash wrongly, and the image's header has to say 80 MHz.
pub(crate) fn prepare() {
    SPI_CLOCK.change(0xff00, 5 << 8);
    crate::rom::clock_flash();
    // A pause around the flash's selection, as espressif's second stage sets it.
    SPI0_USER.change(0, 0b11 << 6);
    SPI0_CONTROL2.change(0x3ff, 0);
    // What applications expect to find switched on.
    ANALOG_BUS.change(0, 1 << 2);
    ANALOG_BUS_CLOCK.change(0, 1);
}

/// Nothing to take back.
pub(crate) const fn relax() {}

/// Pages of 64 KiB.
pub(crate) fn set_page_size() {
    TABLE_CONTROL.change(0b11 << 3, 0);
}

pub(crate) fn set_entry(entry: u32, page: Option<u32>) {
    const VALID: u32 = 1 << 9;
    const ENCRYPTED: u32 = 1 << 10;
    let flags = if crate::rom::flash_is_encrypted() { VALID | ENCRYPTED } else { VALID };
    TABLE_INDEX.write(entry % ENTRIES);
    TABLE_CONTENT.write(page.map_or(0, |page| page | flags));
}
