//! The secure version in the eFuses: 16 bits of block 0, one for each step.

use crate::chip::{FUSES_DATA3, FUSES_PROGRAM4};
use crate::rom;
use countersign_boot::SecureVersion;

const SHIFT: u32 = 14;

/// What is burnt. The highest of three readings: a disturbed one must not allow more than an undisturbed one.
pub(crate) fn floor() -> SecureVersion {
    let read = || SecureVersion::from_fuses((FUSES_DATA3.read() >> SHIFT) as u16);
    read().max(read()).max(read())
}

/// Burns what is missing. If that fails, the next start tries again.
pub(crate) fn raise(version: SecureVersion) {
    let burnt = (FUSES_DATA3.read() >> SHIFT) as u16;
    let missing = version.fuses() & !burnt;
    rom::burn_block0(|| FUSES_PROGRAM4.write(u32::from(missing) << SHIFT));
}
