//! What differs between the chips: their number in an image's header, and where an image may be loaded.

use core::ops::Range;

/// A chip that the second stage is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chip {
    /// ESP32-C3, riscv32imc.
    Esp32C3,
    /// ESP32-C6, riscv32imac.
    Esp32C6,
}

/// Addresses that lead to one memory. Two windows may lead to the same: the C3 has its RAM and its mapped flash twice, once for
/// instructions and once for data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    start: u32,
    end: u32,
    /// Where it begins in the numbering in which each cell has one number.
    cells: u32,
    pub(crate) executable: bool,
}

impl Window {
    const fn new(addresses: Range<u32>, cells: u32, executable: bool) -> Self {
        Self { start: addresses.start, end: addresses.end, cells, executable }
    }

    /// The cells of `len` bytes from `address`, if there are any and all of them are in this window.
    pub(crate) fn cells(&self, address: u32, len: u32) -> Option<Range<u32>> {
        let end = address.checked_add(len)?;
        if len == 0 || address < self.start || end > self.end {
            return None;
        }
        let first = address - self.start + self.cells;
        Some(first..first + len)
    }
}

/// RAM ends for an image where the second stage itself begins, which still runs while it copies.
const RAM_C3: &[Window] = &[
    Window::new(0x3fc8_0000..0x3fcc_e710, 0x3fc8_0000, false),
    Window::new(0x4038_0000..0x403c_e710, 0x3fc8_0000, true),
    Window::new(0x5000_0000..0x5000_2000, 0x5000_0000, true),
];
const RAM_C6: &[Window] = &[
    Window::new(0x4080_0000..0x4086_e610, 0x4080_0000, true),
    Window::new(0x5000_0000..0x5000_4000, 0x5000_0000, true),
];

/// Cells of mapped flash are numbered from the first entry of the one table that both windows of the C3 share.
const FLASH_C3: &[Window] = &[
    Window::new(0x3c00_0000..0x3c80_0000, 0, false),
    Window::new(0x4200_0000..0x4280_0000, 0, true),
];
const FLASH_C6: &[Window] = &[Window::new(0x4200_0000..0x4300_0000, 0, true)];

impl Chip {
    /// Its number in the header of an image.
    pub const fn id(self) -> u16 {
        match self {
            Self::Esp32C3 => 5,
            Self::Esp32C6 => 13,
        }
    }

    /// What espressif's tools call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Esp32C3 => "esp32c3",
            Self::Esp32C6 => "esp32c6",
        }
    }

    /// Whether an image's segment of `len` bytes may be copied to this address.
    pub fn may_copy(self, address: u32, len: u32) -> bool {
        self.ram().iter().any(|window| window.cells(address, len).is_some())
    }

    /// Whether `len` bytes of flash may be mapped at this address.
    pub fn may_map(self, address: u32, len: u32) -> bool {
        self.flash().iter().any(|window| window.cells(address, len).is_some())
    }

    pub(crate) const fn ram(self) -> &'static [Window] {
        match self {
            Self::Esp32C3 => RAM_C3,
            Self::Esp32C6 => RAM_C6,
        }
    }

    pub(crate) const fn flash(self) -> &'static [Window] {
        match self {
            Self::Esp32C3 => FLASH_C3,
            Self::Esp32C6 => FLASH_C6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_copied_over_the_second_stage_nor_over_the_cache() {
        for (chip, inside, beyond) in [
            (Chip::Esp32C3, 0x403c_e70c, 0x403c_e710),
            (Chip::Esp32C3, 0x3fcc_e70c, 0x3fcc_e710),
            (Chip::Esp32C6, 0x4086_e60c, 0x4086_e610),
        ] {
            assert!(chip.may_copy(inside, 4));
            assert!(!chip.may_copy(inside, 8) && !chip.may_copy(beyond, 4));
        }
        assert!(!Chip::Esp32C3.may_copy(0x4037_c000, 4));
    }

    #[test]
    fn an_address_that_wraps_is_nowhere() {
        assert!(!Chip::Esp32C6.may_copy(0x4080_0000, u32::MAX));
        assert!(!Chip::Esp32C6.may_map(0x42ff_fffc, 8));
    }
}
