//! Why an image does not start.

use core::fmt;

use super::SecureVersion;

/// What is wrong with the shape of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageError {
    /// The slot ends before the image does.
    Truncated,
    /// The first byte is another one. An erased slot is like this.
    Magic,
    /// None, or more than 16 segments.
    SegmentCount,
    /// It was made for another chip.
    OtherChip,
    /// No hash is appended, so that everything after it lies elsewhere.
    NoHash,
    /// A segment's length or address is no multiple of four.
    Unaligned,
    /// A segment is to go where an image may not be loaded.
    Window,
    /// A mapped segment lies at another place in its page than its address does.
    Page,
    /// Two segments are to go to the same place.
    Overlap,
    /// The entry is in no segment that can be executed.
    Entry,
    /// The first segment is not mapped, or does not begin with a descriptor that this device can understand.
    Descriptor,
    /// The checksum over the segments is another one.
    Checksum,
}

/// Why an image must not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its shape is wrong.
    Image(ImageError),
    /// An older one than the eFuses allow.
    Older {
        /// What the image says it is.
        image: SecureVersion,
        /// What it has to be at least.
        floor: SecureVersion,
    },
    /// There is no block of a signature after it.
    Unsigned,
    /// The signature is over other bytes.
    Changed,
    /// No signature is good, or none is by a key that this device trusts.
    NotOurs,
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the image ends too early; write all of it, with its signature",
            Self::Magic => "there is no image; its first byte has to be 0xe9",
            Self::SegmentCount => "the image has no segments or too many; 1 to 16 are right",
            Self::OtherChip => "the image is for another chip; build it for this one",
            Self::NoHash => "the image has no appended hash; let esptool append it",
            Self::Unaligned => {
                "a segment's length or address is odd; both have to be multiples of 4"
            }
            Self::Window => {
                "a segment is to go outside of the memory for images; see countersign-boot::chip"
            }
            Self::Page => {
                "a mapped segment is shifted in its page; address and place in flash have to agree modulo 64 KiB"
            }
            Self::Overlap => {
                "two segments are to go to the same place; each has to have its own bytes and pages"
            }
            Self::Entry => {
                "the entry is in no segment with code; it has to be in one that is executed"
            }
            Self::Descriptor => {
                "the first segment has to be mapped and to begin with an application's descriptor, with a secure version up to 16 and pages of 64 KiB"
            }
            Self::Checksum => "the checksum is wrong; write the image again",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(error) => error.fmt(f),
            Self::Older { image, floor } => write!(
                f,
                "the image has secure version {}; this device takes {} and later",
                image.get(),
                floor.get()
            ),
            Self::Unsigned => f.write_str("nobody signed the image; sign it with espsecure"),
            Self::Changed => {
                f.write_str("the image was changed after it was signed; write it again")
            }
            Self::NotOurs => {
                f.write_str("the signature is not by a key of this device; sign with the right one")
            }
        }
    }
}

impl core::error::Error for ImageError {}
impl core::error::Error for Refusal {}
