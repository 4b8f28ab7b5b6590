//! Who this chip is: its keys, and the record that the factory sealed for it.

use crate::flash::Raw;
use crate::keys::{Keys, NoKey, device_id};
use alloc::format;
use alloc::string::{String, ToString};
use countersign::SigningKey;
use countersign_chip::Keeper;
use countersign_chip::record::{DeviceRecord, LoadError, load};

/// The record, and the key that signs. A sentence says why there is none.
pub fn whoami(keys: &mut Keys, flash: &mut Raw) -> Result<(DeviceRecord, SigningKey), String> {
    let sector = flash.device_record().map_err(|_| "the flash cannot be read")?;
    load(&sector, &device_id(), keys).map_err(|error| match error {
        LoadError::Hmac(key) => no_key(key),
        LoadError::Open(error) => error.to_string(),
        LoadError::Check(error) => error.to_string(),
    })
}

/// What keeps newer key sets than the record's.
pub fn keeper(keys: &mut Keys) -> Result<Keeper, String> {
    Keeper::new(keys, device_id()).map_err(no_key)
}

fn no_key(key: NoKey) -> String {
    format!("eFuse block {} holds no HMAC_UP key", key.0.block())
}
