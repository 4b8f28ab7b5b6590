//! Pushes.

use super::Result;
use super::case::Sample;
use super::hostile::{Checks, common};
use super::json::Json;
use super::world::*;
use countersign::push::UnsignedPush;
use countersign::*;

const CHECKS: Checks = Checks { shape: "S0", signature: "S1", other_key: "S1", payload: "S3" };
const FIELDS: [(&str, usize); 7] = [
    ("stream_id", 4),
    ("timestamp_ms", 27),
    ("seq", 35),
    ("server_key_id", 36),
    ("epoch", 40),
    ("payload_hash", 48),
    ("event_type", 93),
];

pub(super) fn cases() -> Result<Vec<Json>> {
    let base = push_header(1)?;
    let good = sample(push(base, br#"{"goal":1}"#)?)?;
    let mut cases = vec![good.accepted("first event of a stream")?];
    for (name, header, payload) in [
        ("empty payload", push_header(2)?, &b""[..]),
        ("the largest number", push_header(u64::MAX)?, b"{}"),
        ("no epoch", PushHeader { epoch: Epoch::NONE, ..base }, b"{}"),
        (
            "type of 64 bytes",
            PushHeader { event_type: Name::new(&"a/b-".repeat(16))?, ..base },
            b"{}",
        ),
        ("end of a stream", PushHeader { event_type: Name::new("stream.end")?, ..base }, b"{}"),
    ] {
        cases.push(sample(push(header, payload)?)?.accepted(name)?);
    }
    cases.extend(common(&good, &CHECKS, Flags::BATCH.bits(), &FIELDS)?);
    let header = good.header()?;
    let bad_name = [&header[..80], &[1], b"A"].concat();
    cases.push(good.refused("event_type: upper case", "S0", good.resigned(&bad_name)?));
    let answer = response(worked_answer())?.sign(&Who::Server.key());
    cases.push(good.refused("an answer of the same server", "S0", answer));
    Ok(cases)
}

pub(super) fn sample(push: UnsignedPush) -> Result<Sample> {
    Sample::new(Kind::Push, Who::Server, push.sign(&Who::Server.key()))
}
