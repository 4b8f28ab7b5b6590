//! Images built by hand, keys, and a ROM whose signatures are checked by aws-lc.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, UnparsedPublicKey,
};
use countersign_boot::image::{BLOCK_LEN, KEY_LEN, MODULUS_LEN, SignatureBlock, SignatureSector};
use countersign_boot::layout::{APP_SLOT_MAX, SECTOR};
use countersign_boot::*;
use std::sync::LazyLock;

pub(crate) const CHIPS: [Chip; 2] = [Chip::Esp32C3, Chip::Esp32C6];

/// The key of the device, and one that it does not know. Made once: RSA takes its time.
pub(crate) static OURS: LazyLock<Key> = LazyLock::new(Key::generate);
pub(crate) static OTHER: LazyLock<Key> = LazyLock::new(Key::generate);

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

/// Around the modulus of an RSA-3072 key with the exponent 65537, as PKCS #1 has it.
const DER_BEFORE: &[u8] = &[0x30, 0x82, 1, 0x8a, 2, 0x82, 1, 0x81, 0];
const DER_AFTER: &[u8] = &[2, 3, 1, 0, 1];

/// The functions of the ROM, and the digests of keys in the eFuses.
pub(crate) struct Rom {
    pub(crate) trusted: Vec<[u8; 32]>,
}

impl Rom {
    pub(crate) fn ours() -> Self {
        Self { trusted: vec![OURS.fuses] }
    }

    fn is_good(&self, block: &SignatureBlock<'_>, digest: &[u8; 32]) -> bool {
        let big = |little: &[u8]| little.iter().rev().copied().collect::<Vec<u8>>();
        if block.exponent() != 65_537 {
            return false;
        }
        let key = [DER_BEFORE, &big(block.modulus()), DER_AFTER].concat();
        let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key);
        let digest = Digest::import_less_safe(digest, &SHA256).unwrap();
        key.verify_digest(&digest, &big(block.signature())).is_ok()
    }
}

impl SignatureCheck for Rom {
    fn sha256(&mut self, bytes: &[u8]) -> [u8; 32] {
        sha256(bytes)
    }

    fn verify(&mut self, sector: &SignatureSector<'_>, digest: &[u8; 32]) -> Option<[u8; 32]> {
        let is_trusted = |block: &SignatureBlock<'_>| self.trusted.contains(&sha256(block.key()));
        let mut blocks = sector.blocks().filter(is_trusted);
        blocks
            .any(|block| block.digest() == digest && self.is_good(&block, digest))
            .then_some(*digest)
    }
}

pub(crate) struct Key {
    pair: KeyPair,
    block_key: [u8; KEY_LEN],
    /// What a device that trusts it has in its eFuses.
    pub(crate) fuses: [u8; 32],
}

impl Key {
    fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa3072).unwrap();
        let mut block_key = [0; KEY_LEN];
        let der = pair.public_key().as_ref();
        let modulus = &der[DER_BEFORE.len()..DER_BEFORE.len() + MODULUS_LEN];
        for (place, byte) in block_key.iter_mut().zip(modulus.iter().rev()) {
            *place = *byte;
        }
        block_key[MODULUS_LEN..MODULUS_LEN + 4].copy_from_slice(&65_537_u32.to_le_bytes());
        let fuses = sha256(&block_key);
        Self { pair, block_key, fuses }
    }

    fn block(&self, signed: &[u8]) -> Vec<u8> {
        let mut signature = [0; MODULUS_LEN];
        self.pair.sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed, &mut signature).unwrap();
        signature.reverse();
        block(sha256(signed), &self.block_key, &signature)
    }
}

/// A block of a signature around these parts.
pub(crate) fn block(
    digest: [u8; 32],
    key: &[u8; KEY_LEN],
    signature: &[u8; MODULUS_LEN],
) -> Vec<u8> {
    let mut block = vec![0xe7, 2, 0, 0];
    block.extend(digest);
    block.extend(key);
    block.extend(signature);
    block.extend(crc32(&block).to_le_bytes());
    block.resize(BLOCK_LEN, 0);
    block
}

/// CRC-32 once more, the other way round, so that a mistake in ours shows.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        for bit in 0..8 {
            let differs = (crc ^ u32::from(byte >> bit)) & 1 == 1;
            crc = (crc >> 1) ^ if differs { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

/// An image, in parts that a test may make wrong.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) magic: u8,
    pub(crate) count: Option<u8>,
    pub(crate) chip_id: u16,
    pub(crate) hash: u8,
    pub(crate) entry: u32,
    pub(crate) segments: Vec<(u32, Vec<u8>)>,
}

pub(crate) const RAM: u32 = 0x4080_0000;

/// Addresses of data in mapped flash, code in mapped flash, data in RAM, code in RAM.
pub(crate) fn addresses(chip: Chip) -> [u32; 4] {
    match chip {
        Chip::Esp32C3 => [0x3c00_0020, 0x4201_0000, 0x3fc8_8000, 0x4038_0000],
        Chip::Esp32C6 => [0x4200_0020, 0x4201_0000, RAM + 0x8000, RAM],
    }
}

pub(crate) fn descriptor(secure_version: u32, version: &str) -> Vec<u8> {
    let mut bytes = vec![0; 256];
    bytes[..4].copy_from_slice(&0xabcd_5432_u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&secure_version.to_le_bytes());
    bytes[16..16 + version.len()].copy_from_slice(version.as_bytes());
    bytes[48..53].copy_from_slice(b"slave");
    bytes[180] = 16;
    bytes
}

impl Parts {
    /// Data in flash, code in RAM, padding, code in flash.
    pub(crate) fn new(chip: Chip, secure_version: u32) -> Self {
        let [data, code, _, ram] = addresses(chip);
        let mut first = descriptor(secure_version, "1.0.0");
        first.extend((0..1024_u32).map(|byte| byte as u8));
        let second: Vec<u8> = (0..128).collect();
        let at = 24 + 8 + first.len() + 8 + second.len() + 8;
        let to_page = 0x1_0000 - at - 8;
        let segments = vec![
            (data, first),
            (ram, second),
            (0, vec![0; to_page]),
            (code, (0..4096_u32).map(|byte| (byte >> 2) as u8).collect()),
        ];
        Self { magic: 0xe9, count: None, chip_id: chip.id(), hash: 1, entry: code + 4, segments }
    }

    pub(crate) fn unsigned(&self) -> Vec<u8> {
        let mut bytes = vec![self.magic, self.count.unwrap_or(self.segments.len() as u8), 2, 0x2f];
        bytes.extend(self.entry.to_le_bytes());
        bytes.extend([0xee, 0, 0, 0]);
        bytes.extend(self.chip_id.to_le_bytes());
        bytes.extend([0; 9]);
        bytes.push(self.hash);
        let mut checksum = 0xef;
        for (address, data) in &self.segments {
            bytes.extend(address.to_le_bytes());
            bytes.extend((data.len() as u32).to_le_bytes());
            bytes.extend(data);
            checksum ^= data.iter().fold(0, |sum, byte| sum ^ byte);
        }
        bytes.resize(bytes.len() | 15, 0);
        bytes.push(checksum);
        bytes.extend(sha256(&bytes));
        bytes.resize(bytes.len().next_multiple_of(SECTOR as usize), 0xff);
        bytes
    }

    pub(crate) fn signed(&self, keys: &[&Key]) -> Vec<u8> {
        let mut bytes = self.unsigned();
        let blocks: Vec<Vec<u8>> = keys.iter().map(|key| key.block(&bytes)).collect();
        for block in blocks {
            bytes.extend(block);
        }
        bytes.resize(bytes.len().next_multiple_of(SECTOR as usize), 0xff);
        bytes
    }
}

/// The image in an otherwise erased slot.
pub(crate) fn in_slot(image: &[u8]) -> Vec<u8> {
    let mut slot = image.to_vec();
    slot.resize(APP_SLOT_MAX as usize, 0xff);
    slot
}

/// The way of every image, with nothing ruled out.
pub(crate) fn verify<'a>(
    slot: &'a [u8],
    chip: Chip,
    rom: &mut Rom,
) -> Result<Verified<'a>, Refusal> {
    Unverified::parse(slot, chip)?.verify(rom, SecureVersion::ZERO)
}

/// What follows from a number, the same every time.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}
