//! How a device with a private address comes to a certificate that browsers believe: what it asks for, and what it gets.

use super::{Artefact, put_text, take_text};
use crate::id::DeviceId;
use alloc::string::String;
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, Timestamp};

/// What a device wants certified: its TLS key, under its name. Signed by the master, carried by phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsRequest {
    /// The pair.
    pub device: DeviceId,
    /// Its DNS name; 1 to 253 bytes.
    pub host: String,
    /// PKCS#10 in DER (RFC 2986); 1 to [`TlsRequest::CSR_MAX`] bytes. Not looked at here.
    pub csr: Vec<u8>,
}

impl TlsRequest {
    /// Longest PKCS#10, in bytes; one for a P-256 key and one name has about 300.
    pub const CSR_MAX: usize = 1024;
    /// Longest name, in bytes.
    pub const HOST_MAX: usize = 253;
}

impl Artefact for TlsRequest {
    const TYPE: &'static str = "league.csr";
    const MAX_FRAME: usize = 512 + Self::CSR_MAX;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.device.as_bytes());
        put_text(out, &self.host);
        put_long(out, &self.csr);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            device: DeviceId::from_bytes(reader.array()?),
            host: take_text(reader, Self::HOST_MAX)?,
            csr: take_long(reader, Self::CSR_MAX)?.into(),
        })
    }
}

/// A chain of certificates for a device's TLS key; signed by an online key, carried by phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsChain {
    /// The pair.
    pub device: DeviceId,
    /// From when on browsers believe it.
    pub not_before: Timestamp,
    /// First moment at which they do not any more.
    pub not_after: Timestamp,
    /// SHA-256 of the leaf's SubjectPublicKeyInfo: the key that must be the device's own.
    pub spki: [u8; 32],
    /// The certificates in PEM, leaf first; at most [`TlsChain::CHAIN_MAX`] bytes. Not looked at here.
    pub chain: String,
}

impl TlsChain {
    /// Longest chain, in bytes.
    pub const CHAIN_MAX: usize = 8192;

    /// When to ask for the next one; see [`renewal_due`].
    pub const fn renewal_due(&self) -> Timestamp {
        renewal_due(self.not_before, self.not_after)
    }
}

impl Artefact for TlsChain {
    const TYPE: &'static str = "league.chain";
    const MAX_FRAME: usize = 512 + Self::CHAIN_MAX;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.device.as_bytes());
        out.extend_from_slice(&self.not_before.as_millis().to_be_bytes());
        out.extend_from_slice(&self.not_after.as_millis().to_be_bytes());
        out.extend_from_slice(&self.spki);
        put_long(out, self.chain.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let device = DeviceId::from_bytes(reader.array()?);
        let (not_before, not_after) = (reader.time()?, reader.time()?);
        let spki = reader.array()?;
        let chain = core::str::from_utf8(take_long(reader, Self::CHAIN_MAX)?);
        let chain = chain.map_err(|_| Malformed::Range)?.into();
        match not_before < not_after {
            true => Ok(Self { device, not_before, not_after, spki, chain }),
            false => Err(Malformed::Range),
        }
    }
}

/// When a third of a certificate's life is left: the moment from which on it is renewed. Device, phone and server agree on it.
pub const fn renewal_due(not_before: Timestamp, not_after: Timestamp) -> Timestamp {
    let (from, to) = (not_before.as_millis(), not_after.as_millis());
    Timestamp::from_millis(to - to.saturating_sub(from) / 3)
}

/// `u16 length ‖ bytes`.
fn put_long(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// 1 to `max` bytes.
fn take_long<'a>(reader: &mut Reader<'a>, max: usize) -> Result<&'a [u8], Malformed> {
    let len = usize::from(reader.u16()?);
    match (1..=max).contains(&len) {
        true => reader.slice(len),
        false => Err(Malformed::Range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(csr: usize) -> TlsRequest {
        let device = DeviceId::from_bytes([1; 16]);
        TlsRequest { device, host: "d1.example.org".into(), csr: alloc::vec![7; csr] }
    }

    fn chain(len: usize, not_after: u64) -> TlsChain {
        TlsChain {
            device: DeviceId::from_bytes([1; 16]),
            not_before: Timestamp::from_millis(1_000),
            not_after: Timestamp::from_millis(not_after),
            spki: [9; 32],
            chain: "c".repeat(len),
        }
    }

    #[test]
    fn what_is_written_is_read_up_to_the_limits() {
        for csr in [1, TlsRequest::CSR_MAX] {
            assert_eq!(TlsRequest::decode(&request(csr).encode()), Ok(request(csr)));
        }
        for csr in [0, TlsRequest::CSR_MAX + 1] {
            assert_eq!(TlsRequest::decode(&request(csr).encode()), Err(Malformed::Range));
        }
        let full = chain(TlsChain::CHAIN_MAX, 2_000);
        assert_eq!(TlsChain::decode(&full.encode()), Ok(full));
        let long = chain(TlsChain::CHAIN_MAX + 1, 2_000);
        assert_eq!(TlsChain::decode(&long.encode()), Err(Malformed::Range));
        assert_eq!(TlsChain::decode(&chain(5, 1_000).encode()), Err(Malformed::Range));
    }

    #[test]
    fn a_third_of_the_life_is_left_when_renewal_is_due() {
        assert_eq!(chain(5, 91_000).renewal_due(), Timestamp::from_millis(61_000));
        // A life that ends before it begins is over.
        let never = renewal_due(Timestamp::from_millis(5), Timestamp::from_millis(3));
        assert_eq!(never, Timestamp::from_millis(3));
    }
}
