//! The device's session: wrong clocks, restarted servers, forged logouts.

use crate::world::*;
use countersign::client::{OpenError, Outcome, Sent, Session};
use countersign::offset::Reading;
use countersign::verify::ResponseError;
use countersign::*;
use std::time::Duration;

fn client() -> Session {
    Session::new(realm(), SESSION, device_key().verifying_key().clone(), keyset())
}

fn at(wall_offset_ms: i64, monotonic_ms: u64) -> Reading {
    let wall = (NOW.as_millis() + monotonic_ms).wrapping_add_signed(wall_offset_ms);
    Reading { wall: Timestamp::from_millis(wall), monotonic: Duration::from_millis(monotonic_ms) }
}

fn prepare(client: &mut Session, at: Reading, id: u8) -> (Vec<u8>, Sent, ReplyTo) {
    let name = Name::new("match.submit").unwrap();
    let (request, sent) =
        client.prepare(name, Payload::whole(b"{}".into()), at, RequestId::from_bytes([id; 16]));
    (request.sign(&device_key()), sent, request.reply_to())
}

fn respond_at(reply_to: &ReplyTo, result: ResultCode, millis: u64, epoch: u8) -> Vec<u8> {
    let key = server_key();
    let answer = Answer {
        timestamp: NOW.plus(Duration::from_millis(millis)),
        result,
        epoch: Epoch::from_bytes([epoch; 8]),
        payload: Payload::whole(b"{}".into()),
    };
    UnsignedResponse::new(&realm(), key.verifying_key().fingerprint(), reply_to, answer).sign(&key)
}

#[test]
fn a_clock_an_hour_off_costs_one_round_trip_and_no_more() {
    for offset in [-3_600_000, 3_600_000] {
        let mut client = client();
        let mut server = Server::new();
        let (frame, sent, reply_to) = prepare(&mut client, at(offset, 0), 1);
        assert!(matches!(server.handle(&frame), Err(Some(verify::Refused::StaleTimestamp(_)))));
        let refusal = respond_at(&reply_to, ResultCode::STALE_TIMESTAMP, 20, 0xe1);
        let outcome = client.open(&sent, &refusal, at(offset, 40)).unwrap();
        assert_eq!(outcome, Outcome::SignAgain(ResultCode::STALE_TIMESTAMP));
        let name = Name::new("match.submit").unwrap();
        let payload = Payload::whole(b"{}".into());
        let (request, sent) = client.prepare_again(
            sent,
            name,
            payload,
            at(offset, 50),
            RequestId::from_bytes([2; 16]),
        );
        server.now = NOW.plus(Duration::from_millis(60));
        assert!(server.handle(&request.sign(&device_key())).is_ok());
        let again = respond_at(&request.reply_to(), ResultCode::STALE_TIMESTAMP, 70, 0xe1);
        let outcome = client.open(&sent, &again, at(offset, 80)).unwrap();
        assert!(matches!(outcome, Outcome::Answered { .. }), "one retry, not a loop");
    }
}

#[test]
fn a_clock_that_jumps_is_noticed() {
    let mut client = client();
    let (_, sent, reply_to) = prepare(&mut client, at(0, 0), 1);
    client.open(&sent, &respond_at(&reply_to, ResultCode::OK, 10, 1), at(0, 20)).unwrap();
    assert!(client.clock().offset_ms(at(0, 20)).is_some());
    prepare(&mut client, at(-7_200_000, 30), 2);
    assert_eq!(client.clock().offset_ms(at(-7_200_000, 30)), None);
}

#[test]
fn a_nine_second_round_trip_still_gives_a_time() {
    let mut client = client();
    let (_, sent, reply_to) = prepare(&mut client, at(-600_000, 0), 1);
    client
        .open(&sent, &respond_at(&reply_to, ResultCode::OK, 4_500, 1), at(-600_000, 9_000))
        .unwrap();
    assert_eq!(client.clock().offset_ms(at(-600_000, 9_000)), Some(600_000));
}

#[test]
fn a_forged_logout_does_not_touch_the_key() {
    let mut client = client();
    for (id, expect_logout) in [(1, false), (2, true)] {
        let (_, sent, reply_to) = prepare(&mut client, at(0, 0), id);
        let other = ReplyTo { digest: RequestDigest::from_bytes([0; 32]), ..reply_to };
        let forged = respond_at(&other, ResultCode::SESSION_REVOKED, 10, 1);
        let error = client.open(&sent, &forged, at(0, 20)).unwrap_err();
        assert_eq!(error, OpenError::Response(ResponseError::Signature));
        let signed = respond_at(&reply_to, ResultCode::UNAUTHENTICATED, 10, 1);
        let outcome = client.open(&sent, &signed, at(0, 20)).unwrap();
        assert_eq!(
            matches!(outcome, Outcome::LoggedOut(_)),
            expect_logout,
            "twice in a row, signed"
        );
    }
    let (_, sent, reply_to) = prepare(&mut client, at(0, 0), 3);
    let revoked = respond_at(&reply_to, ResultCode::SESSION_REVOKED, 10, 1);
    assert!(matches!(client.open(&sent, &revoked, at(0, 20)), Ok(Outcome::LoggedOut(_))));
}

#[test]
fn a_restarted_server_costs_one_signature() {
    let mut client = client();
    client.resume_epoch(Epoch::from_bytes([0x0d; 8]));
    let (frame, sent, reply_to) = prepare(&mut client, at(0, 0), 1);
    let mut server = Server::new();
    assert_eq!(server.handle(&frame), Err(Some(verify::Refused::StaleEpoch)));
    let refusal = respond_at(&reply_to, ResultCode::STALE_EPOCH, 10, 0xe1);
    assert!(matches!(client.open(&sent, &refusal, at(0, 20)), Ok(Outcome::SignAgain(_))));
    let (frame, _, _) = prepare(&mut client, at(0, 30), 2);
    assert!(server.handle(&frame).is_ok());
}

#[test]
fn an_unknown_server_key_asks_for_the_key_set_once_a_minute() {
    let mut client = client();
    let other = SigningKey::from_seed(&[9; 32]);
    for (monotonic, expected) in [(0, true), (59_999, false), (60_000, true)] {
        let (_, sent, reply_to) = prepare(&mut client, at(0, monotonic), 1);
        let fp = *other.verifying_key().fingerprint();
        let frame = UnsignedResponse::new(&realm(), &fp, &reply_to, answer(ResultCode::OK, b""))
            .sign(&other);
        let asks = client.open(&sent, &frame, at(0, monotonic)) == Err(OpenError::FetchKeyset);
        assert_eq!(asks, expected, "after {monotonic} ms");
    }
}
