//! What lies in the flash of one device: encrypted under the key of its chip.
//!
//! The chips encrypt flash by XTS-AES-128 in units of 128 bytes. A unit's tweak is its address, and the peripheral takes the bytes of a
//! unit from the last to the first.

use aes::Aes128;
use aes::cipher::{Array, KeyInit};
use std::fmt;
use xts_mode::Xts128;
use zeroize::Zeroizing;

/// What is encrypted at once, in bytes.
const UNIT: usize = 128;

/// The addresses of parts are multiples of a unit, and so are their lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("flash is encrypted in units of 128 bytes; {len} bytes at 0x{address:x} are none")]
pub struct FlashKeyError {
    /// Where.
    pub address: u32,
    /// How much.
    pub len: usize,
}

/// A chip's flash encryption key, as `espefuse burn-key` takes it.
#[derive(Clone)]
pub struct FlashKey(Zeroizing<[u8; 32]>);

impl FlashKey {
    /// Takes the bytes.
    pub const fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// What stands in the flash chip where the program reads this.
    pub fn encrypt(&self, address: u32, plain: &[u8]) -> Result<Vec<u8>, FlashKeyError> {
        self.units(address, plain, |xts, unit, tweak| xts.encrypt_sector(unit, tweak))
    }

    /// What the program reads where this stands in the flash chip.
    pub fn decrypt(&self, address: u32, stored: &[u8]) -> Result<Vec<u8>, FlashKeyError> {
        self.units(address, stored, |xts, unit, tweak| xts.decrypt_sector(unit, tweak))
    }

    fn units(
        &self,
        address: u32,
        bytes: &[u8],
        work: impl Fn(&Xts128<Aes128>, &mut [u8], Array<u8, aes::cipher::consts::U16>),
    ) -> Result<Vec<u8>, FlashKeyError> {
        let len = bytes.len();
        let end = u32::try_from(len).ok().and_then(|len| address.checked_add(len));
        if end.is_none() || !(address as usize).is_multiple_of(UNIT) || !len.is_multiple_of(UNIT) {
            return Err(FlashKeyError { address, len });
        }
        let (data, tweak) = self.0.split_at(16);
        let half = |bytes: &[u8]| {
            Aes128::new_from_slice(bytes).map_err(|_| FlashKeyError { address, len })
        };
        let xts = Xts128::new(half(data)?, half(tweak)?);
        let mut out = bytes.to_vec();
        for (index, unit) in out.chunks_exact_mut(UNIT).enumerate() {
            let mut tweak = [0; 16];
            tweak[..4].copy_from_slice(&(address + (index * UNIT) as u32).to_le_bytes());
            unit.reverse();
            work(&xts, unit, Array(tweak));
            unit.reverse();
        }
        Ok(out)
    }
}

impl fmt::Debug for FlashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlashKey(..)")
    }
}
