//! Requests and answers that are not what they say: each is refused before business code, by a signed answer where
//! there is something to bind it to.

use crate::harness::*;
use countersign::verify::ResponseError;
use countersign::{
    Frame, Malformed, Payload, Realm, RecordId, ResultCode, Signer, SigningKey, record, register,
    request,
};
use serde_json::json;

fn unhurried() -> Options {
    Options::new().set("limits.refused_burst", 100_000)
}

/// Sends a request and expects this refusal, signed and bound to it.
fn refused(device: &mut Device, request: &Request, expected: ResultCode, what: &str) {
    let answer = device.send(&request.frame);
    assert_eq!(device.open(request.reply_to, &answer).result, expected, "{what}");
    assert_eq!(answer.status, expected.http_status(), "{what}");
}

#[test]
fn r1_substitution_across_sessions_a_genuine_answer_to_somebody_else() {
    let server = Server::start(Options::new());
    let ana = Device::register(&server, "ana@example.org");
    let mut mallory = Device::register(&server, "mallory@example.org");
    let asked = ana.request("session.list", b"{}");
    // Mallory saw the id of Ana's request, asks for her own sessions with it, and hands Ana the genuine answer.
    let id = asked.reply_to.request_id;
    let same_id = mallory.draft("session.list", b"{}").with(|it| it.request_id = id).sign();
    let genuine = mallory.send(&same_id.frame);
    assert_eq!(mallory.open(same_id.reply_to, &genuine).result, ResultCode::OK);
    assert_eq!(ana.try_open(asked.reply_to, &genuine), Err(ResponseError::Signature));
}

#[test]
fn r1_an_answer_to_another_request_of_the_same_session() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let (list, hello) = (ana.request("session.list", b"{}"), ana.request("session.hello", b"{}"));
    let answer = ana.send(&hello.frame);
    assert_eq!(ana.try_open(list.reply_to, &answer), Err(ResponseError::Signature));
    let swapped = HttpAnswer { body: [&answer.body[..], b" "].concat(), ..answer };
    assert_eq!(ana.try_open(hello.reply_to, &swapped), Err(ResponseError::Payload));
}

#[test]
fn v4b_body_swap_and_body_growth() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    let wish = json!({ "session_id": ana.session.to_string(), "name": "phone" }).to_string();
    let request = ana.request("session.rename", wish.as_bytes());
    let envelope = request.frame.len() - wish.len();
    for body in [wish.replace("phone", "Phone"), wish.clone() + " ", String::new()] {
        let frame = [&request.frame[..envelope], body.as_bytes()].concat();
        let swapped = Request { frame, ..request };
        refused(&mut ana, &swapped, ResultCode::PAYLOAD_MISMATCH, &body);
    }
    assert_eq!(server.business_calls("session.rename"), 0);
    assert_eq!(ana.exchange(&request).result, ResultCode::OK, "the genuine one was not used up");
}

#[test]
fn r1_reflection_a_request_is_no_answer_and_an_answer_no_request() {
    let server = Server::start(Options::new());
    let mut ana = Device::register(&server, "ana@example.org");
    let request = ana.request("session.list", b"{}");
    let answer = ana.send(&request.frame);
    let reflected = HttpAnswer { body: request.frame.clone(), ..answer.clone() };
    let verdict = ana.try_open(request.reply_to, &reflected);
    assert!(matches!(verdict, Err(ResponseError::Malformed(Malformed::Kind { .. }))));
    let fed_back = ana.send(&answer.body);
    assert_eq!((fed_back.status, fed_back.problem()), (400, Some("malformed".into())));
    let calls = server.all_business_calls();
    let keyset = ana.connection().get("/keyset").body;
    assert_eq!(ana.send(&keyset).status, 400);
    assert_eq!(server.all_business_calls(), calls);
}

#[test]
fn v4a_cross_realm_staging_is_not_production() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    for (app, audience) in
        [("dev", "staging.localhost"), ("deva", "localhost"), ("d", "evlocalhost")]
    {
        let other = Realm::new(app, audience).unwrap();
        let request = ana.draft("session.list", b"{}").in_realm(other).sign();
        refused(&mut ana, &request, ResultCode::UNAUTHENTICATED, audience);
    }
    // And an answer of the real server, opened in another realm, is worth nothing.
    let request = ana.request("session.list", b"{}");
    let answer = ana.send(&request.frame);
    ana.realm = Realm::new("dev", "staging.localhost").unwrap();
    assert_eq!(ana.try_open(request.reply_to, &answer), Err(ResponseError::Signature));
    assert_eq!(server.business_calls("session.list"), 1);
}

#[test]
fn v4a_cross_kind_a_signature_for_something_else() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    let genuine = ana.request("session.list", b"{}");
    let frame = Frame::split(&genuine.frame).unwrap();
    let fp = *ana.fingerprint();
    for (kind, input) in [
        ("record", record::signing_input(&ana.realm, &fp, frame.header)),
        ("register", register::signing_input(&ana.realm, &fp, frame.header)),
        ("nothing", frame.header.to_vec()),
    ] {
        let frame = Frame::join(frame.header, &ana.key.sign(&input), frame.payload);
        let forged = Request { frame, ..genuine };
        refused(&mut ana, &forged, ResultCode::UNAUTHENTICATED, kind);
    }
    // A record is no request, and a request is no record.
    let record = ana.record(RecordId::from_bytes(random()), b"{}");
    assert_eq!(ana.send(&record).problem().as_deref(), Some("malformed"));
    let opened = ana.call("record.submit", &genuine.frame);
    assert_eq!(
        (opened.result, &opened.json()["check"]),
        (ResultCode::RECORD_INVALID, &json!("A1"))
    );
    assert_eq!(server.business_calls("session.list"), 0);
}

#[test]
fn v4a_key_substitution_another_key_or_another_context() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    let mallory = SigningKey::from_seed(&random());
    let theirs = mallory.verifying_key();
    let draft = |device: &Device| device.draft("session.list", b"{}").sign_with(&mallory);
    let wrong_key = draft(&ana);
    refused(&mut ana, &wrong_key, ResultCode::UNAUTHENTICATED, "another key");
    let both = ana.draft("session.list", b"{}").in_context_of(theirs).sign_with(&mallory);
    refused(&mut ana, &both, ResultCode::UNAUTHENTICATED, "another key in its own context");
    let context = ana.draft("session.list", b"{}").in_context_of(theirs).sign();
    refused(&mut ana, &context, ResultCode::UNAUTHENTICATED, "the right key in another's context");
    assert_eq!(server.business_calls("session.list"), 0);
}

#[test]
fn v2_an_unknown_session_and_a_bad_signature_look_the_same() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    let unknown = ana
        .draft("session.list", b"{}")
        .with(|it| it.session = countersign::SessionId::from_bytes(random()));
    let unknown = unknown.sign();
    let forged = ana.draft("session.list", b"{}").sign_with(&SigningKey::from_seed(&random()));
    let (one, other) = (ana.send(&unknown.frame), ana.send(&forged.frame));
    let (one, other) = (ana.open(unknown.reply_to, &one), ana.open(forged.reply_to, &other));
    assert_eq!((one.result, &one.payload), (other.result, &other.payload));
    assert_eq!(one.result, ResultCode::UNAUTHENTICATED);
}

#[test]
fn v4b_truncation_of_a_chunked_request() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    let payload = Payload::chunked(&[b' '; 100], 10).unwrap();
    let request = ana.draft("session.list", b"").payload(payload).sign();
    // All of the chunks and of the manifest, byte by byte.
    for cut in 1..=100 + 8 + 32 * 10 {
        let frame = request.frame[..request.frame.len() - cut].to_vec();
        let cut_off = Request { frame, ..request };
        refused(&mut ana, &cut_off, ResultCode::PAYLOAD_MISMATCH, &format!("{cut} bytes cut off"));
    }
    let whole = request.frame.len();
    let chunk = |i: usize| whole - 100 + 10 * i..whole - 90 + 10 * i;
    let missing = [
        &request.frame[..chunk(3).start],
        &request.frame[chunk(4)],
        &request.frame[chunk(5).start..],
    ];
    let missing = Request { frame: missing.concat(), ..request };
    refused(&mut ana, &missing, ResultCode::PAYLOAD_MISMATCH, "a chunk in the middle");
    assert_eq!(server.business_calls("session.list"), 0);
    assert_eq!(ana.exchange(&request).result, ResultCode::OK);
}

#[test]
fn truncation_of_the_envelope_is_malformed_at_every_byte() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    let request = ana.request("session.list", b"");
    for length in 0..request.frame.len() {
        let answer = ana.send(&request.frame[..length]);
        assert_eq!(answer.problem().as_deref(), Some("malformed"), "{length} bytes");
    }
    assert_eq!(server.business_calls("session.list"), 0);
}

#[test]
fn v3_a_revoked_session_is_told_so_and_nobody_else_is() {
    let server = Server::start(unhurried());
    let mut ana = Device::register(&server, "ana@example.org");
    assert_eq!(ana.call("session.revoke_all", b"{}").result, ResultCode::OK);
    let request = ana.request("session.list", b"{}");
    refused(&mut ana, &request, ResultCode::SESSION_REVOKED, "by its key");
    let forged = ana.draft("session.list", b"{}").sign_with(&SigningKey::from_seed(&random()));
    refused(&mut ana, &forged, ResultCode::UNAUTHENTICATED, "by another key");
    assert_eq!(server.business_calls("session.list"), 0);
}

#[test]
fn the_context_is_never_sent_so_a_header_alone_tells_the_same_digest() {
    let server = Server::start(Options::new());
    let ana = Device::register(&server, "ana@example.org");
    let one = ana.request("session.list", b"{}");
    let frame = Frame::split(&one.frame).unwrap();
    let input = request::signing_input(&ana.realm, ana.key.verifying_key(), frame.header);
    assert!(ana.key.verifying_key().verify(&input, frame.signature.try_into().unwrap()).is_ok());
    assert!(!one.frame.windows(9).any(|window| window == b"localhost"));
}
