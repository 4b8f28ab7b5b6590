//! A phone carries a device's request to the server, and the chain back.

use crate::world::{DEVICE, Phone, at, by_master, by_server};
use countersign::Timestamp;
use countersign_app::{Ask, Errand, Event, Failure, Screen};
use countersign_league::DeviceId;
use countersign_league::evidence::{TlsChain, TlsRequest};

const DAY: u64 = 86_400;

fn request() -> Vec<u8> {
    let host = "d1d1d1d1d1d1d1d1.glt.example.org".into();
    by_master(&TlsRequest { device: DEVICE, host, csr: vec![0x30; 300] })
}

fn chain(device: DeviceId, until: Timestamp) -> Vec<u8> {
    let (not_before, chain) = (at(0), "-----BEGIN CERTIFICATE-----".into());
    by_server(&TlsChain { device, not_before, not_after: until, spki: [5; 32], chain })
}

/// What the shell says of the device's certificate.
fn life(from: Timestamp, to: Timestamp) -> Vec<u8> {
    [from, to].map(|at| at.as_millis().to_be_bytes()).concat()
}

fn server(name: &'static str) -> impl Fn(&Ask) -> bool {
    move |ask| matches!(ask, Ask::Server { message_type, .. } if *message_type == name)
}

fn unreachable() -> Result<Vec<u8>, Failure> {
    Err(Failure::Unreachable("no internet at the pitch".into()))
}

fn not_found() -> Result<Vec<u8>, Failure> {
    Err(Failure::Refused { code: "not_found".into(), detail: String::new() })
}

/// In the lobby of a device without a certificate, with its request taken up.
fn with_request(now: Timestamp) -> Phone {
    let mut phone = Phone::new();
    phone.join(now);
    phone.answer(|ask| *ask == Ask::Tls, Ok(life(Timestamp::ZERO, Timestamp::ZERO)), now);
    phone.answer(|ask| *ask == Ask::TlsRequest, Ok(request()), now);
    phone
}

#[test]
fn with_internet_at_the_pitch_the_device_has_its_chain_at_once() {
    let mut phone = with_request(at(0));
    let ask = phone.answer(server("league.tls_request"), Ok(b"{}".to_vec()), at(1));
    let payload = request();
    assert_eq!(ask, Ask::Server { message_type: "league.tls_request", payload });
    let brought = chain(DEVICE, at(45 * DAY));
    let ask = phone.answer(server("league.tls_chain"), Ok(brought.clone()), at(1));
    let payload = format!(r#"{{"device":"{DEVICE}"}}"#).into_bytes();
    assert_eq!(ask, Ask::Server { message_type: "league.tls_chain", payload });
    phone.answer(|ask| *ask == Ask::Deliver(brought.clone()), Ok(Vec::new()), at(2));
    assert_eq!(phone.player.errands().get(&DEVICE), None);
    assert!(phone.kept.is_empty(), "{:?}", phone.kept.keys());
}

#[test]
fn without_internet_it_is_carried_over_a_restart_and_to_the_next_visit() {
    let mut phone = with_request(at(0));
    assert!(phone.kept.contains_key(&format!("tls-request/{DEVICE}")));
    phone.answer(server("league.tls_request"), unreachable(), at(1));
    assert!(phone.wake.is_some());
    let mut phone = phone.restarted(at(3600));

    phone.tell(Event::Tick, at(3600));
    phone.answer(server("league.tls_request"), Ok(b"{}".to_vec()), at(3600));
    // The authority takes a while: asked again later, and not before.
    phone.answer(server("league.tls_chain"), not_found(), at(3600));
    phone.tell(Event::Tick, at(3601));
    assert_eq!(phone.asks_server("league.tls_request"), 0);
    let wake = phone.wake.unwrap();
    phone.tell(Event::Tick, wake);
    phone.answer(server("league.tls_request"), Ok(b"{}".to_vec()), wake);
    let brought = chain(DEVICE, at(45 * DAY));
    phone.answer(server("league.tls_chain"), Ok(brought.clone()), wake);
    assert_eq!(phone.wake, None, "a chain waits for its device, not for a time");

    let mut phone = phone.restarted(at(2 * DAY));
    phone.join(at(2 * DAY));
    phone.answer(|ask| *ask == Ask::Deliver(brought.clone()), unreachable(), at(2 * DAY));
    let carried = Errand::ToDevice { chain: brought.clone() };
    assert_eq!(phone.player.errands().get(&DEVICE), Some(&carried));
    phone.join(at(3 * DAY));
    phone.answer(|ask| *ask == Ask::Deliver(brought.clone()), Ok(Vec::new()), at(3 * DAY));
    assert!(phone.kept.is_empty(), "{:?}", phone.kept.keys());
}

#[test]
fn nothing_is_carried_before_a_third_of_the_life_is_left() {
    for (now, carries) in [(29 * DAY, false), (30 * DAY, true), (46 * DAY, true)] {
        let mut phone = Phone::new();
        phone.join(at(now));
        phone.answer(|ask| *ask == Ask::Tls, Ok(life(at(0), at(45 * DAY))), at(now));
        let asks = phone.open.iter().any(|(_, ask)| *ask == Ask::TlsRequest);
        assert_eq!(asks, carries, "after {} days", now / DAY);
        let Screen::There { tls_until, .. } = phone.player.screen() else { panic!() };
        assert_eq!(tls_until, Some(at(45 * DAY)), "shown long before");
    }
}

#[test]
fn a_device_without_tls_is_left_alone() {
    for answer in [Ok(Vec::new()), Ok(vec![0; 15]), not_found(), unreachable()] {
        let mut phone = Phone::new();
        phone.join(at(0));
        phone.answer(|ask| *ask == Ask::Tls, answer, at(0));
        assert!(!phone.open.iter().any(|(_, ask)| *ask == Ask::TlsRequest));
        assert!(phone.kept.is_empty());
    }
}

#[test]
fn a_chain_that_is_no_use_is_not_carried() {
    let until = at(45 * DAY);
    let foreign = chain(DeviceId::from_bytes([2; 16]), at(90 * DAY));
    let mut forged = chain(DEVICE, at(90 * DAY));
    *forged.last_mut().unwrap() ^= 1;
    for useless in [foreign, forged, chain(DEVICE, until), request(), Vec::new()] {
        let mut phone = Phone::new();
        phone.join(at(40 * DAY));
        phone.answer(|ask| *ask == Ask::Tls, Ok(life(at(0), until)), at(40 * DAY));
        phone.answer(|ask| *ask == Ask::TlsRequest, Ok(request()), at(40 * DAY));
        phone.answer(server("league.tls_request"), Ok(b"{}".to_vec()), at(40 * DAY));
        phone.answer(server("league.tls_chain"), Ok(useless), at(40 * DAY));
        assert!(matches!(phone.player.errands().get(&DEVICE), Some(Errand::ToServer { .. })));
        assert!(!phone.open.iter().any(|(_, ask)| matches!(ask, Ask::Deliver(_))));
    }
}

#[test]
fn what_the_server_refuses_for_good_is_dropped_and_a_full_one_is_asked_again() {
    for (code, is_final) in [("unknown_type", true), ("conflict", true), ("overloaded", false)] {
        let mut phone = with_request(at(0));
        let refused = Failure::Refused { code: code.into(), detail: String::new() };
        phone.answer(server("league.tls_request"), Err(refused), at(1));
        assert_eq!(phone.player.errands().get(&DEVICE).is_none(), is_final, "{code}");
        assert_eq!(phone.kept.is_empty(), is_final, "{code}");
    }
}
