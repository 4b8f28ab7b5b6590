//! Calls: wrong clocks, restarted servers, forged and lost answers.

use crate::device::{Device, options_shifted};
use crate::world::{Fault, HOUR, name};
use countersign::ResultCode;
use countersign::verify::ResponseError;
use countersign_client::*;

#[tokio::test]
async fn a_call_is_answered_and_what_it_taught_is_remembered() {
    let device = Device::logged_in().await;
    let client = device.client();
    let reply = client.call(name("match.submit"), b"{\"match\":7}").await.unwrap();
    assert_eq!((reply.result, reply.content.as_slice()), (ResultCode::OK, &b"{\"match\":7}"[..]));
    assert_eq!(reply.exchange.attempts, 1);
    client.save().unwrap();
    let saved = device.profile.load().unwrap().session.unwrap();
    assert!(saved.offset_ms.is_some_and(|ms| ms.abs() < 1_000), "{:?}", saved.offset_ms);
    assert_eq!(saved.epoch.to_string(), "e1".repeat(8));
}

#[tokio::test]
async fn a_signed_refusal_is_an_answer() {
    let device = Device::logged_in().await;
    let reply = device.client().call(name("fail"), b"").await.unwrap();
    assert_eq!(reply.result, ResultCode::from_u16(404));
    assert_eq!(reply.content, br#"{"error":"no such match"}"#);
}

#[tokio::test]
async fn a_clock_an_hour_off_costs_one_round_trip_once() {
    let hour = HOUR.as_millis() as i64;
    for by_ms in [-hour, hour] {
        let device = Device::logged_in().await;
        let client = device.client_with(options_shifted(by_ms));
        let reply = client.call(name("match.submit"), b"{}").await.unwrap();
        assert_eq!((reply.result, reply.exchange.attempts), (ResultCode::OK, 2), "{by_ms}");
        assert!((client.offset_ms().unwrap() + by_ms).abs() < 1_000);
        let reply = client.call(name("match.submit"), b"{}").await.unwrap();
        assert_eq!(reply.exchange.attempts, 1);
        client.save().unwrap();
        // The next run remembers.
        let next = device.client_with(options_shifted(by_ms));
        let reply = next.call(name("match.submit"), b"{}").await.unwrap();
        assert_eq!(reply.exchange.attempts, 1, "offset {by_ms} was remembered");
        next.save().unwrap();
        // And when somebody sets the clock right, the memory is wrong, and that costs one round trip again.
        let repaired = device.client();
        let reply = repaired.call(name("match.submit"), b"{}").await.unwrap();
        assert_eq!((reply.result, reply.exchange.attempts), (ResultCode::OK, 2));
        assert!(repaired.offset_ms().unwrap().abs() < 1_000);
        assert_eq!(device.world.lock().unwrap().executed, 4, "nothing was executed twice");
    }
}

#[tokio::test]
async fn a_restarted_server_costs_one_signature() {
    let device = Device::logged_in().await;
    let client = device.client();
    client.call(name("a"), b"").await.unwrap();
    device.world.lock().unwrap().restart(0xe2);
    let reply = client.call(name("a"), b"").await.unwrap();
    assert_eq!((reply.result, reply.exchange.attempts), (ResultCode::OK, 2));
    assert_eq!(device.world.lock().unwrap().executed, 2);
}

#[tokio::test]
async fn a_forged_logout_changes_nothing() {
    let device = Device::logged_in().await;
    let client = device.client();
    device.world.lock().unwrap().fault = Fault::ForgedLogout;
    for _ in 0..3 {
        let error = client.call(name("a"), b"").await.unwrap_err();
        assert_eq!(error, CallError::Answer(ResponseError::Signature));
    }
    device.world.lock().unwrap().fault = Fault::UnsignedLogout;
    for _ in 0..3 {
        let error = client.call(name("a"), b"").await.unwrap_err();
        let refused = matches!(error, CallError::Transport(TransportError::Refused { .. }));
        assert!(refused && error.to_string().contains("without a signature"), "{error}");
        assert!(error.outcome_unknown());
    }
    device.world.lock().unwrap().fault = Fault::None;
    assert!(client.call(name("a"), b"").await.unwrap().result.is_ok());
    device.key();
}

#[tokio::test]
async fn a_signed_logout_is_one() {
    for fault in [Fault::Unauthenticated, Fault::Revoked] {
        let device = Device::logged_in().await;
        let client = device.client();
        device.world.lock().unwrap().fault = fault;
        let error = client.call(name("a"), b"").await.unwrap_err();
        assert!(matches!(error, CallError::LoggedOut(_)), "{error:?}");
        assert!(!error.outcome_unknown());
        device.key(); // Deleting is the caller's decision.
    }
}

#[tokio::test]
async fn an_answer_with_another_payload_is_not_used() {
    let device = Device::logged_in().await;
    device.world.lock().unwrap().fault = Fault::OtherPayload;
    let error = device.client().call(name("a"), b"x").await.unwrap_err();
    assert_eq!(error, CallError::Answer(ResponseError::Payload));
}

#[tokio::test]
async fn an_answer_that_is_too_big_is_not_read() {
    let device = Device::logged_in().await;
    device.world.lock().unwrap().fault = Fault::Big(2_000);
    let limits = Limits { max_answer: 1_000, ..Limits::default() };
    let client = device.client_with(Options { limits, ..Options::default() });
    let error = client.call(name("a"), b"x").await.unwrap_err();
    assert_eq!(error, CallError::Transport(TransportError::TooBig { limit: 1_000 }));
}

#[tokio::test]
async fn a_server_that_is_not_there_did_not_execute_anything() {
    let device = Device::logged_in().await;
    let mut state = device.profile.load().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    state.server = format!("http://127.0.0.1:{port}").parse().unwrap();
    let options = Options::default();
    let client = Client::open(state, device.key(), None, PinReporter::default(), options).unwrap();
    let error = client.call(name("a"), b"x").await.unwrap_err();
    assert!(matches!(error, CallError::Transport(TransportError::Connect { .. })), "{error:?}");
    assert!(!error.outcome_unknown());
}

#[tokio::test]
async fn plain_http_with_a_signature_in_the_header() {
    let device = Device::logged_in().await;
    let client = device.client();
    let request = RestRequest {
        method: "PUT",
        path: "/api/matches/7?round=2",
        content_type: "text/plain",
        body: b"2:1",
    };
    let reply = client.rest(request).await.unwrap();
    // The server echoes what was signed: method first, then path, content type and body.
    assert_eq!(reply.content_type, "PUT");
    let echoed = String::from_utf8(reply.body).unwrap();
    assert!(echoed.contains("/api/matches/7?round=2") && echoed.ends_with("text/plain2:1"));
}

#[tokio::test]
async fn records_chain_and_are_countersigned() {
    let device = Device::logged_in().await;
    let client = device.client();
    let sign = || client.sign_record(name("match.result"), b"{}".to_vec(), None).unwrap();
    let previous = |frame: &[u8]| {
        let header = countersign::Frame::split(frame).unwrap().header;
        countersign::RecordHeader::decode(header).unwrap().previous
    };
    let first = sign();
    assert!(client.submit_record(&first).await.unwrap().result.is_ok());
    let second = sign();
    assert_eq!(previous(&second.frame), first.digest);
    assert!(client.resubmit_record(&second.frame).await.unwrap().result.is_ok());
    assert!(client.resubmit_record(&first.frame).await.unwrap().result.is_ok());
    assert_eq!(previous(&sign().frame), second.digest, "the chain does not fork");
    let frame = countersign::Frame::split(&second.frame).unwrap();
    let other = countersign::SigningKey::from_seed(&[9; 32]);
    let foreign = countersign::Frame::join(
        frame.header,
        &countersign::Signer::sign(&other, b""),
        frame.payload,
    );
    assert!(matches!(client.resubmit_record(&foreign).await, Err(SubmitError::Record(_))));
}
