//! The three watchdogs, which the ROM leaves on.

use crate::chip::{
    FUSES_DATA1, SWD_AUTO_FEED, SWD_CONFIG, SWD_KEY, SWD_PROTECT, TIMER_WDT_CONFIG0,
    TIMER_WDT_PROTECT, WDT_CONFIG0, WDT_CONFIG1, WDT_FEED, WDT_PROTECT,
};

const KEY: u32 = 0x50d8_3aa1;
const ENABLE: u32 = 1 << 31;
const RESET_ALL: u32 = 4 << 28;
/// 3.2 µs, for the CPU's and the system's.
const RESET_LENGTHS: u32 = 7 << 16 | 7 << 13;
const FEED: u32 = 1 << 31;

/// Of the slow clock, about 9 s at 136 kHz. An application that hangs before it takes over is reset, and that attempt is over.
const TICKS: u32 = 9 * 136_000;

const TIMER_FLASH_BOOT: u32 = 1 << 14;
const TIMER_UPDATE: u32 = 1 << 22;

/// One watchdog for all that follows, the application's beginning included; the super watchdog feeds itself.
pub(crate) fn guard() {
    SWD_PROTECT.write(SWD_KEY);
    SWD_CONFIG.change(0, SWD_AUTO_FEED);
    SWD_PROTECT.write(0);
    // The eFuses may make the first stage longer than it is set, by at least the factor 2.
    let factor = 1 + (FUSES_DATA1.read() >> 16 & 0b11);
    unlocked(|| {
        WDT_CONFIG0.write(RESET_LENGTHS);
        WDT_CONFIG1.write(TICKS >> factor);
        WDT_CONFIG0.write(ENABLE | RESET_ALL | RESET_LENGTHS);
        WDT_FEED.write(FEED);
    });
    TIMER_WDT_PROTECT.write(KEY);
    TIMER_WDT_CONFIG0.change(TIMER_FLASH_BOOT, TIMER_UPDATE);
    TIMER_WDT_PROTECT.write(0);
}

pub(crate) fn feed() {
    unlocked(|| WDT_FEED.write(FEED));
}

/// For a device that waits for somebody to come.
pub(crate) fn off() {
    unlocked(|| WDT_CONFIG0.write(0));
}

fn unlocked(change: impl FnOnce()) {
    WDT_PROTECT.write(KEY);
    change();
    WDT_PROTECT.write(0);
}
