//! Newtypes for the identifiers of the protocol: one type each, so that none passes for another.

#[doc(hidden)]
pub use alloc::string::String;
use core::fmt;
use thiserror::Error;

/// Text that is not the lower-case hex of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected {expected} hexadecimal digits")]
pub struct ParseIdError {
    /// How many digits this kind of identifier has.
    pub expected: usize,
}

/// One call of the formatter for the whole identifier: answers and headers are full of them.
#[doc(hidden)]
pub const fn hex_digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]
}

/// Declares an identifier of a fixed number of bytes: hexadecimal in text, ordered, no arithmetic.
///
/// Protocols that build on this one declare theirs the same way, so that none passes for another.
#[macro_export]
macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Wraps raw bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                let mut digits = [0; 2 * $len];
                let pairs = digits.chunks_exact_mut(2).zip(&self.0);
                pairs.for_each(|(pair, byte)| pair.copy_from_slice(&$crate::id::hex_digits(*byte)));
                f.write_str(core::str::from_utf8(&digits).unwrap_or_default())
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::id::ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $len];
                match $crate::id::parse_hex(text, &mut bytes) {
                    true => Ok(Self(bytes)),
                    false => Err($crate::id::ParseIdError { expected: 2 * $len }),
                }
            }
        }

        impl From<$name> for $crate::id::String {
            fn from(id: $name) -> Self {
                $crate::id::to_text(&id)
            }
        }
    };
}

/// Text that cannot be an identifier that people read and print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an id has 1 to 32 characters of A-Z, a-z, 0-9, '_', '-' and '.'")]
pub struct TextIdError;

/// Declares an identifier that people read, type and print: `[A-Za-z0-9_.-]{1,32}`, kept in place, ordered by its bytes.
#[macro_export]
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            // Unused bytes are zero, so that the derived order is the order of the text.
            bytes: [u8; 32],
        }

        impl $name {
            /// Most bytes of its text.
            pub const MAX_LEN: usize = 32;

            /// Checks and keeps it.
            pub fn new(text: &str) -> Result<Self, $crate::id::TextIdError> {
                let mut bytes = [0; 32];
                let fits = $crate::id::is_text_id(text.as_bytes());
                match bytes.get_mut(..text.len()).filter(|_| fits) {
                    Some(slot) => slot.copy_from_slice(text.as_bytes()),
                    None => return Err($crate::id::TextIdError),
                }
                Ok(Self { bytes })
            }

            /// Its text.
            pub fn as_str(&self) -> &str {
                let len = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(32);
                core::str::from_utf8(&self.bytes[..len]).unwrap_or_default()
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::id::TextIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }
    };
}

#[doc(hidden)]
pub fn is_text_id(text: &[u8]) -> bool {
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (1..=32).contains(&text.len()) && text.iter().all(allowed)
}

text_id!(
    /// An event at which many devices record something together, as a science fair; chosen by its organiser.
    EventId);

byte_id!(
    /// A device session: UUIDv7 minted by the server. Not a secret.
    SessionId, 16);
byte_id!(
    /// An account. Never sent in a header; services behind the gateway see it.
    UserId, 16);
byte_id!(
    /// One request: 16 bytes of a cryptographic generator, chosen by the client, used once.
    RequestId, 16);
byte_id!(
    /// One push stream of one session.
    StreamId, 16);
byte_id!(
    /// One record: random, chosen by its author; the record's idempotency key.
    RecordId, 16);
byte_id!(
    /// One login attempt, from the address to the registered key.
    LoginId, 16);
byte_id!(
    /// The memory of one server process during about ten minutes.
    Epoch, 8);
byte_id!(
    /// First four bytes of a server key's fingerprint: a hint for finding the key, nothing more.
    ServerKeyId, 4);
byte_id!(
    /// SHA-256 over the algorithm and the public key; part of every signed context.
    Fingerprint, 32);
byte_id!(
    /// SHA-256 of a payload, or of its chunk manifest.
    PayloadHash, 32);
byte_id!(
    /// What a response is bound to: the digest of the request that it answers.
    RequestDigest, 32);
byte_id!(
    /// What a receipt, and the next record of a chain, refers to.
    RecordDigest, 32);

impl Epoch {
    /// "I know no epoch": valid only in requests that bootstrap.
    pub const NONE: Self = Self([0; 8]);
}

impl SessionId {
    /// A UUIDv7 from the server's time and ten random bytes (RFC 9562 section 5.7).
    pub fn new_v7(now: crate::Timestamp, random: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        let (time, tail) = bytes.split_at_mut(6);
        time.copy_from_slice(&now.as_millis().to_be_bytes()[2..]);
        tail.copy_from_slice(&random);
        tail[0] = 0x70 | (tail[0] & 0x0f);
        tail[2] = 0x80 | (tail[2] & 0x3f);
        Self(bytes)
    }
}

impl Fingerprint {
    /// The hint that answers carry in their header.
    pub const fn server_key_id(&self) -> ServerKeyId {
        ServerKeyId([self.0[0], self.0[1], self.0[2], self.0[3]])
    }
}

#[doc(hidden)]
pub fn to_text(id: &dyn fmt::Display) -> String {
    alloc::format!("{id}")
}

/// Reads exactly `2 * out.len()` lower-case hex digits.
#[doc(hidden)]
pub fn parse_hex(text: &str, out: &mut [u8]) -> bool {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 2 * out.len() {
        return false;
    }
    for (slot, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        match (digit(pair[0]), digit(pair[1])) {
            (Some(high), Some(low)) => *slot = high << 4 | low,
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_round_trips_and_refuses_everything_else() {
        let id = SessionId::from_bytes([0xa7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "a7", &"A7".repeat(16), &"g7".repeat(16), &"a7".repeat(17)] {
            assert_eq!(bad.parse::<SessionId>(), Err(ParseIdError { expected: 32 }));
        }
    }

    #[test]
    fn session_ids_sort_by_time_and_say_their_version() {
        let early = SessionId::new_v7(crate::Timestamp::from_millis(1), [0xff; 10]);
        let late = SessionId::new_v7(crate::Timestamp::from_millis(2), [0; 10]);
        assert!(early < late);
        assert_eq!(early.as_bytes()[6] >> 4, 7);
        assert_eq!(early.as_bytes()[8] >> 6, 0b10);
    }

    #[test]
    fn a_text_id_is_what_people_can_type() {
        for text in ["xyz", "PROJECT_004", &"a".repeat(32)] {
            assert_eq!(EventId::new(text).unwrap().as_str(), text);
        }
        for text in ["", "a b", "é", "a\0", "a;b", &"a".repeat(33)] {
            assert_eq!(EventId::new(text), Err(TextIdError));
        }
        assert!(EventId::new("P1").unwrap() < EventId::new("P10").unwrap());
    }
}
