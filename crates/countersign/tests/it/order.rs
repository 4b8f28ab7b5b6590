//! The order itself: which refusal wins when several would apply.

use crate::world::*;
use countersign::verify::{Refused, SessionState};
use countersign::*;
use std::time::Duration;

fn with_epoch(header: RequestHeader) -> RequestHeader {
    RequestHeader { epoch: Epoch::from_bytes([0xe1; 8]), ..header }
}

fn good() -> Vec<u8> {
    unsigned(with_epoch(header("match.submit")), b"{}").sign(&device_key())
}

#[test]
fn a_good_request_reaches_business_once() {
    let mut server = Server::new();
    assert_eq!(server.handle(&good()).unwrap(), b"{}");
    assert_eq!(server.business_calls, 1);
}

#[test]
fn v1_what_is_no_request_gets_no_signature() {
    let mut server = Server::new();
    let good = good();
    for bytes in [&[][..], &good[..50], b"GET / HTTP/1.1\r\n"] {
        assert_eq!(server.handle(bytes), Err(None));
    }
    let mut version = good.clone();
    version[2] = 2;
    assert_eq!(server.handle(&version), Err(None));
    let mut flags = good.clone();
    flags[5] = 2;
    assert_eq!(server.handle(&flags), Err(None), "compressed is reserved");
    flags[5] = 4;
    assert_eq!(server.handle(&flags), Err(None), "a request is never batch-signed");
}

#[test]
fn v2_an_unknown_session_looks_like_a_bad_signature() {
    let mut server = Server::new();
    server.session = None;
    assert_eq!(server.handle(&good()), Err(Some(Refused::Unauthenticated)));
    let mut other = session(&device_key(), SessionState::Live);
    other.id = SessionId::from_bytes([0xab; 16]);
    server.session = Some(other);
    assert_eq!(
        server.handle(&good()),
        Err(Some(Refused::Unauthenticated)),
        "a store that mixes up rows"
    );
}

#[test]
fn v3_revocation_is_told_to_the_key_holder_alone() {
    let mut server = Server::new();
    server.session = Some(session(&device_key(), SessionState::Revoked));
    assert_eq!(server.handle(&good()), Err(Some(Refused::SessionRevoked)));
    let stranger = unsigned(with_epoch(header("match.submit")), b"{}").sign(&server_key());
    assert_eq!(server.handle(&stranger), Err(Some(Refused::Unauthenticated)));
}

#[test]
fn v4a_comes_before_the_clock_and_the_replay_set() {
    let mut server = Server::new();
    let old = RequestHeader { timestamp: Timestamp::ZERO, ..header("match.submit") };
    let forged = unsigned(old, b"{}").sign(&server_key());
    assert_eq!(
        server.handle(&forged),
        Err(Some(Refused::Unauthenticated)),
        "a stranger does not learn the time"
    );
    assert!(server.seen.is_empty(), "and cannot fill the set");
}

#[test]
fn v4b_body_swap() {
    let mut server = Server::new();
    let mut swapped = good();
    let end = swapped.len() - 2;
    swapped[end..].copy_from_slice(b"[]");
    assert_eq!(server.handle(&swapped), Err(Some(Refused::PayloadMismatch)));
    swapped.push(b'x');
    assert_eq!(server.handle(&swapped), Err(Some(Refused::PayloadMismatch)));
    assert_eq!(server.business_calls, 0);
}

#[test]
fn v5a_v5b_the_window_has_hard_edges() {
    for (millis, expected) in [
        (-60_001, Some(Freshness::TooOld)),
        (-60_000, None),
        (30_000, None),
        (30_001, Some(Freshness::TooFarAhead)),
        (-3_600_000, Some(Freshness::TooOld)),
        (3_600_000, Some(Freshness::TooFarAhead)),
    ] {
        let mut server = Server::new();
        let timestamp = Timestamp::from_millis(NOW.as_millis().wrapping_add_signed(millis));
        let request = unsigned(with_epoch(RequestHeader { timestamp, ..header("a") }), b"")
            .sign(&device_key());
        let refused = server.handle(&request).err();
        assert_eq!(refused, expected.map(|f| Some(Refused::StaleTimestamp(f))), "{millis} ms");
    }
}

#[test]
fn v5c_another_process_or_another_hour_is_another_epoch() {
    let request = good();
    let mut server = Server::new();
    server.epochs = Epochs::new([0xe2; 8], NOW);
    assert_eq!(
        server.handle(&request),
        Err(Some(Refused::StaleEpoch)),
        "a second process, or the same after a restart"
    );
    let mut server = Server::new();
    server.epochs.rotate([0xe3; 8], NOW);
    assert!(server.handle(&request).is_ok(), "the previous epoch is valid");
    let mut server = Server::new();
    server.epochs.rotate([0xe3; 8], NOW);
    server.epochs.rotate([0xe4; 8], NOW);
    assert_eq!(server.handle(&request), Err(Some(Refused::StaleEpoch)));
}

#[test]
fn v5c_no_epoch_is_for_bootstrap_types_alone() {
    let bootstrap = unsigned(header("stream.open"), b"").sign(&device_key());
    assert!(Server::new().handle(&bootstrap).is_ok());
    let other = unsigned(header("match.submit"), b"").sign(&device_key());
    assert_eq!(Server::new().handle(&other), Err(Some(Refused::StaleEpoch)));
}

#[test]
fn v6a_replay_inside_the_window() {
    let mut server = Server::new();
    let request = good();
    server.handle(&request).unwrap();
    for later in [0, 1, 30_000, 59_999, 60_000] {
        server.now = NOW.plus(Duration::from_millis(later));
        assert_eq!(server.handle(&request), Err(Some(Refused::Replayed)), "{later} ms later");
    }
    server.now = NOW.plus(Duration::from_millis(60_001));
    assert_eq!(server.handle(&request), Err(Some(Refused::StaleTimestamp(Freshness::TooOld))));
    assert_eq!(server.business_calls, 1);
}

#[test]
fn v6a_a_token_for_one_request_does_not_admit_another() {
    let mut seen = SeenSet::new([5; 16], FreshnessWindow::default(), ReplayLimits::default());
    let realm = realm();
    let live = session(&device_key(), SessionState::Live);
    let bytes = unsigned(header("stream.open"), b"").sign(&device_key());
    let fresh =
        verify::Received::decode(&realm, &bytes).unwrap().resolve(&realm, Some(&live)).unwrap();
    let fresh = fresh.authenticate(&realm).unwrap();
    let fresh = fresh
        .check_fresh(NOW, &FreshnessWindow::default(), &Epochs::new([1; 8], NOW), bootstrap)
        .unwrap();
    let other = ReplayKey { request_id: RequestId::from_bytes([1; 16]), ..fresh.replay_key() };
    let token = seen.first_use(other, NOW).unwrap();
    assert_eq!(fresh.admit(token).unwrap_err(), Refused::Replayed);
}
