//! The HMAC peripheral, which alone can use the keys in the eFuses.

use countersign_chip::identity::{Derived, EfuseKey, HmacUp};
use countersign_league::DeviceId;
use esp_hal::efuse::{BLOCK_USR_DATA, read_field_le};
use esp_hal::hmac::{Hmac, HmacPurpose, KeyId};
use zeroize::Zeroizing;

/// The peripheral.
pub struct Keys(Hmac<'static>);

/// The block is empty, or burnt for another purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoKey(pub EfuseKey);

impl Keys {
    /// Takes the peripheral.
    pub fn new(hmac: esp_hal::peripherals::HMAC<'static>) -> Self {
        Self(Hmac::new(hmac))
    }
}

impl HmacUp for Keys {
    type Error = NoKey;

    fn derive(&mut self, key: EfuseKey) -> Result<Derived, NoKey> {
        let block = match key {
            EfuseKey::Identity => KeyId::Key1,
            EfuseKey::Record => KeyId::Key2,
        };
        self.0.init();
        nb::block!(self.0.configure(HmacPurpose::ToUser, block)).map_err(|_| NoKey(key))?;
        let mut rest = key.label();
        while !rest.is_empty() {
            let Ok(left) = nb::block!(self.0.update(rest));
            rest = left;
        }
        let mut derived = Zeroizing::new([0; 32]);
        let Ok(()) = nb::block!(self.0.finalize(derived.as_mut_slice()));
        Ok(derived)
    }
}

/// Which pair this chip is a half of: the first 16 bytes of the user's eFuse block.
pub fn device_id() -> DeviceId {
    DeviceId::from_bytes(read_field_le(BLOCK_USR_DATA))
}
