//! The attacks of the threat model on requests and responses.

use crate::world::*;
use countersign::verify::{Refused, ResponseError};
use countersign::*;
use std::time::Duration;

#[test]
fn the_designs_own_vectors_come_out() {
    let request = unsigned(header("match.submit"), br#"{"match":7}"#);
    let frame = request.sign(&device_key());
    assert_eq!(frame.len(), 176);
    assert_eq!(
        hex::encode(&frame[101..165]),
        "427902a837890c658e9f06583b782905007950052f5e50dba7d3ed18084cdf84d7d905e492f5844a971f9b718afac7534140ff7c809d611fe5f255a6a3764206"
    );
    assert_eq!(
        request.reply_to().digest.to_string(),
        "5f558120d41c6e35aff88362a278a0d7781f5f85fb98b7861351e5023d2e1292"
    );
    let response = respond(&server_key(), &request.reply_to(), br#"{"ok":true}"#);
    assert_eq!(
        hex::encode(&response[78..142]),
        "4ea536928a7126ed1441219a1c398491439bba0187dca9d266161ed1ff1df164de28f052c7f712025e148d69201e16fc7e91b0e2c6c56988e9f740e4b055490c"
    );
    assert_eq!(check(request.reply_to(), &response).unwrap().content, br#"{"ok":true}"#);
}

#[test]
fn r1_response_substitution_across_sessions() {
    // Mallory has a session, sees Alice's request id, asks something else with it, and hands Alice the genuine answer.
    let alice = unsigned(header("balance.get"), b"{}");
    let mallory =
        RequestHeader { session: SessionId::from_bytes([0xcc; 16]), ..header("balance.get") };
    let mallory = unsigned(mallory, b"{}");
    assert_eq!(alice.reply_to().request_id, mallory.reply_to().request_id);
    let genuine = respond(&server_key(), &mallory.reply_to(), br#"{"balance":0}"#);
    assert!(check(mallory.reply_to(), &genuine).is_ok());
    assert_eq!(check(alice.reply_to(), &genuine), Err(ResponseError::Signature));
}

#[test]
fn r1_reflection_a_request_is_no_answer_and_an_answer_no_request() {
    let request = unsigned(header("stream.open"), b"{}");
    let frame = request.sign(&device_key());
    assert!(matches!(
        check(request.reply_to(), &frame),
        Err(ResponseError::Malformed(Malformed::Kind { .. }))
    ));
    let response = respond(&server_key(), &request.reply_to(), b"{}");
    assert_eq!(Server::new().handle(&response), Err(None));
}

#[test]
fn r1_a_signature_of_another_kind_does_not_count() {
    // The server's key signs bytes of kind "push" that equal what a response would sign: the domain tells them apart.
    let request = unsigned(header("stream.open"), b"{}");
    let response = respond(&server_key(), &request.reply_to(), b"{}");
    let frame = Frame::split(&response).unwrap();
    let as_push =
        push::signing_input(&realm(), server_key().verifying_key().fingerprint(), frame.header);
    let forged = Frame::join(frame.header, &server_key().sign(&as_push), frame.payload);
    assert_eq!(check(request.reply_to(), &forged), Err(ResponseError::Signature));
}

#[test]
fn r2_another_requests_id_under_the_right_digest() {
    let request = unsigned(header("stream.open"), b"{}");
    let wrong_id = ReplyTo { request_id: RequestId::from_bytes([0xbc; 16]), ..request.reply_to() };
    let response = respond(&server_key(), &wrong_id, b"{}");
    assert_eq!(check(request.reply_to(), &response), Err(ResponseError::RequestId));
}

#[test]
fn r3_the_answers_body_swap() {
    let request = unsigned(header("stream.open"), b"{}");
    let mut response = respond(&server_key(), &request.reply_to(), b"{}");
    let end = response.len() - 1;
    response[end] = b']';
    assert_eq!(check(request.reply_to(), &response), Err(ResponseError::Payload));
    response.truncate(end);
    assert_eq!(check(request.reply_to(), &response), Err(ResponseError::Payload));
}

#[test]
fn r4_an_answer_held_back() {
    let request = unsigned(header("stream.open"), b"{}");
    let response = respond(&server_key(), &request.reply_to(), b"{}");
    let window = FreshnessWindow::default();
    let later = NOW.plus(Duration::from_secs(61));
    let verdict = verify::verify_response(
        &realm(),
        &keyset(),
        &verify::Pending { reply_to: request.reply_to() },
        Some((later, &window)),
        &response,
    );
    assert_eq!(verdict, Err(ResponseError::Stale(Freshness::TooOld)));
}

#[test]
fn v4a_cross_realm_staging_is_not_production() {
    for (app, audience) in [("league", "staging.example.org"), ("leagua", "league.example.org")] {
        let other = Realm::new(app, audience).unwrap();
        let request = UnsignedRequest::new(
            &other,
            device_key().verifying_key(),
            header("stream.open"),
            Payload::whole(vec![]),
        );
        let refused = Server::new().handle(&request.sign(&device_key()));
        assert_eq!(refused, Err(Some(Refused::Unauthenticated)));
    }
}

#[test]
fn v4a_domain_and_audience_cannot_slide_into_each_other() {
    let one = Realm::new("a", "b-request-v1").unwrap();
    let two = Realm::new("a-request-v1", "b").unwrap();
    let key = device_key();
    let input = |realm: &Realm| request::signing_input(realm, key.verifying_key(), b"header");
    assert_ne!(input(&one), input(&two));
}

#[test]
fn v4a_key_substitution_the_fingerprint_is_signed() {
    // The same header signed under another key's context: valid for that key, worthless for the registered one.
    let other = server_key();
    let request = UnsignedRequest::new(
        &realm(),
        other.verifying_key(),
        header("stream.open"),
        Payload::whole(vec![]),
    );
    let by_the_right_key_over_the_wrong_context = request.sign(&device_key());
    let refused = Server::new().handle(&by_the_right_key_over_the_wrong_context);
    assert_eq!(refused, Err(Some(Refused::Unauthenticated)));
}

#[test]
fn v4b_truncation_of_a_chunked_request() {
    let payload = Payload::chunked(&[7; 100], 10).unwrap();
    let request = UnsignedRequest::new(
        &realm(),
        device_key().verifying_key(),
        header("stream.open"),
        payload,
    );
    let frame = request.sign(&device_key());
    assert_eq!(Server::new().handle(&frame).unwrap(), [7; 100]);
    for cut in 1..=100 {
        let refused = Server::new().handle(&frame[..frame.len() - cut]);
        assert_eq!(refused, Err(Some(Refused::PayloadMismatch)), "{cut} bytes cut off");
    }
}

#[test]
fn r1_batch_signed_answers_verify_one_by_one() {
    let key = server_key();
    let fp = *key.verifying_key().fingerprint();
    let requests: Vec<_> = (0..5u8)
        .map(|i| {
            unsigned(
                RequestHeader { request_id: RequestId::from_bytes([i; 16]), ..header("a") },
                b"{}",
            )
            .reply_to()
        })
        .collect();
    let answers: Vec<_> = requests
        .iter()
        .map(|reply_to| {
            UnsignedResponse::for_batch(&realm(), &fp, reply_to, answer(ResultCode::OK, b"{}"))
        })
        .collect();
    let frames = response::sign_batch(&realm(), &key, &answers).unwrap();
    for (i, frame) in frames.iter().enumerate() {
        assert!(check(requests[i], frame).is_ok());
        assert_eq!(check(requests[(i + 1) % 5], frame), Err(ResponseError::Signature));
    }
}
