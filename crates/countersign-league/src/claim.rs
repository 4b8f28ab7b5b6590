//! What the code on a device's label says, so that a phone knows the master before any network does.

use crate::id::DeviceId;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;
use countersign::Fingerprint;

/// `CSD1:<device>:<serial>:<fingerprint>`, in the characters that QR codes pack tightest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    device: DeviceId,
    serial: String,
    master: Fingerprint,
}

/// Why text is no claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Some other code.
    #[error("this is not the code of a goal-line device; scan the one beside the mark")]
    Other,
    /// A serial that no label has.
    #[error("a serial has 1 to 32 of A-Z, 0-9 and '-'")]
    Serial,
}

impl Claim {
    /// Longest text: 135 bytes.
    pub const MAX: usize = 5 + 32 + 1 + 32 + 1 + 64;
    const PREFIX: &'static str = "CSD1:";

    /// A claim of a device.
    pub fn new(device: DeviceId, serial: &str, master: Fingerprint) -> Result<Self, ClaimError> {
        check_serial(serial)?;
        Ok(Self { device, serial: serial.to_string(), master })
    }

    /// The pair.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// Its serial.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Fingerprint of the master's key: what a proof has to be signed with.
    pub fn master(&self) -> Fingerprint {
        self.master
    }
}

/// Whether text may be a serial: 1 to 32 of `A-Z`, `0-9` and `-`.
pub fn check_serial(serial: &str) -> Result<(), ClaimError> {
    let byte = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    let fits = (1..=32).contains(&serial.len()) && serial.bytes().all(byte);
    if fits { Ok(()) } else { Err(ClaimError::Serial) }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut device, mut master) = (self.device.to_string(), self.master.to_string());
        device.make_ascii_uppercase();
        master.make_ascii_uppercase();
        write!(f, "{}{device}:{}:{master}", Self::PREFIX, self.serial)
    }
}

impl FromStr for Claim {
    type Err = ClaimError;

    /// Only the exact form: one label, one text.
    fn from_str(text: &str) -> Result<Self, ClaimError> {
        let rest = text.strip_prefix(Self::PREFIX).filter(|_| text.len() <= Self::MAX);
        let mut parts = rest.ok_or(ClaimError::Other)?.split(':');
        let (Some(device), Some(serial), Some(master), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ClaimError::Other);
        };
        let device = capitals(device)?.parse().map_err(|_| ClaimError::Other)?;
        let master = capitals(master)?.parse().map_err(|_| ClaimError::Other)?;
        Self::new(device, serial, master)
    }
}

/// In the small letters of identifiers.
fn capitals(digits: &str) -> Result<String, ClaimError> {
    if digits.bytes().any(|b| b.is_ascii_lowercase()) {
        return Err(ClaimError::Other);
    }
    Ok(digits.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn example() -> Claim {
        let master = Fingerprint::from_bytes([0xef; 32]);
        Claim::new(DeviceId::from_bytes([0xd1; 16]), "GL-00001", master).unwrap()
    }

    #[test]
    fn a_claim_is_read_as_it_was_printed() {
        let text = example().to_string();
        assert_eq!(text, format!("CSD1:{}:GL-00001:{}", "D1".repeat(16), "EF".repeat(32)));
        assert_eq!(text.parse(), Ok(example()));
        let longest = Claim { serial: "9".repeat(32), ..example() };
        assert_eq!(longest.to_string().len(), Claim::MAX);
        assert_eq!(longest.to_string().parse(), Ok(longest));
    }

    #[test]
    fn other_text_is_no_claim() {
        let text = example().to_string();
        for other in [
            String::new(),
            "https://league.example.org".into(),
            text.to_ascii_lowercase(),
            text.replace("D1D1", "d1d1"),
            text.replacen("D1", "", 1),
            text.replace("CSD1", "CSD2"),
            format!("{text}:"),
            format!("{text}0"),
        ] {
            assert_eq!(other.parse::<Claim>(), Err(ClaimError::Other), "{other}");
        }
        for serial in ["", "gl-1", "GL 1", "GL_1"] {
            let other = text.replace("GL-00001", serial);
            assert_eq!(other.parse::<Claim>(), Err(ClaimError::Serial), "{other}");
        }
        assert_eq!(check_serial(&"9".repeat(33)), Err(ClaimError::Serial));
    }
}
