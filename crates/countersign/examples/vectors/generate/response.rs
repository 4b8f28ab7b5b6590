//! Responses.

use super::Result;
use super::case::{Context, Sample};
use super::hostile::{Checks, common};
use super::json::Json;
use super::world::*;
use super::{forge, request};
use countersign::*;

const CHECKS: Checks = Checks { shape: "R0", signature: "R1", other_key: "R1", payload: "R3" };
const FIELDS: [(&str, usize); 6] = [
    ("request_id", 4),
    ("timestamp_ms", 27),
    ("result_code", 29),
    ("server_key_id", 30),
    ("epoch", 34),
    ("payload_hash", 42),
];

pub(super) fn cases() -> Result<Vec<Json>> {
    let mut cases = accepted()?;
    let good = sample(response(worked_answer())?, worked_request()?.reply_to())?;
    let allowed = Flags::CHUNKED.with(Flags::BATCH).bits();
    cases.extend(common(&good, &CHECKS, allowed, &FIELDS)?);
    cases.extend(substituted(&good)?);
    for (name, now) in [
        ("held back for 61 s", at(50 + 60_001)),
        ("from the future", NOW.minus(std::time::Duration::from_millis(29_951))),
    ] {
        let context = Context { now: Some(now), ..good.context.clone() };
        cases.push(context.refused(name, "R4", good.frame.clone()));
    }
    Ok(cases)
}

pub(super) fn sample(response: UnsignedResponse, reply_to: ReplyTo) -> Result<Sample> {
    let frame = response.sign(&Who::Server.key());
    Ok(Sample::new(Kind::Response, Who::Server, frame)?.answering(reply_to))
}

fn accepted() -> Result<Vec<Json>> {
    let reply_to = worked_request()?.reply_to();
    let error = |result: ResultCode, members: &str| Answer {
        result,
        payload: Payload::whole(format!(r#"{{"error":"{}"{members}}}"#, result.name()).into()),
        ..worked_answer()
    };
    let mut cases = Vec::new();
    for (name, answer) in [
        ("the worked vector of the design", worked_answer()),
        ("empty payload", Answer { payload: Payload::whole(Vec::new()), ..worked_answer() }),
        ("epoch set", Answer { epoch: Epoch::from_bytes([0xe1; 8]), ..worked_answer() }),
        (
            "stale_timestamp",
            error(ResultCode::STALE_TIMESTAMP, r#","server_time_ms":1767225600050"#),
        ),
        ("unauthenticated", error(ResultCode::UNAUTHENTICATED, "")),
        ("an application's code", Answer { result: ResultCode::from_u16(404), ..worked_answer() }),
        ("the largest code", Answer { result: ResultCode::from_u16(u16::MAX), ..worked_answer() }),
    ] {
        cases.push(sample(response(answer)?, reply_to)?.accepted(name)?);
    }
    let reply_to = register(register_header())?.reply_to();
    let fp = Who::Server.fingerprint();
    let answer = UnsignedResponse::new(&realm()?, &fp, &reply_to, worked_answer());
    cases.push(sample(answer, reply_to)?.accepted("answer to a registration")?);
    Ok(cases)
}

/// Genuine signatures of the server, for something else.
fn substituted(good: &Sample) -> Result<Vec<Json>> {
    let realm = realm()?;
    let key = Who::Server.key();
    let fp = Who::Server.fingerprint();
    let own = worked_request()?.reply_to();
    let mallory = RequestHeader { session: SessionId::from_bytes([0xcc; 16]), ..request_header()? };
    let mallory = request::sample(request(mallory, Payload::whole(b"{}".into()))?)?;
    let digest = mallory.context.digest(mallory.parts()?.header).unwrap_or_default();
    let of_mallory = ReplyTo { digest: RequestDigest::from_bytes(digest), ..own };
    let of_nobody = ReplyTo { digest: RequestDigest::from_bytes([0; 32]), ..own };
    let wrong_id = ReplyTo { request_id: RequestId::from_bytes([0xbc; 16]), ..own };
    let mut cases = Vec::new();
    for (name, check, reply_to) in [
        ("genuine answer to another session's request with the same id", "R1", of_mallory),
        ("genuine answer to the digest of nothing", "R1", of_nobody),
        ("genuine answer with another request_id", "R2", wrong_id),
    ] {
        let frame = UnsignedResponse::new(&realm, &fp, &reply_to, worked_answer()).sign(&key);
        cases.push(good.refused(name, check, frame));
    }
    let without_digest = Context { reply_to: None, ..good.context.clone() };
    let signature = forge::sign(Who::Server, &without_digest.signing_input(&good.header()?));
    let name = "signed without the request's digest";
    cases.push(good.refused(name, "R1", good.with_signature(&signature)?));
    let fp = Who::Device.fingerprint();
    let frame = UnsignedResponse::new(&realm, &fp, &own, worked_answer()).sign(&Who::Device.key());
    cases.push(good.refused("signed and hinted by a key that is not in the set", "R1", frame));
    let request = worked_request()?.sign(&Who::Device.key());
    cases.push(good.refused("the request itself, reflected", "R0", request));
    Ok(cases)
}
