//! Pins: hashes of the public keys that a server's certificate chain may have.

use countersign::Keyset;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// Fewer pins than this are only reported: with one alone, a lost key would lock everybody out.
pub const PINS_TO_ENFORCE: usize = 2;

/// SHA-256 of a SubjectPublicKeyInfo in DER.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pin([u8; 32]);

/// Text that is not a pin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "'{0}' is not a pin; a pin is the SHA-256 of a SubjectPublicKeyInfo, 64 hexadecimal digits"
)]
pub struct ParsePinError(String);

impl Pin {
    /// A pin as a key set carries it.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The pin of a SubjectPublicKeyInfo in DER, with its outer SEQUENCE.
    pub fn of_spki(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// The hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The pins of a set.
pub(crate) fn pins(keyset: &Keyset) -> Vec<Pin> {
    keyset.content.pins.iter().copied().map(Pin::from_bytes).collect()
}

impl FromStr for Pin {
    type Err = ParsePinError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParsePinError(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

/// What a chain without a pinned key leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PinMode {
    /// The connection fails, if at least [`PINS_TO_ENFORCE`] pins are known.
    #[default]
    Enforce,
    /// The connection goes on; only the reporter hears of it.
    ReportOnly,
}

/// A certificate chain that is valid but has no pinned key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the TLS certificate of {host} is valid, but none of its {} keys is among the {known} pinned ones \
     (leaf: {})",
    found.len(), found.first().map_or_else(|| "none".to_owned(), Pin::to_string)
)]
pub struct PinMismatch {
    /// The server's name.
    pub host: String,
    /// The pins of the verified chain, leaf first.
    pub found: Vec<Pin>,
    /// How many pins are known.
    pub known: usize,
    /// Whether the connection failed because of it.
    pub enforced: bool,
}

/// Hears of every mismatch, enforced or not.
#[derive(Clone)]
pub struct PinReporter(Arc<dyn Fn(&PinMismatch) + Send + Sync>);

impl PinReporter {
    /// Calls `report` for every mismatch.
    pub fn new(report: impl Fn(&PinMismatch) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    pub(crate) fn report(&self, mismatch: &PinMismatch) {
        (self.0)(mismatch);
    }
}

impl Default for PinReporter {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for PinReporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinReporter")
    }
}
