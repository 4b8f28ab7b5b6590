//! Records.

use super::Result;
use super::case::{Context, Sample};
use super::hostile::{Checks, common};
use super::json::Json;
use super::world::*;
use super::{forge, request};
use countersign::record::UnsignedRecord;
use countersign::*;

const CHECKS: Checks = Checks { shape: "A1", signature: "A3", other_key: "A2", payload: "A4" };
const FIELDS: [(&str, usize); 6] = [
    ("record_id", 4),
    ("created_ms", 27),
    ("A2: signer_fp", 28),
    ("prev_hash", 60),
    ("payload_hash", 92),
    ("record_type", 136),
];
const SCORE: &[u8] = br#"{"match":7,"score":[2,1]}"#;

pub(super) fn cases() -> Result<Vec<Json>> {
    let base = record_header()?;
    let good = sample(record(base, SCORE)?)?;
    let mut cases = vec![good.accepted("first record of a signer")?];
    let previous = RecordHeader::decode(good.parts()?.header)?.digest(&realm()?);
    let next = RecordId::from_bytes([0xde; 16]);
    for (name, header, payload) in [
        ("second record of the signer", RecordHeader { id: next, previous, ..base }, SCORE),
        ("empty payload", base, b""),
        ("created at time zero", RecordHeader { created: Timestamp::ZERO, ..base }, SCORE),
        ("type of one byte", RecordHeader { record_type: Name::new("v")?, ..base }, SCORE),
    ] {
        cases.push(sample(record(header, payload)?)?.accepted(name)?);
    }
    cases.extend(common(&good, &CHECKS, 0, &FIELDS)?);
    let stranger = RecordHeader { signer: Who::Stranger.fingerprint(), ..base };
    let frame = record(stranger, SCORE)?.sign(&Who::Stranger.key());
    cases.push(good.refused("honest record of another signer", "A2", frame));
    cases.push(good.refused("names another signer, signed by the key", "A2", other_signer(&good)?));
    let bad_name = [&good.header()?[..124], &[0][..]].concat();
    cases.push(good.refused("record_type: empty", "A1", good.resigned(&bad_name)?));
    let as_request = request::sample(worked_request()?)?.frame;
    cases.push(good.refused("a request of the same signer", "A1", as_request));
    Ok(cases)
}

pub(super) fn sample(record: UnsignedRecord) -> Result<Sample> {
    Sample::new(Kind::Record, Who::Device, record.sign(&Who::Device.key()))
}

/// `signer_fp` is a stranger's, in the header and in the context, but the signature is the device's.
fn other_signer(good: &Sample) -> Result<Vec<u8>> {
    let mut header = good.header()?;
    header[28..60].copy_from_slice(Who::Stranger.fingerprint().as_bytes());
    let context =
        Context { public_key: *Who::Stranger.public().as_bytes(), ..good.context.clone() };
    let signature = forge::sign(Who::Device, &context.signing_input(&header));
    Ok(Frame::join(&header, &signature, good.parts()?.payload))
}
