//! Matches from the button to the receipt.

use crate::pitch::Pitch;
use countersign::Signer;
use countersign_app::{Delivery, Tap};
use countersign_league::device::{InboxError, Taken};
use countersign_league::evidence::{DeviceStatus, Settlement};
use countersign_league::game::State;
use countersign_league::{End, Params};

/// A lobby with everybody in it, ready.
fn ready(phones: u8) -> Pitch {
    let mut pitch = Pitch::new(Params::SHORT, phones);
    pitch.open();
    pitch.everybody(Tap::Approach);
    for phone in &pitch.phones {
        assert_eq!(phone.player.trouble(), None);
    }
    assert_eq!(pitch.view().players.len(), usize::from(phones));
    pitch.everybody(Tap::Ready);
    pitch
}

/// Three goals, two of them in the south.
fn play(pitch: &mut Pitch) {
    pitch.until(State::Playing);
    for end in [End::South, End::North, End::South] {
        pitch.run(3_000);
        pitch.hit(end);
    }
    pitch.until(State::Review);
    for phone in 0..pitch.phones.len() {
        // Two thirds of each team are enough: the review ends, and nobody else is asked.
        if pitch.master.state() == State::Review {
            pitch.tap(phone, Tap::Confirm);
        }
    }
}

#[test]
fn eight_players_from_the_button_to_the_final_view() {
    let mut pitch = ready(8);
    play(&mut pitch);
    pitch.until(State::Settled);
    pitch.run(100);
    let score = pitch.view().score;
    assert_eq!(score[0] + score[1], 3);
    assert_eq!(score[0].max(score[1]), 2);
    for phone in &pitch.phones {
        let view = phone.view().unwrap();
        assert_eq!((view.state, view.score), (State::Settled, score));
        let receipt = view.receipt.as_ref().unwrap();
        assert_eq!(receipt.settlement, Settlement::Settled);
        assert!(receipt.lines.iter().any(|line| line.sporting > 0));
        assert_eq!(phone.player.trouble(), None);
        assert!(phone.kept().is_empty(), "{:?}", phone.kept());
    }
    assert_eq!(pitch.server.receipts(), 1);
    assert!(pitch.outbox.is_empty());
}

#[test]
fn without_internet_the_result_waits_on_a_phone_and_the_receipt_comes_back() {
    let mut pitch = Pitch::new(Params::SHORT, 6);
    pitch.everybody(Tap::Prepare);
    // Somebody has to be online once: the device has no certificate yet.
    pitch.open();
    pitch.tap(0, Tap::Approach);
    pitch.phones.iter_mut().for_each(|phone| phone.online = false);
    for phone in 1..6 {
        pitch.tap(phone, Tap::Approach);
        assert_eq!(pitch.phones[phone].player.trouble(), None);
    }
    pitch.everybody(Tap::Ready);
    play(&mut pitch);
    pitch.until(State::Signed);
    pitch.run(5_000);
    assert_eq!(pitch.server.receipts(), 0);
    for phone in &pitch.phones {
        assert_eq!(phone.player.courier().waiting(), 1);
        assert!(phone.kept().iter().any(|name| name.starts_with("bundle/")));
    }
    // One phone goes home, and is back online.
    pitch.phones[3].near = false;
    pitch.phones[3].online = true;
    pitch.run(60_000);
    assert_eq!(pitch.server.receipts(), 1);
    let (_, carried) = pitch.phones[3].player.courier().carried().next().unwrap();
    assert!(matches!(carried.delivery, Delivery::Receipted { .. }));
    assert_eq!(pitch.master.state(), State::Signed, "the device cannot know yet");
    // It comes back to the device, and brings the receipt.
    pitch.phones[3].near = true;
    pitch.tap(3, Tap::Approach);
    pitch.run(1_000);
    assert_eq!(pitch.phones[3].player.trouble(), None);
    assert_eq!(pitch.master.state(), State::Settled);
    assert!(pitch.outbox.is_empty());
}

#[test]
fn a_receipt_that_the_server_did_not_sign_frees_no_result() {
    let mut pitch = ready(6);
    pitch.server.online = false;
    play(&mut pitch);
    pitch.until(State::Signed);
    let waiting = pitch.outbox.clone();
    let (key, now) = (crate::server::key(1).verifying_key().clone(), pitch.utc());
    let bundle = waiting.values().next().unwrap();
    let receipt = pitch.server.answer("league.settle", bundle, &key, 1, now).unwrap();
    let mut changed = receipt.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(pitch.bring(&changed), Err(InboxError::Evidence(_))));
    assert_eq!((pitch.master.state(), &pitch.outbox), (State::Signed, &waiting));
    assert_eq!(pitch.bring(&receipt), Ok(Taken::Receipt));
    assert_eq!((pitch.master.state(), pitch.outbox.len()), (State::Settled, 0));
}

#[test]
fn a_device_with_another_key_is_not_believed() {
    let mut pitch = Pitch::new(Params::SHORT, 1);
    pitch.open();
    pitch.server.master = crate::server::key(99).verifying_key().clone();
    pitch.tap(0, Tap::Approach);
    assert!(pitch.phones[0].player.trouble().is_some());
    assert!(pitch.view().players.is_empty());
}

#[test]
fn a_suspect_device_is_not_joined() {
    let mut pitch = Pitch::new(Params::SHORT, 1);
    pitch.open();
    pitch.server.status = DeviceStatus::Suspect;
    pitch.tap(0, Tap::Approach);
    let trouble = pitch.phones[0].player.trouble().unwrap().to_string();
    assert!(trouble.contains("suspect"), "{trouble}");
}

#[test]
fn no_ticket_and_no_internet_is_said() {
    let mut pitch = Pitch::new(Params::SHORT, 2);
    pitch.open();
    pitch.tap(0, Tap::Approach);
    pitch.phones[1].online = false;
    pitch.tap(1, Tap::Approach);
    let trouble = pitch.phones[1].player.trouble().unwrap().to_string();
    assert!(trouble.contains("no ticket"), "{trouble}");
}
