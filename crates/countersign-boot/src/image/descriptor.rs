//! What an application says of itself, at the beginning of its first segment.

use crate::bytes::{array, u32_at};

/// The descriptor, in bytes.
pub const DESCRIPTOR_LEN: usize = 256;

const MAGIC: u32 = 0xabcd_5432;

/// log2 of 64 KiB, and what images have that were made before there was a choice.
const PAGE_LOG2: [u8; 2] = [16, 0];

/// The version that must not fall: 0 to 16, for the eFuses have one bit for each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecureVersion(u8);

impl SecureVersion {
    /// A device on which nothing was ever ruled out.
    pub const ZERO: Self = Self(0);

    /// The last one; a device that is there takes no newer one.
    pub const MAX: Self = Self(16);

    /// A number as images have it; `None` if no eFuse can say it.
    pub fn new(number: u32) -> Option<Self> {
        u8::try_from(number).ok().map(Self).filter(|version| *version <= Self::MAX)
    }

    /// What the 16 bits of the eFuse field say: as many steps as bits are burnt.
    pub const fn from_fuses(field: u16) -> Self {
        Self(field.count_ones() as u8)
    }

    /// The bits that have to be burnt for this version: the lowest ones, as espressif's tools do.
    pub const fn fuses(self) -> u16 {
        ((1_u32 << self.0) - 1) as u16
    }

    /// The number, 0 to 16.
    pub const fn get(self) -> u8 {
        self.0
    }
}

#[derive(Debug)]
pub(super) struct Descriptor<'a> {
    pub(super) secure_version: SecureVersion,
    pub(super) version: &'a [u8],
    pub(super) project: &'a [u8],
}

impl<'a> Descriptor<'a> {
    pub(super) fn parse(segment: &'a [u8]) -> Option<Self> {
        let bytes = segment.get(..DESCRIPTOR_LEN)?;
        let page = array::<1>(bytes, 180)?[0];
        if u32_at(bytes, 0) != Some(MAGIC) || !PAGE_LOG2.contains(&page) {
            return None;
        }
        Some(Self {
            secure_version: SecureVersion::new(u32_at(bytes, 4)?)?,
            version: until_zero(bytes.get(16..48)?),
            project: until_zero(bytes.get(48..80)?),
        })
    }
}

fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuses_say_a_version_and_back() {
        for number in 0..=16 {
            let version = SecureVersion::new(number).unwrap();
            assert_eq!(SecureVersion::from_fuses(version.fuses()), version);
        }
        assert_eq!(SecureVersion::MAX.fuses(), u16::MAX);
        assert_eq!(SecureVersion::new(17), None);
        assert_eq!(SecureVersion::new(256), None);
    }
}
