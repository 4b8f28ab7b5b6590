//! QR texts.

use crate::world::Event;
use countersign::{Realm, Signer as _, SigningKey};
use countersign_mesh::event_code::CodeError;
use countersign_mesh::*;

const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
const UUID: &str = "f47b5e2d-4a9e-4c5a-9b3f-8e1d2c3a4b5c";

#[test]
fn m17_the_event_code_is_read_and_written_exactly_as_the_seed_has_it() {
    let text = format!("NODUS:EVENT_ID=xyz;KEY={KEY};BLE_UUID={UUID}");
    let code: EventCode = text.parse().unwrap();
    assert_eq!((code.event.as_str(), code.key.expose()), ("xyz", &[7; 32]));
    assert_eq!(code.ble.to_string(), UUID);
    assert_eq!(code.to_text().as_str(), text);
    assert_eq!(text.len(), 112);
    let shown = format!("{code:?}");
    assert!(!shown.contains(KEY) && !shown.contains("7, 7"), "{shown}");
}

#[test]
fn m17_unknown_keys_are_passed_over_and_repeated_ones_refused() {
    let read = |text: String| text.parse::<EventCode>().map(|code| code.to_text().to_string());
    let good = format!("NODUS:EVENT_ID=xyz;KEY={KEY};BLE_UUID={UUID}");
    assert_eq!(
        read(format!("NODUS:X=1=2;BLE_UUID={UUID};KEY={KEY};EVENT_ID=xyz")).as_ref(),
        Ok(&good)
    );
    let repeated = CodeError::Repeated("EVENT_ID");
    assert_eq!(read(format!("{good};EVENT_ID=xyz")), Err(repeated));
    assert_eq!(read(format!("{good};X=1;X=1")), Err(CodeError::Repeated("that nobody knows")));
    assert_eq!(read(format!("{good};")), Err(CodeError::Part));
    assert_eq!(read(good.replace("NODUS:", "nodus:")), Err(CodeError::Prefix("NODUS:")));
    assert_eq!(read(format!("NODUS:KEY={KEY}")), Err(CodeError::Missing("EVENT_ID")));
    assert_eq!(read(good.replace("xyz", "x z")), Err(CodeError::Value("EVENT_ID")));
    assert_eq!(read(good.replace(KEY, &KEY[1..])), Err(CodeError::Value("KEY")));
    assert_eq!(read(good.replace(KEY, &format!("{KEY}="))), Err(CodeError::Value("KEY")));
    assert_eq!(read(good.replace("f47b", "f47-")), Err(CodeError::Value("BLE_UUID")));
    assert_eq!(read(format!("{good};X={}", "x".repeat(400))), Err(CodeError::TooLong(515)));
}

#[test]
fn qr_on_projector_opens_nothing_without_the_roster_salt() {
    let mut event = Event::new(1);
    let packet = event.vote();
    let seed_mode = EventKeys::derive(&event.key, &[], &event.id, KeyEpoch::new(0));
    assert!(packet.clone().check_net(&seed_mode.net).is_err());
    let checked = packet.check_net(&event.keys.net).unwrap();
    assert!(seal::open(&seed_mode.app, &checked).is_err());
}

#[test]
fn keys_differ_by_event_epoch_and_purpose() {
    let event = Event::new(1);
    let (zero, one) = (event.epoch(0), event.epoch(1));
    assert_ne!(zero.app.expose(), zero.net.expose());
    assert_ne!(zero.app.expose(), one.app.expose());
    assert_ne!(zero.net.expose(), one.net.expose());
    assert_eq!(zero.net.event_tag(), one.net.event_tag());
    let other = countersign::EventId::new("FAIR-2027").unwrap();
    let other = EventKeys::derive(&event.key, &[9; 32], &other, KeyEpoch::new(0));
    assert_ne!(zero.net.event_tag(), other.net.event_tag());
    assert_ne!(zero.app.expose(), other.app.expose());
}

#[test]
fn a_relay_box_gets_what_it_may_have_and_no_more() {
    let event = Event::new(1);
    let second = SigningKey::from_seed(&[4; 32]);
    let hubs = vec![event.hub.verifying_key().clone(), second.verifying_key().clone()];
    let net = event.keys.net.clone();
    let code = NetCode { event: event.id, net, realm: event.realm.clone(), hubs };
    let text = code.to_text().unwrap();
    let read: NetCode = text.parse().unwrap();
    assert_eq!(read.to_text().unwrap(), text);
    assert_eq!(read.net.expose(), event.keys.net.expose());
    assert_eq!(read.hubs, code.hubs);
    assert!(!read.hub_keys().unwrap().is_empty());
    assert!(text.len() <= 512);
    for (from, to) in [
        ("EPOCH=0", "EPOCH=00"),
        ("EPOCH=0", "EPOCH=256"),
        ("REALM=nodus/", "REALM=nodus"),
        (",", ",,"),
        ("TAG=", "TAG=0"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert!(matches!(changed.parse::<NetCode>(), Err(CodeError::Value(_))), "{changed}");
    }
    let realm = Realm::new("nodus", "a;b").unwrap();
    assert_eq!(NetCode { realm, ..code }.to_text().unwrap_err(), CodeError::Value("REALM"));
}

#[test]
fn a_vote_fits_a_qr_and_comes_out_as_the_same_packet() {
    let packet = Event::new(1).vote();
    let text = VoteCode(packet.clone().with_ttl(Ttl::MAX)).to_text().unwrap();
    assert_eq!(text.len(), 11 + 294);
    assert_eq!(text.parse::<VoteCode>().unwrap().0, packet);
    assert_eq!("NODUS-VOTE:AAAA".parse::<VoteCode>(), Err(CodeError::Value("NODUS-VOTE:")));
    assert_eq!("NODUS:AAAA".parse::<VoteCode>(), Err(CodeError::Prefix("NODUS-VOTE:")));
}
