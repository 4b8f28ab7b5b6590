//! The name and the passphrase of a device's own Wi-Fi.

use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Why a Wi-Fi could not be joined under this name or with this passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WifiError {
    /// Out of the range of IEEE 802.11, or not to be shown.
    #[error("a Wi-Fi name has 1 to 32 bytes, and no control characters")]
    Name,
    /// Out of the range of WPA.
    #[error("a Wi-Fi passphrase has 8 to 63 printable ASCII characters")]
    Passphrase,
}

/// What phones show in their list: 1 to 32 bytes of UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WifiName(String);

impl WifiName {
    /// Checks a name.
    pub fn new(name: impl Into<String>) -> Result<Self, WifiError> {
        let name = name.into();
        let fits = (1..=32).contains(&name.len()) && !name.chars().any(char::is_control);
        if fits { Ok(Self(name)) } else { Err(WifiError::Name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for WifiName {
    type Error = WifiError;

    fn try_from(name: String) -> Result<Self, WifiError> {
        Self::new(name)
    }
}

impl From<WifiName> for String {
    fn from(name: WifiName) -> Self {
        name.0
    }
}

/// Lets a phone into the device's Wi-Fi. A secret, if a small one: wiped when dropped, never shown by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Checks a passphrase.
    pub fn new(text: impl Into<String>) -> Result<Self, WifiError> {
        let text = Zeroizing::new(text.into());
        let fits = (8..=63).contains(&text.len()) && text.bytes().all(|b| (32..127).contains(&b));
        if fits { Ok(Self(text)) } else { Err(WifiError::Passphrase) }
    }

    /// The passphrase, for the access point and for labels.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl TryFrom<String> for Passphrase {
    type Error = WifiError;

    fn try_from(text: String) -> Result<Self, WifiError> {
        Self::new(text)
    }
}

impl From<Passphrase> for String {
    fn from(passphrase: Passphrase) -> Self {
        passphrase.0.to_string()
    }
}

/// `[wifi]`: how phones reach the device where it is its own access point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WifiConfig {
    /// What phones show.
    pub name: WifiName,
    /// What they have to know; it is on the label.
    pub passphrase: Passphrase,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passphrases_have_the_limits_of_the_standards() {
        for (name, fits) in
            [("", false), ("a", true), (&"a".repeat(32), true), (&"a".repeat(33), false)]
        {
            assert_eq!(WifiName::new(name).is_ok(), fits, "{name}");
        }
        assert!(WifiName::new("Goal\nteal").is_err());
        for (text, fits) in [
            ("1234567", false),
            ("12345678", true),
            (&"x".repeat(63), true),
            (&"x".repeat(64), false),
            ("pässphrase", false),
            ("tab\tbetween", false),
        ] {
            assert_eq!(Passphrase::new(text).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let passphrase = Passphrase::new("correct horse").unwrap();
        assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
    }
}
