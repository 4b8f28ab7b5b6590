//! The secrets of a chip: derived at every boot from keys that software can use and nobody can read.
//!
//! The factory burns two keys into eFuse blocks with the purpose `HMAC_UP` and protects them from being read. From then on only the
//! HMAC peripheral sees them. What is derived lives in RAM and is wiped; flash holds nothing of it.

use core::convert::Infallible;
use core::fmt;
use countersign::SigningKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What the HMAC peripheral gives: 32 secret bytes.
pub type Derived = Zeroizing<[u8; 32]>;

/// An eFuse key with the purpose `HMAC_UP`, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EfuseKey {
    /// The device key is derived from it.
    Identity,
    /// The key of the sealed record is derived from it.
    Record,
}

impl EfuseKey {
    /// The eFuse key block: `BLOCK_KEY1` or `BLOCK_KEY2`.
    pub const fn block(self) -> u8 {
        match self {
            Self::Identity => 1,
            Self::Record => 2,
        }
    }

    /// The only message that this key is ever asked about.
    pub const fn label(self) -> &'static [u8] {
        match self {
            Self::Identity => b"glt/device-identity/v1",
            Self::Record => b"glt/device-record/v1",
        }
    }
}

/// HMAC-SHA-256 under an eFuse key: the chip's peripheral, or [`SoftwareHmac`] where the keys are known.
pub trait HmacUp {
    /// Why the chip does not answer: the block is empty, or burnt for another purpose.
    type Error;

    /// HMAC-SHA-256 of the key's [`label`](EfuseKey::label). A wrong answer makes another device of this chip: one that nobody knows.
    fn derive(&mut self, key: EfuseKey) -> Result<Derived, Self::Error>;
}

/// The device's signing key: Ed25519, the seed derived from [`EfuseKey::Identity`].
pub fn device_key<H: HmacUp>(chip: &mut H) -> Result<SigningKey, H::Error> {
    chip.derive(EfuseKey::Identity).map(|seed| SigningKey::from_seed(&seed))
}

/// The key under which the factory sealed this chip's record.
pub fn record_key<H: HmacUp>(chip: &mut H) -> Result<RecordKey, H::Error> {
    chip.derive(EfuseKey::Record).map(RecordKey)
}

/// Opens and seals one chip's record; wiped when dropped, never printed.
pub struct RecordKey(Derived);

impl RecordKey {
    /// For the cipher, and for nothing else.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey(..)")
    }
}

/// Under this the chip keeps what it has to believe again, in flash that anybody can write; wiped when dropped, never printed.
pub(crate) struct KeptKey(Derived);

impl KeptKey {
    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&self.0[..]);
        Hmac::new((&*block).into())
    }
}

impl fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptKey(..)")
    }
}

/// `HMAC-SHA-256(record key, "glt/device-kept/v1")`: the eFuse key is asked about nothing new.
pub(crate) fn kept_key<H: HmacUp>(chip: &mut H) -> Result<KeptKey, H::Error> {
    let record = KeptKey(chip.derive(EfuseKey::Record)?);
    let mac = record.mac().chain_update(b"glt/device-kept/v1");
    Ok(KeptKey(Zeroizing::new(mac.finalize().into_bytes().into())))
}

/// The HMAC peripheral in software, for who knows the keys: the factory before it burns them, and tests.
pub struct SoftwareHmac {
    identity: Derived,
    record: Derived,
}

impl SoftwareHmac {
    /// Takes the 32 bytes of both blocks, in the order in which `espefuse burn-key` takes them for `HMAC_UP`.
    pub const fn new(identity: Derived, record: Derived) -> Self {
        Self { identity, record }
    }
}

impl HmacUp for SoftwareHmac {
    type Error = Infallible;

    fn derive(&mut self, key: EfuseKey) -> Result<Derived, Infallible> {
        let secret = match key {
            EfuseKey::Identity => &self.identity,
            EfuseKey::Record => &self.record,
        };
        // RFC 2104: a key shorter than the hash's block is filled up with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&secret[..]);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        mac.update(key.label());
        Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
    }
}

impl fmt::Debug for SoftwareHmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SoftwareHmac(..)")
    }
}
