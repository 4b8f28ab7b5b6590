//! Registers of the chips.
#![expect(unsafe_code, reason = "a register is an address")]

/// A register of 32 bits. Only the chips' modules make one, from addresses of the technical reference manuals, and none of them
/// changes memory that Rust knows of.
#[derive(Clone, Copy)]
pub(crate) struct Register(pub(super) usize);

impl Register {
    pub(crate) fn read(self) -> u32 {
        // SAFETY: it is a register.
        unsafe { (self.0 as *const u32).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: it is a register.
        unsafe { (self.0 as *mut u32).write_volatile(value) }
    }

    /// Clears these bits, then sets those.
    pub(crate) fn change(self, clear: u32, set: u32) {
        self.write(self.read() & !clear | set);
    }
}
