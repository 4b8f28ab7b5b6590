//! The event's QR, exactly as the seed writes it.

use crate::keys::EventKey;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use core::str::FromStr;
use countersign::{EventId, byte_id};
use thiserror::Error;
use zeroize::Zeroizing;

/// Most bytes of any QR text.
pub const TEXT_MAX: usize = 512;

byte_id!(
    /// The bytes of the service UUID under which the event's devices advertise.
    BleBytes, 16);

/// The Bluetooth service of the event; in text as `8-4-4-4-12` hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BleUuid(BleBytes);

impl BleUuid {
    /// From its bytes in the order of the text.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(BleBytes::from_bytes(bytes))
    }

    /// Its bytes in the order of the text.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The characteristic that carries frames: told apart from its service by its last bit.
    pub const fn frames(&self) -> Self {
        let mut bytes = *self.as_bytes();
        bytes[15] ^= 1;
        Self::from_bytes(bytes)
    }
}

impl fmt::Display for BleUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.as_bytes().iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for BleUuid {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let refused = CodeError::Value("BLE_UUID");
        let dashes_stand = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| (byte == b'-') == is_dash(at));
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        match digits.to_ascii_lowercase().parse() {
            Ok(bytes) if dashes_stand => Ok(Self(bytes)),
            _ => Err(refused),
        }
    }
}

const fn is_dash(at: usize) -> bool {
    matches!(at, 8 | 13 | 18 | 23)
}

/// Why a text is not the code that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CodeError {
    /// Longer than a QR of ours.
    #[error("the text has {0} bytes; a code has at most 512")]
    TooLong(usize),
    /// Something else.
    #[error("the text does not begin with {0}")]
    Prefix(&'static str),
    /// A part without `=`.
    #[error("between two ';' there is a part without '='")]
    Part,
    /// A key that occurs twice.
    #[error("the key {0} is there twice")]
    Repeated(&'static str),
    /// A key that has to be there.
    #[error("the key {0} is missing")]
    Missing(&'static str),
    /// A value that cannot be.
    #[error("the value of {0} is not what it should be")]
    Value(&'static str),
}

/// `NODUS:EVENT_ID=xyz;KEY=<43 base64url>;BLE_UUID=<uuid>`.
#[derive(Debug, Clone)]
pub struct EventCode {
    /// The event.
    pub event: EventId,
    /// Its key: who has it, and the roster salt of the bundle, reads what is sealed.
    pub key: EventKey,
    /// Its Bluetooth service.
    pub ble: BleUuid,
}

impl EventCode {
    /// Exactly the text for the screen. It holds the key, so there is no `Display`.
    pub fn to_text(&self) -> Zeroizing<String> {
        let key = secret_text(self.key.expose());
        Zeroizing::new(alloc::format!(
            "NODUS:EVENT_ID={};KEY={};BLE_UUID={}",
            self.event,
            key.as_str(),
            self.ble
        ))
    }
}

impl FromStr for EventCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        let [event, key, ble] = parts(text, "NODUS:", ["EVENT_ID", "KEY", "BLE_UUID"])?;
        Ok(Self {
            event: EventId::new(event).map_err(|_| CodeError::Value("EVENT_ID"))?,
            key: EventKey::from_bytes(*secret("KEY", key)?),
            ble: ble.parse()?,
        })
    }
}

/// Splits at `;`, then at the first `=`. Unknown keys are passed over; a repeated one is refused, known or not. `[M17]`
pub(crate) fn parts<'a, const N: usize>(
    text: &'a str,
    prefix: &'static str,
    keys: [&'static str; N],
) -> Result<[&'a str; N], CodeError> {
    if text.len() > TEXT_MAX {
        return Err(CodeError::TooLong(text.len()));
    }
    let rest = text.strip_prefix(prefix).ok_or(CodeError::Prefix(prefix))?;
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for part in rest.split(';') {
        let pair = part.split_once('=').ok_or(CodeError::Part)?;
        if pairs.iter().any(|(key, _)| *key == pair.0) {
            let known = keys.into_iter().find(|key| *key == pair.0);
            return Err(CodeError::Repeated(known.unwrap_or("that nobody knows")));
        }
        pairs.push(pair);
    }
    let mut values = [""; N];
    for (value, key) in values.iter_mut().zip(keys) {
        let found = pairs.iter().find(|(name, _)| *name == key);
        *value = found.ok_or(CodeError::Missing(key))?.1;
    }
    Ok(values)
}

/// 32 bytes in 43 characters of base64url without padding.
pub(crate) fn secret(name: &'static str, text: &str) -> Result<Zeroizing<[u8; 32]>, CodeError> {
    let mut bytes = Zeroizing::new([0; 32]);
    match URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut_slice()) {
        Ok(32) if text.len() == 43 => Ok(bytes),
        _ => Err(CodeError::Value(name)),
    }
}

pub(crate) fn secret_text(bytes: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes))
}
