//! The sector of signatures of Secure Boot v2: up to three blocks, each with the key that it is to be checked with.

use crate::bytes::{self, array, u32_at};
use crate::layout::SECTOR;

/// One block, in bytes.
pub const BLOCK_LEN: usize = 1216;

/// Places for blocks in the sector.
pub const BLOCKS: usize = 3;

/// A modulus or a signature of RSA-3072, in bytes.
pub const MODULUS_LEN: usize = 384;

/// What a key's digest in the eFuses is taken over: modulus, exponent, and two numbers that spare the ROM work.
pub const KEY_LEN: usize = 776;

/// Where the exponent begins in a block's key.
pub const EXPONENT_AT: usize = MODULUS_LEN;

const MAGIC: u8 = 0xe7;
/// RSA-3072 with PSS and SHA-256; 3 is ECDSA, which is never used here (AR2026-006).
const VERSION: u8 = 2;
const KEY_AT: usize = 36;
const SIGNATURE_AT: usize = KEY_AT + KEY_LEN;
const CRC_AT: usize = SIGNATURE_AT + MODULUS_LEN;

/// Hashes, and checks signatures, with whatever the machine has for it.
///
/// A wrong `Some` starts what nobody signed. On the chip both are functions of the ROM.
pub trait SignatureCheck {
    /// SHA-256; of up to 1.6 MB, so that a watchdog may have to be fed while it runs.
    fn sha256(&mut self, bytes: &[u8]) -> [u8; 32];

    /// The digest for which one of the blocks has a valid signature by a key that this device trusts; `None` if none has.
    fn verify(&mut self, sector: &SignatureSector<'_>, digest: &[u8; 32]) -> Option<[u8; 32]>;
}

/// The sector after an image.
#[derive(Debug, Clone, Copy)]
pub struct SignatureSector<'a>(&'a [u8; SECTOR as usize]);

/// A block with the right magic, version and checksum. Whether its signature is good is another question.
#[derive(Debug, Clone, Copy)]
pub struct SignatureBlock<'a>(&'a [u8; BLOCK_LEN]);

impl<'a> SignatureSector<'a> {
    pub(super) const fn new(bytes: &'a [u8; SECTOR as usize]) -> Self {
        Self(bytes)
    }

    /// As the ROM wants it.
    pub const fn as_bytes(&self) -> &'a [u8; SECTOR as usize] {
        self.0
    }

    /// The blocks that are there, at most [`BLOCKS`].
    pub fn blocks(&self) -> impl Iterator<Item = SignatureBlock<'a>> {
        let (places, _) = self.0.as_chunks::<BLOCK_LEN>();
        places.iter().take(BLOCKS).filter_map(SignatureBlock::parse)
    }
}

impl<'a> SignatureBlock<'a> {
    fn parse(bytes: &'a [u8; BLOCK_LEN]) -> Option<Self> {
        let crc = bytes::crc32(bytes.get(..CRC_AT)?);
        let is_block =
            bytes[0] == MAGIC && bytes[1] == VERSION && u32_at(bytes, CRC_AT) == Some(crc);
        is_block.then_some(Self(bytes))
    }

    /// SHA-256 of what was signed, as the signer says.
    pub fn digest(&self) -> &'a [u8; 32] {
        self.part(4)
    }

    /// Modulus, exponent and the rest of the key; its SHA-256 is what the eFuses hold.
    pub fn key(&self) -> &'a [u8; KEY_LEN] {
        self.part(KEY_AT)
    }

    /// The modulus, least significant byte first.
    pub fn modulus(&self) -> &'a [u8; MODULUS_LEN] {
        self.part(KEY_AT)
    }

    /// The public exponent.
    pub fn exponent(&self) -> u32 {
        array(self.key(), EXPONENT_AT).map_or(0, u32::from_le_bytes)
    }

    /// The signature, least significant byte first.
    pub fn signature(&self) -> &'a [u8; MODULUS_LEN] {
        self.part(SIGNATURE_AT)
    }

    /// All parts lie in a block; a shorter array than the caller's would not compile.
    fn part<const N: usize>(&self, at: usize) -> &'a [u8; N] {
        const { assert!(N <= BLOCK_LEN) };
        self.0.get(at..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; N])
    }
}
