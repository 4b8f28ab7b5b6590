//! Chunked payloads, in requests and responses.

use super::Result;
use super::case::Sample;
use super::json::Json;
use super::world::*;
use super::{push, record, request, response};
use countersign::*;
use sha2::{Digest, Sha256};

const CONTENT: &[u8] = b"a payload in five chunks";

pub(super) fn cases() -> Result<Vec<Json>> {
    let mut cases = accepted()?;
    cases.extend(damaged()?);
    cases.extend(dishonest()?);
    cases.extend(not_chunkable()?);
    Ok(cases)
}

fn accepted() -> Result<Vec<Json>> {
    let mut cases = Vec::new();
    let kib: Vec<u8> = (0..1024u16).map(|i| (i % 251) as u8).collect();
    for (name, content, size) in [
        ("five chunks, the last one shorter", CONTENT, 5),
        ("exact multiple of the chunk size", CONTENT, 8),
        ("one chunk, filled", CONTENT, 24),
        ("one chunk, not filled", CONTENT, 25),
        ("the largest chunk size", CONTENT, 65_536),
        ("chunks of one byte", CONTENT, 1),
        ("one byte", b"x", 1),
        ("sixteen chunks of 64 bytes", &kib, 64),
    ] {
        cases.push(chunked(content, size)?.accepted(name)?);
    }
    let answer = Answer { payload: payload(CONTENT, 5)?, ..worked_answer() };
    let reply_to = worked_request()?.reply_to();
    cases.push(response::sample(response(answer)?, reply_to)?.accepted("in a response")?);
    Ok(cases)
}

/// What happens on the way: the signed header stays, the payload does not.
fn damaged() -> Result<Vec<Json>> {
    let good = chunked(CONTENT, 5)?;
    let parts = good.parts()?;
    let (manifest, body) = parts.payload.split_at(8 + 5 * 32);
    let swapped_hashes =
        [&manifest[..8], &manifest[40..72], &manifest[8..40], &manifest[72..]].concat();
    let swapped = [&body[5..10], &body[..5], &body[10..]].concat();
    let mut flipped_manifest = manifest.to_vec();
    flipped_manifest[20] ^= 1;
    let mut flipped = body.to_vec();
    flipped[11] ^= 1;
    let end = body.len();
    let mut cases = Vec::new();
    for (name, manifest, body) in [
        ("two chunks swapped", manifest, &swapped[..]),
        ("two chunks and their hashes swapped", &swapped_hashes, &swapped),
        ("a bit of the manifest flipped", &flipped_manifest, body),
        ("a bit of a chunk flipped", manifest, &flipped),
        ("the last chunk missing", manifest, &body[..20]),
        ("the last byte missing", manifest, &body[..end - 1]),
        ("all chunks missing", manifest, b""),
        ("one byte more", manifest, &[body, b"x"].concat()),
        ("the last chunk twice", manifest, &[body, &body[20..]].concat()),
        ("cut inside the manifest", &manifest[..100], b""),
        ("cut inside the manifest's numbers", &manifest[..7], b""),
        ("no payload", b"", b""),
        ("the content without its manifest", b"", body),
    ] {
        let frame = Frame::join(parts.header, parts.signature, &[manifest, body].concat());
        cases.push(good.refused(name, "V4b", frame));
    }
    Ok(cases)
}

/// Manifests that their author signed, and that break the rules.
fn dishonest() -> Result<Vec<Json>> {
    let good = chunked(CONTENT, 5)?;
    let hash = |chunk: &[u8]| <[u8; 32]>::from(Sha256::digest(chunk)).to_vec();
    let mut cases = Vec::new();
    for (name, size, count, hashes, body) in [
        ("chunk_size 0", 0, 1, hash(b"x"), &b"x"[..]),
        ("chunk_size 65537", 65_537, 1, hash(b"x"), b"x"),
        ("no chunk", 1, 0, Vec::new(), b""),
        ("16385 chunks announced", 1, 16_385, hash(b"x"), b"x"),
        ("4294967295 chunks announced", 1, u32::MAX, hash(b"x"), b"x"),
        ("one empty chunk", 5, 1, hash(b""), b""),
        ("an empty last chunk", 1, 2, [hash(b"x"), hash(b"")].concat(), b"x"),
        ("a short chunk before the last", 2, 2, [hash(b"x"), hash(b"yz")].concat(), b"xyz"),
        ("a last chunk above chunk_size", 1, 1, hash(b"xy"), b"xy"),
    ] {
        let manifest = [&u32::to_be_bytes(size)[..], &u32::to_be_bytes(count), &hashes].concat();
        let mut header = good.header()?;
        header[52..84].copy_from_slice(&hash(&manifest));
        let input = good.context.signing_input(&header);
        let signature = super::forge::sign(Who::Device, &input);
        let frame = Frame::join(&header, &signature, &[&manifest, body].concat());
        cases.push(good.refused(name, "V4b", frame));
    }
    let whole = request::sample(worked_request()?)?;
    let mut header = whole.header()?;
    header[3] = 1;
    let name = "flag without a manifest";
    cases.push(whole.refused(name, "V4b", whole.resigned(&header)?));
    let mut header = good.header()?;
    header[3] = 0;
    let name = "manifest without the flag";
    cases.push(good.refused(name, "V4b", good.resigned(&header)?));
    Ok(cases)
}

/// Kinds that are never chunked.
fn not_chunkable() -> Result<Vec<Json>> {
    let bytes = payload(CONTENT, 5)?.into_bytes();
    let push = push::sample(push(push_header(1)?, &bytes)?)?;
    let record = record::sample(record(record_header()?, &bytes)?)?;
    let mut cases = Vec::new();
    for (name, check, sample) in [("a push", "S0", push), ("a record", "A1", record)] {
        let mut header = sample.header()?;
        header[3] = 1;
        cases.push(sample.refused(name, check, sample.resigned(&header)?));
    }
    Ok(cases)
}

fn chunked(content: &[u8], chunk_size: u32) -> Result<Sample> {
    request::sample(request(request_header()?, payload(content, chunk_size)?)?)
}

fn payload(content: &[u8], chunk_size: u32) -> Result<Payload> {
    Payload::chunked(content, chunk_size).ok_or_else(|| "the content cannot be chunked so".into())
}
