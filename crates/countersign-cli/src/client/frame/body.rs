//! What follows the header: signature and payload.

use super::walker::{Walker, printable};
use countersign::{Flags, Kind, payload};
use sha2::{Digest, Sha256};

/// A signature, alone or with the path of a batch.
pub(super) fn signature(walker: &mut Walker<'_>, len: usize, flags: u16) {
    let end = walker.at + len;
    walker.bounded(end, |walker| {
        if flags & Flags::BATCH.bits() == 0 {
            walker.hex("signature", 64, "R ‖ S");
            return;
        }
        walker.hex("signature", 64, "over the root of the tree");
        let depth = walker.u8("depth", |_| "nodes of the path".to_owned()).unwrap_or(0);
        let index = walker.u16("index", "bit i: node i stands on the left").unwrap_or(0);
        for i in 0..depth.min(16) {
            let side = if index >> i & 1 == 1 { "on the left" } else { "on the right" };
            walker.hex(format!("node[{i}]"), 32, side);
        }
    });
    walker.rest_until(end, "trailing", "bytes after the signature: malformed");
}

/// A payload, whole or chunked. A key set has none.
pub(super) fn payload(walker: &mut Walker<'_>, kind: Option<Kind>, flags: u16) {
    if walker.left() == 0 {
        return;
    }
    if kind == Some(Kind::Keyset) {
        return walker.rest_until(usize::MAX, "trailing", "a key set has no payload: malformed");
    }
    if flags & Flags::CHUNKED.bits() == 0 {
        let (len, hash) = (walker.left(), payload::hash(walker.rest()));
        walker.field("payload", len, |bytes| {
            (printable(bytes), format!("{len} bytes, SHA-256 {hash}"))
        });
        return;
    }
    let manifest = walker.rest();
    let chunk_size = walker.u32("chunk_size", "").unwrap_or(0);
    let chunks = walker.u32("n_chunks", "").unwrap_or(0);
    let fit = walker.left() / 32;
    let listed = usize::try_from(chunks).unwrap_or(usize::MAX).min(fit);
    let mut hashes = Vec::new();
    for i in 0..listed {
        let meaning = if i == 0 { manifest_hash(manifest, listed) } else { String::new() };
        hashes.extend(walker.hex(format!("hash[{i}]"), 32, &meaning));
    }
    for (i, hash) in hashes.iter().enumerate() {
        let len = walker.left().min(usize::try_from(chunk_size).unwrap_or(usize::MAX));
        if len == 0 {
            break;
        }
        walker.field(format!("chunk[{i}]"), len, |bytes| {
            let right = Sha256::digest(bytes).as_slice() == *hash;
            (
                printable(bytes),
                if right { "fits its hash" } else { "DOES NOT FIT its hash" }.to_owned(),
            )
        });
    }
    walker.rest_until(usize::MAX, "trailing", "bytes after the last chunk: malformed");
}

fn manifest_hash(manifest: &[u8], hashes: usize) -> String {
    let manifest = manifest.get(..8 + 32 * hashes).unwrap_or(manifest);
    format!("SHA-256 of the manifest {}", payload::hash(manifest))
}
