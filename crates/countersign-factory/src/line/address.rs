//! A chip's address: what tells one chip from every other.

use std::fmt;
use std::str::FromStr;

/// The address that a chip's maker burnt into it, `58:cf:79:0a:0b:0c`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address([u8; 6]);

/// Not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chip's address is six bytes in hexadecimal digits with ':' between them")]
pub struct AddressError;

impl Address {
    /// Takes the bytes.
    pub const fn from_bytes(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (mut bytes, mut parts) = ([0; 6], text.split(':'));
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or(AddressError)?;
            hex::decode_to_slice(part, std::slice::from_mut(byte)).map_err(|_| AddressError)?;
        }
        if parts.next().is_some() { Err(AddressError) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_shown() {
        let address = Address([0x58, 0xcf, 0x79, 0, 0x0b, 0xff]);
        assert_eq!(address.to_string(), "58:cf:79:00:0b:ff");
        assert_eq!("58:CF:79:00:0b:ff".parse(), Ok(address));
        for text in ["", "58:cf:79:00:0b", "58:cf:79:00:0b:ff:00", "58:cf:79:00:0b:f", "58-cf"] {
            assert_eq!(text.parse::<Address>(), Err(AddressError), "{text}");
        }
    }
}
