//! Payloads: whole, or as a manifest with chunks that are checked one by one.

use crate::id::PayloadHash;
use crate::wire::{Flags, Malformed, Reader};
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// Largest chunk, in bytes.
pub const CHUNK_SIZE_MAX: u32 = 65_536;

/// Most chunks of one payload: 1 GiB in all.
pub const CHUNKS_MAX: u32 = 16_384;

/// The payload is not what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the payload is not the one that was signed")]
pub struct PayloadMismatch;

/// A payload about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    bytes: Vec<u8>,
    hash: PayloadHash,
    flags: Flags,
}

impl Payload {
    /// The bytes as they are.
    pub fn whole(bytes: Vec<u8>) -> Self {
        let hash = hash(&bytes);
        Self { bytes, hash, flags: Flags::NONE }
    }

    /// A manifest followed by the chunks. `None` when there is nothing to send, `chunk_size` is not in
    /// 1 to [`CHUNK_SIZE_MAX`], or there would be more than [`CHUNKS_MAX`] chunks.
    pub fn chunked(content: &[u8], chunk_size: u32) -> Option<Self> {
        let chunks = content.len().div_ceil(usize::try_from(chunk_size).ok()?.max(1));
        let count = u32::try_from(chunks).ok().filter(|count| (1..=CHUNKS_MAX).contains(count))?;
        if !(1..=CHUNK_SIZE_MAX).contains(&chunk_size) {
            return None;
        }
        let mut bytes = Vec::with_capacity(8 + 32 * chunks + content.len());
        bytes.extend_from_slice(&chunk_size.to_be_bytes());
        bytes.extend_from_slice(&count.to_be_bytes());
        content
            .chunks(chunk_size as usize)
            .for_each(|chunk| bytes.extend_from_slice(&Sha256::digest(chunk)));
        let hash = hash(&bytes);
        bytes.extend_from_slice(content);
        Some(Self { bytes, hash, flags: Flags::CHUNKED })
    }

    /// The hash that goes into the header.
    pub fn hash(&self) -> PayloadHash {
        self.hash
    }

    /// The flags that go into the header.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// What follows the signature in the frame.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// SHA-256 of a payload's raw bytes.
pub fn hash(bytes: &[u8]) -> PayloadHash {
    PayloadHash::from_bytes(Sha256::digest(bytes).into())
}

/// Checks a received payload against its signed hash and returns the content: all of it, or what stands after
/// the manifest. Every chunk is checked; nothing is missing and nothing is left over.
pub fn open<'a>(
    flags: Flags,
    signed: &PayloadHash,
    payload: &'a [u8],
) -> Result<&'a [u8], PayloadMismatch> {
    if !flags.contains(Flags::CHUNKED) {
        return same(&hash(payload), signed).then_some(payload).ok_or(PayloadMismatch);
    }
    let mut chunks = Chunks::begin(signed, payload)?;
    let content = chunks.rest;
    while chunks.next_chunk()?.is_some() {}
    Ok(content)
}

/// A chunked payload that is released chunk by chunk, each after its own check.
#[derive(Debug)]
pub struct Chunks<'a> {
    chunk_size: usize,
    hashes: core::slice::ChunksExact<'a, u8>,
    rest: &'a [u8],
}

impl<'a> Chunks<'a> {
    /// Checks the manifest at the front of `payload` against its signed hash.
    pub fn begin(signed: &PayloadHash, payload: &'a [u8]) -> Result<Self, PayloadMismatch> {
        let (manifest, rest) = split_manifest(payload).map_err(|_| PayloadMismatch)?;
        if !same(&hash(manifest.bytes), signed) {
            return Err(PayloadMismatch);
        }
        Ok(Self { chunk_size: manifest.chunk_size, hashes: manifest.hashes.chunks_exact(32), rest })
    }

    /// The next chunk; `None` after the last one, when nothing is left over.
    pub fn next_chunk(&mut self) -> Result<Option<&'a [u8]>, PayloadMismatch> {
        let Some(expected) = self.hashes.next() else {
            return if self.rest.is_empty() { Ok(None) } else { Err(PayloadMismatch) };
        };
        let last = self.hashes.len() == 0;
        let len = if last { self.rest.len().min(self.chunk_size) } else { self.chunk_size };
        let (chunk, rest) = self.rest.split_at_checked(len).ok_or(PayloadMismatch)?;
        if chunk.is_empty() || !bool::from(Sha256::digest(chunk).as_slice().ct_eq(expected)) {
            return Err(PayloadMismatch);
        }
        self.rest = rest;
        Ok(Some(chunk))
    }
}

struct Manifest<'a> {
    bytes: &'a [u8],
    chunk_size: usize,
    hashes: &'a [u8],
}

fn split_manifest(payload: &[u8]) -> Result<(Manifest<'_>, &[u8]), Malformed> {
    let mut reader = Reader::new(payload);
    let chunk_size = reader.u32()?;
    let count = reader.u32()?;
    if !(1..=CHUNK_SIZE_MAX).contains(&chunk_size) || !(1..=CHUNKS_MAX).contains(&count) {
        return Err(Malformed::Range);
    }
    let hashes = reader.slice(32 * count as usize)?;
    let bytes = &payload[..8 + hashes.len()];
    Ok((Manifest { bytes, chunk_size: chunk_size as usize, hashes }, reader.rest()))
}

fn same(a: &PayloadHash, b: &PayloadHash) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_all_there_and_all_checked() {
        let content: Vec<u8> = (0..100).collect();
        for size in [1, 7, 99, 100, 101] {
            let payload = Payload::chunked(&content, size).unwrap();
            let (hash, bytes) = (payload.hash(), payload.into_bytes());
            assert_eq!(open(Flags::CHUNKED, &hash, &bytes), Ok(&content[..]));
            for end in 0..bytes.len() {
                assert_eq!(open(Flags::CHUNKED, &hash, &bytes[..end]), Err(PayloadMismatch));
            }
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(open(Flags::CHUNKED, &hash, &flipped), Err(PayloadMismatch));
            }
            let longer = [&bytes[..], b"x"].concat();
            assert_eq!(open(Flags::CHUNKED, &hash, &longer), Err(PayloadMismatch));
        }
    }

    #[test]
    fn impossible_chunkings_are_refused() {
        assert_eq!(Payload::chunked(b"", 10), None);
        assert_eq!(Payload::chunked(b"x", 0), None);
        assert_eq!(Payload::chunked(b"x", CHUNK_SIZE_MAX + 1), None);
        assert_eq!(Payload::chunked(&[0; 16_385], 1), None);
    }
}
