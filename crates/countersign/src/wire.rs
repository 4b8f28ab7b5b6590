//! Bounded reading and writing of canonical bytes, and the frame that every transport carries.

use alloc::vec::Vec;
use core::fmt;
use thiserror::Error;

/// The only protocol version there is.
pub const VERSION: u8 = 1;

/// Why bytes are not a message of this protocol. Says nothing about who sent them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformed {
    /// A length points past the end.
    #[error("the message ends before its last field")]
    Truncated,
    /// Bytes are left over where none may be.
    #[error("the header has bytes after its last field")]
    TrailingBytes,
    /// Another version of the protocol.
    #[error("version {0} is not supported; this is version 1")]
    Version(u8),
    /// A header of another kind.
    #[error("a header of kind {found} stands where kind {expected} belongs")]
    Kind {
        /// What belongs here.
        expected: u8,
        /// What was found.
        found: u8,
    },
    /// A flag that this kind does not have, or that is not supported.
    #[error("the flags {0:#06x} are not allowed here")]
    Flags(u16),
    /// A type name outside `[a-z0-9._/-]{1,64}`.
    #[error("a type name has 1 to 64 characters of a-z, 0-9, '.', '_', '/' and '-'")]
    Name,
    /// A signature of another length.
    #[error("the signature has {0} bytes, not 64 or a batch signature's length")]
    SignatureLength(usize),
    /// A number outside its range.
    #[error("a field is outside its range")]
    Range,
}

/// The kind byte of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Client to server.
    Request = 1,
    /// Server to client, bound to one request.
    Response = 2,
    /// Server to client, in a numbered stream.
    Push = 3,
    /// Lasting evidence.
    Record = 4,
    /// The server's online keys.
    Keyset = 5,
    /// Proof of possession of a new key.
    Register = 6,
}

impl Kind {
    /// The kind of a header, from its second byte.
    pub fn of(header: &[u8]) -> Option<Self> {
        Some(match *header.get(1)? {
            1 => Self::Request,
            2 => Self::Response,
            3 => Self::Push,
            4 => Self::Record,
            5 => Self::Keyset,
            6 => Self::Register,
            _ => return None,
        })
    }
}

/// Flag bits of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u16);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// The payload is a manifest followed by chunks.
    pub const CHUNKED: Self = Self(1);
    /// Reserved; refused.
    pub const COMPRESSED: Self = Self(1 << 1);
    /// The signature covers the root of a tree that this message is a leaf of.
    pub const BATCH: Self = Self(1 << 2);

    /// The bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A message, event or record type: `[a-z0-9._/-]{1,64}`, kept in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    len: u8,
    bytes: [u8; 64],
}

impl Name {
    /// Checks and keeps a name.
    pub fn new(name: &str) -> Result<Self, Malformed> {
        Self::from_bytes(name.as_bytes())
    }

    fn from_bytes(name: &[u8]) -> Result<Self, Malformed> {
        let allowed = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'/' | b'-');
        let mut bytes = [0; 64];
        match bytes.get_mut(..name.len()) {
            Some(slot) if !name.is_empty() && name.iter().all(allowed) => {
                slot.copy_from_slice(name)
            }
            _ => return Err(Malformed::Name),
        }
        Ok(Self { len: name.len() as u8, bytes })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// `u16 header_len ‖ header ‖ u16 sig_len ‖ sig ‖ payload`, split but not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The signed header.
    pub header: &'a [u8],
    /// 64 bytes, or a batch signature.
    pub signature: &'a [u8],
    /// Everything after the signature.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Splits a frame. Reads lengths only; the caller has bounded `bytes`.
    pub fn split(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let header_len = usize::from(reader.u16()?);
        let header = reader.slice(header_len)?;
        let signature_len = usize::from(reader.u16()?);
        let signature = reader.slice(signature_len)?;
        Ok(Self { header, signature, payload: reader.rest() })
    }

    /// The bytes of a frame with these parts.
    pub fn join(header: &[u8], signature: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + header.len() + signature.len() + payload.len());
        bytes.extend_from_slice(&(header.len() as u16).to_be_bytes());
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(&(signature.len() as u16).to_be_bytes());
        bytes.extend_from_slice(signature);
        bytes.extend_from_slice(payload);
        bytes
    }

    /// The signature of a kind that is never batch-signed.
    pub(crate) fn single_signature(&self) -> Result<&'a [u8; 64], Malformed> {
        self.signature.try_into().map_err(|_| Malformed::SignatureLength(self.signature.len()))
    }
}

/// Reads fields off the front; never past the end. Numbers are big-endian.
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads `bytes` from the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Opens a header: version, kind and flags. `[V1]`
    pub(crate) fn header(
        bytes: &'a [u8],
        kind: Kind,
        allowed: Flags,
    ) -> Result<(Self, Flags), Malformed> {
        let mut reader = Self(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Malformed::Version(version));
        }
        let found = reader.u8()?;
        if found != kind as u8 {
            return Err(Malformed::Kind { expected: kind as u8, found });
        }
        let flags = Flags(reader.u16()?);
        if !allowed.contains(flags) {
            return Err(Malformed::Flags(flags.0));
        }
        Ok((reader, flags))
    }

    /// The next `len` bytes.
    pub fn slice(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(len).ok_or(Malformed::Truncated)?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.0.split_first_chunk().ok_or(Malformed::Truncated)?;
        self.0 = tail;
        Ok(*head)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    /// The next eight bytes.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    /// The next eight bytes, as milliseconds since the Unix epoch.
    pub fn time(&mut self) -> Result<crate::Timestamp, Malformed> {
        self.u64().map(crate::Timestamp::from_millis)
    }

    /// `u8 length ‖ bytes`.
    pub fn lp8(&mut self) -> Result<&'a [u8], Malformed> {
        let len = usize::from(self.u8()?);
        self.slice(len)
    }

    /// A [`Name`] with its length byte.
    pub fn name(&mut self) -> Result<Name, Malformed> {
        self.lp8().and_then(Name::from_bytes)
    }

    /// Everything that is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed::TrailingBytes) }
    }
}

/// Starts a header.
pub(crate) fn begin_header(kind: Kind, flags: Flags, capacity: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity);
    out.extend_from_slice(&[VERSION, kind as u8]);
    out.extend_from_slice(&flags.0.to_be_bytes());
    out
}

/// Appends `u8 length ‖ bytes`. Callers have checked that the length fits.
pub fn put_lp8(out: &mut Vec<u8>, bytes: &[u8]) {
    debug_assert!(bytes.len() <= 255, "LP8 takes at most 255 bytes");
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_splits_only_where_its_lengths_fit() {
        let bytes = Frame::join(b"header", &[7; 64], b"payload");
        let frame = Frame::split(&bytes).unwrap();
        assert_eq!((frame.header, frame.payload), (&b"header"[..], &b"payload"[..]));
        let signed_len = bytes.len() - b"payload".len();
        for len in 0..signed_len {
            assert_eq!(Frame::split(&bytes[..len]), Err(Malformed::Truncated));
        }
        assert!(Frame::split(&bytes[..signed_len]).is_ok());
    }

    #[test]
    fn names_are_bounded_and_plain() {
        assert_eq!(Name::new("match.submit/v2_a-b").unwrap().as_str(), "match.submit/v2_a-b");
        for bad in ["", "A", "a b", "é", "a\0", &"a".repeat(65)] {
            assert_eq!(Name::new(bad), Err(Malformed::Name));
        }
    }
}
