//! The master's own Wi-Fi, and what phones find in it.

use alloc::string::String;
use core::fmt;
use core::net::Ipv4Addr;
use countersign::Malformed;
use countersign::wire::{Reader, put_lp8};
use zeroize::Zeroizing;

/// Why phones could not use an access point with these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccessPointError {
    /// Out of the range of IEEE 802.11, or not to be shown.
    #[error("a Wi-Fi name has 1 to 32 bytes, and no control characters")]
    Name,
    /// Out of the range of WPA.
    #[error("a Wi-Fi passphrase has 8 to 63 printable ASCII characters")]
    Passphrase,
    /// Not a DNS name.
    #[error("a host is a DNS name of a-z, 0-9, '-' and '.', at most 253 bytes, or empty")]
    Host,
    /// Two listeners on one port, or none.
    #[error("the ports for HTTP and HTTPS differ, and neither is 0")]
    Ports,
}

/// What a master's phones reach.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessPoint {
    /// What phones show: 1 to 32 bytes of UTF-8.
    pub name: String,
    /// What they have to know, 8 to 63 characters; it is on the label. Wiped when dropped.
    pub passphrase: Zeroizing<String>,
    /// The device's address.
    pub address: Ipv4Addr,
    /// TCP port without TLS.
    pub http: u16,
    /// TCP port with TLS, once there is a certificate.
    pub https: u16,
    /// The device's DNS name; empty if it has none.
    pub host: String,
}

impl AccessPoint {
    /// Whether it is in the ranges of the standards.
    pub fn check(&self) -> Result<(), AccessPointError> {
        if !(1..=32).contains(&self.name.len()) || self.name.chars().any(char::is_control) {
            return Err(AccessPointError::Name);
        }
        let is_printable = self.passphrase.bytes().all(|byte| (32..127).contains(&byte));
        if !(8..=63).contains(&self.passphrase.len()) || !is_printable {
            return Err(AccessPointError::Passphrase);
        }
        if !is_host(&self.host) {
            return Err(AccessPointError::Host);
        }
        if self.http == 0 || self.https == 0 || self.http == self.https {
            return Err(AccessPointError::Ports);
        }
        Ok(())
    }

    pub(crate) fn put(&self, out: &mut alloc::vec::Vec<u8>) {
        put_lp8(out, self.name.as_bytes());
        put_lp8(out, self.passphrase.as_bytes());
        out.extend_from_slice(&self.address.octets());
        out.extend_from_slice(&self.http.to_be_bytes());
        out.extend_from_slice(&self.https.to_be_bytes());
        put_lp8(out, self.host.as_bytes());
    }

    pub(crate) fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            name: super::record::text(reader)?.into(),
            passphrase: Zeroizing::new(super::record::text(reader)?.into()),
            address: Ipv4Addr::from(reader.array::<4>()?),
            http: reader.u16()?,
            https: reader.u16()?,
            host: super::record::text(reader)?.into(),
        })
    }
}

/// Without the passphrase.
impl fmt::Debug for AccessPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessPoint({:?}, {}, {:?}, ..)", self.name, self.address, self.host)
    }
}

fn is_host(host: &str) -> bool {
    let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(byte);
    host.is_empty() || host.len() <= 253 && host.split('.').all(label)
}
