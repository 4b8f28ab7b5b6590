//! An application's image as it lies in a slot: header, segments, checksum, hash, padding, sector of signatures.
//!
//! ```text
//! 0     header, 24 bytes
//! 24    segments, each 8 bytes of header and its data; the first begins with the descriptor, 256 bytes
//! …     zeros, and one byte of checksum as the last of a 16-byte row
//! …     SHA-256 of all this, 32 bytes
//! …     padding to a sector
//! …     one sector of signatures over everything before it
//! ```
//!
//! Written from espressif's description of the format ("App Image Format", "Secure Boot v2") and compared with what esptool
//! and espsecure make. The appended hash is not compared: the signature covers the same bytes and itself.

mod descriptor;
mod refusal;
mod segments;
mod signature;

pub use descriptor::{DESCRIPTOR_LEN, SecureVersion};
pub use refusal::{ImageError, Refusal};
pub use segments::{Copy, Mapping};
pub use signature::{
    BLOCK_LEN, BLOCKS, EXPONENT_AT, KEY_LEN, MODULUS_LEN, SignatureBlock, SignatureCheck,
    SignatureSector,
};

use crate::bytes::{self, u16_at};
use crate::chip::Chip;
use crate::layout::{APP_SLOT_MAX, SECTOR};
use descriptor::Descriptor;
use segments::Segments;

/// The header, in bytes.
pub const HEADER_LEN: usize = 24;

/// More segments than this the ROM does not load either.
pub const SEGMENTS_MAX: usize = 16;

const MAGIC: u8 = 0xe9;
const HASH_LEN: usize = 32;
const CHECKSUM_SEED: u8 = 0xef;

/// An image whose shape is right and that nobody has vouched for yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    signed: &'a [u8],
    signatures: SignatureSector<'a>,
    segments: Segments<'a>,
    descriptor: Descriptor<'a>,
    entry: u32,
}

/// An image that may start: its signature was checked, and it is not older than the device allows.
///
/// ```compile_fail
/// fn start_anything(image: countersign_boot::Unverified<'_>) -> countersign_boot::Verified<'_> {
///     countersign_boot::Verified(image)
/// }
/// ```
///
/// ```compile_fail
/// fn copy_anything(image: &countersign_boot::Unverified<'_>) -> usize {
///     image.copies().count()
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Verified<'a>(Unverified<'a>);

impl<'a> Unverified<'a> {
    /// Reads the image at the beginning of `slot`, which may go on after it.
    ///
    /// # Errors
    ///
    /// Whatever is not as it has to be, in the order of the bytes.
    pub fn parse(slot: &'a [u8], chip: Chip) -> Result<Self, ImageError> {
        let slot = slot.get(..APP_SLOT_MAX as usize).unwrap_or(slot);
        let header = slot.first_chunk::<HEADER_LEN>().ok_or(ImageError::Truncated)?;
        if header[0] != MAGIC {
            return Err(ImageError::Magic);
        }
        let count = usize::from(header[1]);
        if count == 0 || count > SEGMENTS_MAX {
            return Err(ImageError::SegmentCount);
        }
        if u16_at(header, 12) != Some(chip.id()) {
            return Err(ImageError::OtherChip);
        }
        if header[23] != 1 {
            return Err(ImageError::NoHash);
        }
        let (segments, end) = Segments::parse(slot, count, chip)?;
        let entry = bytes::u32_at(header, 4).ok_or(ImageError::Truncated)?;
        if !segments.may_execute(entry) {
            return Err(ImageError::Entry);
        }
        let descriptor = segments.descriptor().ok_or(ImageError::Descriptor)?;
        let checksum_at = end | 15;
        let checksum = slot.get(checksum_at).ok_or(ImageError::Truncated)?;
        if *checksum != segments.xor() ^ CHECKSUM_SEED {
            return Err(ImageError::Checksum);
        }
        let len = (checksum_at + 1 + HASH_LEN).next_multiple_of(SECTOR as usize);
        let (signed, rest) = slot.split_at_checked(len).ok_or(ImageError::Truncated)?;
        let sector = rest.first_chunk().ok_or(ImageError::Truncated)?;
        Ok(Self { signed, signatures: SignatureSector::new(sector), segments, descriptor, entry })
    }

    /// Checks who signed it, and that it is not older than `floor`, which the eFuses hold.
    ///
    /// # Errors
    ///
    /// Why it must not start.
    pub fn verify(
        self,
        check: &mut impl SignatureCheck,
        floor: SecureVersion,
    ) -> Result<Verified<'a>, Refusal> {
        let version = self.descriptor.secure_version;
        if version < floor {
            return Err(Refusal::Older { image: version, floor });
        }
        let digest = check.sha256(self.signed);
        if self.signatures.blocks().next().is_none() {
            return Err(Refusal::Unsigned);
        }
        if !self.signatures.blocks().any(|block| *block.digest() == digest) {
            return Err(Refusal::Changed);
        }
        // What comes back is the digest that the signature was found to be over, not a yes: a skipped call says nothing.
        if check.verify(&self.signatures, &digest) != Some(digest) {
            return Err(Refusal::NotOurs);
        }
        Ok(Verified(self))
    }

    /// Everything that the signature covers.
    pub const fn signed(&self) -> &'a [u8] {
        self.signed
    }

    /// The sector after it.
    pub const fn signatures(&self) -> &SignatureSector<'a> {
        &self.signatures
    }

    /// The version that must not fall, as the image claims it.
    pub const fn secure_version(&self) -> SecureVersion {
        self.descriptor.secure_version
    }

    /// The version that people read, as the image claims it; at most 32 bytes.
    pub const fn version(&self) -> &'a [u8] {
        self.descriptor.version
    }

    /// The application's name, as the image claims it; at most 32 bytes.
    pub const fn project(&self) -> &'a [u8] {
        self.descriptor.project
    }
}

impl<'a> Verified<'a> {
    /// What is to be copied to RAM, in the image's order. Every target lies in a window of the chip, and no two meet.
    pub fn copies(&self) -> impl Iterator<Item = Copy<'a>> {
        self.0.segments.copies()
    }

    /// What is to be mapped, in the image's order. No two want the same entry of the table for different pages.
    pub fn mappings(&self) -> impl Iterator<Item = Mapping> {
        self.0.segments.mappings()
    }

    /// Where to jump; in one of the segments.
    pub const fn entry(&self) -> u32 {
        self.0.entry
    }

    /// The version that must not fall.
    pub const fn secure_version(&self) -> SecureVersion {
        self.0.descriptor.secure_version
    }

    /// The version that people read, at most 32 bytes.
    pub const fn version(&self) -> &'a [u8] {
        self.0.descriptor.version
    }

    /// The whole of it with its padding and its signatures, in bytes from the beginning of the slot.
    pub const fn len(&self) -> usize {
        self.0.signed.len() + SECTOR as usize
    }

    /// Never: a header is there.
    pub const fn is_empty(&self) -> bool {
        false
    }
}
