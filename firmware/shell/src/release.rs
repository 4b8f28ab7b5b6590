//! Which release this image is, and whose releases it takes.
//!
//! The release key is compiled in, so that only a release can change it: `COUNTERSIGN_RELEASE_KEY` (64 hexadecimal digits) and
//! `COUNTERSIGN_RELEASE_REALM` (`app@audience`) at build time. Without them an image takes no updates.

use crate::slot;
use alloc::vec::Vec;
use countersign::{Realm, VerifyingKey};
use countersign_boot::{Chip, SecureVersion};
use countersign_chip::update::{ImageKind, Publisher, Running};
use esp_hal::efuse::{SECURE_VERSION as FUSES, read_field_le};

/// The version of this image: one byte for each of its numbers.
pub const VERSION: u32 = number(env!("CARGO_PKG_VERSION_MAJOR")) << 16
    | number(env!("CARGO_PKG_VERSION_MINOR")) << 8
    | number(env!("CARGO_PKG_VERSION_PATCH"));

// Another number would be that of another version.
const _: () = assert!(
    number(env!("CARGO_PKG_VERSION_MAJOR")) < 256
        && number(env!("CARGO_PKG_VERSION_MINOR")) < 256
        && number(env!("CARGO_PKG_VERSION_PATCH")) < 256,
    "each number of a version is at most 255"
);

const KEY: Option<&str> = option_env!("COUNTERSIGN_RELEASE_KEY");
const REALM: Option<&str> = option_env!("COUNTERSIGN_RELEASE_REALM");

// An image with half a release key would be burnt into chips and never take an update.
const _: () = assert!(
    KEY.is_some() == REALM.is_some(),
    "set both COUNTERSIGN_RELEASE_KEY and COUNTERSIGN_RELEASE_REALM, or neither"
);
const _: () = assert!(
    match KEY {
        Some(key) => is_key(key.as_bytes()),
        None => true,
    },
    "COUNTERSIGN_RELEASE_KEY is 64 hexadecimal digits"
);

#[cfg(feature = "esp32c3")]
const CHIP: Chip = Chip::Esp32C3;
#[cfg(feature = "esp32c6")]
const CHIP: Chip = Chip::Esp32C6;

/// Who may sign updates.
pub fn publisher() -> Option<Publisher> {
    let (app, audience) = REALM?.split_once('@')?;
    let digits: Vec<u8> =
        KEY?.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    let mut key = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    key.iter_mut()
        .zip(digits.chunks_exact(2))
        .for_each(|(byte, pair)| *byte = pair[0] << 4 | pair[1]);
    let key = VerifyingKey::from_bytes(&key).ok()?;
    Some(Publisher { realm: Realm::new(app, audience).ok()?, key })
}

/// What runs; `None` if it is not in one of the slots, as a program that a debugger has loaded.
pub fn running(kind: ImageKind) -> Option<Running> {
    let own = SecureVersion::new(crate::describe::SECURE_VERSION).unwrap_or(SecureVersion::MAX);
    let fuses = SecureVersion::from_fuses(read_field_le(FUSES));
    let secure_version = if fuses.get() > own.get() { fuses } else { own };
    Some(Running { kind, chip: CHIP, slot: slot::running()?, version: VERSION, secure_version })
}

const fn is_key(digits: &[u8]) -> bool {
    let mut at = 0;
    while at < digits.len() {
        if !digits[at].is_ascii_hexdigit() {
            return false;
        }
        at += 1;
    }
    at == 64
}

const fn number(text: &str) -> u32 {
    let (mut number, mut at) = (0, 0);
    while at < text.len() {
        number = number * 10 + (text.as_bytes()[at] - b'0') as u32;
        at += 1;
    }
    number
}
