//! Requests.

use super::Result;
use super::case::{Context, Sample};
use super::hostile::{Checks, common};
use super::json::Json;
use super::world::*;
use countersign::*;

const CHECKS: Checks = Checks { shape: "V1", signature: "V4a", other_key: "V4a", payload: "V4b" };
const FIELDS: [(&str, usize); 6] = [
    ("session_id", 4),
    ("timestamp_ms", 27),
    ("request_id", 28),
    ("epoch", 44),
    ("payload_hash", 52),
    ("message_type", 96),
];

pub(super) fn cases() -> Result<Vec<Json>> {
    let mut cases = accepted()?;
    let good = sample(worked_request()?)?;
    cases.extend(common(&good, &CHECKS, Flags::CHUNKED.bits(), &FIELDS)?);
    cases.extend(bad_names(&good)?);
    cases.extend(stale(&good));
    let moved = Frame::join(&good.header()?, good.parts()?.signature, b"");
    cases.push(good.refused("without its payload", "V4b", moved));
    Ok(cases)
}

pub(super) fn sample(request: UnsignedRequest) -> Result<Sample> {
    Sample::new(Kind::Request, Who::Device, request.sign(&Who::Device.key()))
}

fn accepted() -> Result<Vec<Json>> {
    let base = request_header()?;
    let whole = |bytes: &[u8]| Payload::whole(bytes.into());
    let named =
        |name: &str| Ok::<_, Malformed>(RequestHeader { message_type: Name::new(name)?, ..base });
    let every_byte: Vec<u8> = (0..=255).collect();
    let all_names = "abcdefghijklmnopqrstuvwxyz0123456789._/-abcdefghijklmnopqrstuvwx";
    let mut cases = vec![sample(worked_request()?)?.accepted("the worked vector of the design")?];
    for (name, header, payload) in [
        ("empty payload", base, whole(b"")),
        ("type of one byte", named("a")?, whole(b"{}")),
        ("type of 64 bytes with the whole alphabet", named(all_names)?, whole(b"{}")),
        ("epoch set", RequestHeader { epoch: Epoch::from_bytes([0xe1; 8]), ..base }, whole(b"{}")),
        ("payload with every byte value", base, whole(&every_byte)),
        (
            "payload that looks like a frame",
            base,
            whole(&worked_request()?.sign(&Who::Device.key())),
        ),
        ("time zero", RequestHeader { timestamp: Timestamp::ZERO, ..base }, whole(b"{}")),
        (
            "the largest time",
            RequestHeader { timestamp: Timestamp::from_millis(u64::MAX), ..base },
            whole(b"{}"),
        ),
        (
            "bootstrap without payload or epoch",
            RequestHeader { message_type: Name::new("stream.open")?, ..base },
            whole(b""),
        ),
    ] {
        cases.push(sample(request(header, payload)?)?.accepted(name)?);
    }
    let key = Who::Device.key();
    for (name, realm) in [
        (
            "the longest app and audience",
            Realm::new(&"a-9".repeat(11)[..32], &"~!".repeat(128)[..255])?,
        ),
        ("the shortest app and audience", Realm::new("-", "x")?),
    ] {
        let frame =
            UnsignedRequest::new(&realm, key.verifying_key(), base, whole(b"{}")).sign(&key);
        let sample = Sample::new(Kind::Request, Who::Device, frame)?.in_realm(&realm);
        cases.push(sample.accepted(name)?);
    }
    Ok(cases)
}

fn bad_names(good: &Sample) -> Result<Vec<Json>> {
    let long = "a".repeat(65);
    let names: [(&str, &[u8]); 9] = [
        ("empty", b""),
        ("upper case", b"Match.submit"),
        ("space", b"match submit"),
        ("newline", b"match.submit\n"),
        ("zero byte", b"match\0submit"),
        ("UTF-8", "m\u{e4}tch".as_bytes()),
        ("not UTF-8", b"match\xff"),
        ("backslash", b"match\\submit"),
        ("65 bytes", long.as_bytes()),
    ];
    let each = names.into_iter().map(|(what, name)| {
        let header = [&good.header()?[..84], &[name.len() as u8], name].concat();
        Ok(good.refused(format!("message_type: {what}"), "V1", good.resigned(&header)?))
    });
    each.collect()
}

/// Good frames at the wrong time.
fn stale(good: &Sample) -> Vec<Json> {
    let late = FreshnessWindow::default().longest_memory().as_millis() as u64;
    let cases = [
        ("one millisecond too old", "V5a", at(60_001)),
        ("too old for every memory", "V5a", at(60_000 + late)),
        (
            "one millisecond too far ahead",
            "V5b",
            NOW.minus(std::time::Duration::from_millis(30_001)),
        ),
    ];
    let each = cases.map(|(name, check, now)| {
        Context { now: Some(now), ..good.context.clone() }.refused(name, check, good.frame.clone())
    });
    each.into()
}
