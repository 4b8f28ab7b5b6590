//! What a release key says of an image.

use alloc::vec::Vec;
use core::fmt;
use countersign::evidence::Artefact;
use countersign::wire::{Malformed, Reader};
use countersign_boot::layout::{APP_SLOT_MAX, SECTOR};
use countersign_boot::{Chip, ImageError, SecureVersion, Unverified};
use sha2::{Digest, Sha256};

/// Bytes of a chunk: what a courier brings at once, and what is erased together.
pub const CHUNK: u32 = SECTOR;
/// Bytes of a block: what has a hash in the release, over the hashes of its chunks.
pub const BLOCK: u32 = 16 * CHUNK;
/// Bytes of the hashes of a block.
pub const HASHES_MAX: usize = 32 * (BLOCK / CHUNK) as usize;
/// Blocks of the longest image.
pub const BLOCKS_MAX: usize = APP_SLOT_MAX.div_ceil(BLOCK) as usize;

/// Which of the applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ImageKind {
    /// A master with phones.
    Master = 1,
    /// A slave.
    Slave = 2,
    /// The radio of a master that runs on Linux.
    Radio = 3,
}

impl ImageKind {
    /// "master", "slave" or "radio".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Slave => "slave",
            Self::Radio => "radio",
        }
    }
}

impl fmt::Display for ImageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A signed image: what it is for, and what its bytes are. Signed by a release key as a record of the type `firmware.release`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Which application.
    pub kind: ImageKind,
    /// For which chip.
    pub chip: Chip,
    /// The firmware's number; only grows. The same as in a device's proof.
    pub version: u32,
    /// What the eFuses may come to demand.
    pub secure_version: SecureVersion,
    /// Bytes of the padded image with its signature sector: whole sectors, at most a slot.
    pub length: u32,
    /// SHA-256 of these bytes.
    pub hash: [u8; 32],
    /// For each [`BLOCK`] of them, SHA-256 of the SHA-256 of each of its chunks, one after the other; the last one may be shorter.
    pub blocks: Vec<[u8; 32]>,
}

impl Release {
    /// Chunks of the image.
    pub const fn chunks(&self) -> u32 {
        self.length / CHUNK
    }

    /// What there is to say of an image as the factory has signed it. All of it stands in the image.
    pub fn of_image(image: &[u8]) -> Result<Self, ImageFault> {
        let parse = |chip| Unverified::parse(image, chip).map(|parsed| (chip, parsed));
        let (chip, parsed) = match parse(Chip::Esp32C3) {
            Err(ImageError::OtherChip) => parse(Chip::Esp32C6),
            parsed => parsed,
        }
        .map_err(ImageFault::Shape)?;
        let whole = parsed.signed().len() + CHUNK as usize;
        if image.len() != whole || image.len() > APP_SLOT_MAX as usize {
            return Err(ImageFault::Length { found: image.len(), expected: whole });
        }
        let digest: [u8; 32] = Sha256::digest(parsed.signed()).into();
        if !parsed.signatures().blocks().any(|block| *block.digest() == digest) {
            return Err(ImageFault::Unsigned);
        }
        let kind = match parsed.project() {
            b"countersign-master" => ImageKind::Master,
            b"countersign-slave" => ImageKind::Slave,
            b"countersign-radio" => ImageKind::Radio,
            _ => return Err(ImageFault::Project),
        };
        Ok(Self {
            kind,
            chip,
            version: number(parsed.version()).ok_or(ImageFault::Version)?,
            secure_version: parsed.secure_version(),
            length: image.len() as u32,
            hash: Sha256::digest(image).into(),
            blocks: Self::blocks_of(image),
        })
    }

    /// What goes into [`Release::blocks`] for an image.
    pub fn blocks_of(image: &[u8]) -> Vec<[u8; 32]> {
        image.chunks(BLOCK as usize).map(|block| Sha256::digest(hashes(block)).into()).collect()
    }
}

/// Why an image cannot be released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageFault {
    /// The second stage would not start it.
    #[error("this is no image of a C3 or a C6: {0:?}")]
    Shape(ImageError),
    /// Something stands behind the sector of signatures, or it is longer than a slot.
    #[error(
        "the image has {found} bytes, and with its sector of signatures it would have {expected}, at most {APP_SLOT_MAX}"
    )]
    Length {
        /// Bytes there are.
        found: usize,
        /// Bytes there should be.
        expected: usize,
    },
    /// No signature is over these bytes.
    #[error(
        "the image is not signed, or was changed afterwards; take app.bin of a release of the factory"
    )]
    Unsigned,
    /// Another program.
    #[error("the image is neither countersign-master nor countersign-slave nor countersign-radio")]
    Project,
    /// Not three numbers.
    #[error("the image's version is not three numbers of at most 255 each, as in 1.2.3")]
    Version,
}

/// One byte for each of three numbers.
fn number(text: &[u8]) -> Option<u32> {
    let text = core::str::from_utf8(text).ok()?;
    let mut parts = text.split('.').map(|part| part.parse::<u8>().ok());
    let [major, minor, patch] = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then(|| u32::from_be_bytes([0, major, minor, patch]))
}

/// A chunk of an image as couriers bring it: the SHA-256 of each chunk of its block, then the chunk. `None`: there is no such chunk.
pub fn with_hashes(image: &[u8], number: u32) -> Option<Vec<u8>> {
    let block = image.chunks(BLOCK as usize).nth((number / (BLOCK / CHUNK)) as usize)?;
    let chunk = block.chunks_exact(CHUNK as usize).nth((number % (BLOCK / CHUNK)) as usize)?;
    Some([&hashes(block), chunk].concat())
}

fn hashes(block: &[u8]) -> Vec<u8> {
    block.chunks(CHUNK as usize).flat_map(|chunk| <[u8; 32]>::from(Sha256::digest(chunk))).collect()
}

impl Artefact for Release {
    const TYPE: &'static str = "firmware.release";
    const MAX_FRAME: usize = 512 + 32 * BLOCKS_MAX;

    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        out.extend_from_slice(&self.chip.id().to_be_bytes());
        out.extend_from_slice(&self.version.to_be_bytes());
        out.push(self.secure_version.get());
        out.extend_from_slice(&self.length.to_be_bytes());
        out.extend_from_slice(&self.hash);
        out.push(self.blocks.len() as u8);
        self.blocks.iter().for_each(|block| out.extend_from_slice(block));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let kind = match reader.u8()? {
            1 => ImageKind::Master,
            2 => ImageKind::Slave,
            3 => ImageKind::Radio,
            _ => return Err(Malformed::Range),
        };
        let chip = reader.u16()?;
        let chip = [Chip::Esp32C3, Chip::Esp32C6].into_iter().find(|known| known.id() == chip);
        let chip = chip.ok_or(Malformed::Range)?;
        let version = reader.u32()?;
        let secure_version = SecureVersion::new(reader.u8()?.into()).ok_or(Malformed::Range)?;
        let (length, hash) = (reader.u32()?, reader.array()?);
        let count = usize::from(reader.u8()?);
        if count > BLOCKS_MAX {
            return Err(Malformed::Range);
        }
        let blocks = (0..count).map(|_| reader.array()).collect::<Result<_, _>>()?;
        Ok(Self { kind, chip, version, secure_version, length, hash, blocks })
    }
}
