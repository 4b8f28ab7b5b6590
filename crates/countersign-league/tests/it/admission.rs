//! Who gets in, and who does not.

use crate::pitch::{MORNING, Pitch, player_key, setup, sign, user};
use crate::world;
use countersign::{RecordDigest, Signer, Timestamp};
use countersign_league::evidence::{Act, ActKind, Ticket};
use countersign_league::game::{Event, Exhibit, Game, Join, NO_TIMER, Refusal, Seed, State};
use countersign_league::{DeviceId, MatchId, Nonce, Params};

#[test]
fn a_ticket_is_for_this_lobby_or_for_travel() {
    let mut pitch = Pitch::open();
    pitch.ticket(0).lobby = Nonce::from_bytes([1; 16]);
    assert_eq!(pitch.join(0), Err(Refusal::Elsewhere));
    pitch.ticket(1).device = DeviceId::from_bytes([1; 16]);
    assert_eq!(pitch.join(1), Err(Refusal::Elsewhere));
    pitch.ticket(2).device = DeviceId::NONE;
    assert_eq!(
        pitch.join(2),
        Err(Refusal::Elsewhere),
        "a lobby without a device is no travel ticket"
    );
    pitch.ticket(2).lobby = Nonce::NONE;
    assert_eq!(pitch.join(2), Ok(()));
}

#[test]
fn a_ticket_is_judged_by_the_best_known_time() {
    let mut pitch = Pitch::open();
    pitch.ticket(0).expires = world::after_start(1_000);
    pitch.ticket(1).barred_until = world::after_start(2_000);
    pitch.ticket(2).device = DeviceId::NONE;
    pitch.ticket(2).lobby = Nonce::NONE;
    pitch.ticket(2).expires = world::after_start(86_400_000);
    assert_eq!(pitch.join(1), Err(Refusal::Barred));
    assert_eq!(pitch.join(0), Ok(()));
    pitch.pass(1_000);
    assert_eq!(pitch.join(0), Err(Refusal::Expired), "the device's own clock goes on");
    pitch.pass(1_000);
    assert_eq!(pitch.join(1), Ok(()));
    assert_eq!(pitch.join(2), Ok(()));
    pitch.ok(Event::ServerTime(world::after_start(12 * 3_600_000 + 1)));
    assert_eq!(pitch.join(2), Err(Refusal::Expired), "a travel ticket serves twelve hours");
}

#[test]
fn a_ticket_that_expires_before_the_draw_plays_no_match() {
    let mut pitch = Pitch::open();
    pitch.ticket(6).expires = world::after_start(30_000);
    pitch.gather(7);
    assert_eq!((pitch.state(), pitch.view().players.len()), (State::Kickoff, 6));
}

#[test]
fn one_player_for_each_radio_and_one_phone_for_each_player() {
    let mut pitch = Pitch::open();
    pitch.join(0).unwrap();
    assert_eq!(pitch.join_with(1, [0; 8]), Err(Refusal::RadioTaken));
    pitch.act(0, ActKind::Quit).unwrap();
    assert_eq!(pitch.join_with(1, [0; 8]), Err(Refusal::RadioTaken), "to the end of the match");
    pitch.join_with(0, [9; 8]).unwrap();
    assert_eq!(pitch.join_with(1, [9; 8]), Err(Refusal::RadioTaken), "the second radio as well");
    // The same player with the same key replaces, and stays ready; with another key it is somebody else's phone.
    pitch.act(0, ActKind::Ready).unwrap();
    pitch.join(0).unwrap();
    assert!(pitch.view().players[0].ready);
    pitch.ticket(0).key = player_key(50).verifying_key().clone();
    let act = joining(&pitch, 50, 100);
    let frame = pitch.ticket_frame(0);
    assert_eq!(pitch.send(join_of(frame, act, [9; 8])), Err(Refusal::OtherKey));
    // One key for two players is no two players.
    pitch.ticket(5).key = player_key(1).verifying_key().clone();
    pitch.join(1).unwrap();
    let act = joining(&pitch, 1, 100);
    let frame = pitch.ticket_frame(5);
    assert_eq!(pitch.send(join_of(frame, act, [5; 8])), Err(Refusal::OtherKey));
}

fn joining(pitch: &Pitch, signer: u8, seq: u32) -> Exhibit<Act> {
    act_for(pitch.view().match_id, signer, seq)
}

fn act_for(match_id: MatchId, signer: u8, seq: u32) -> Exhibit<Act> {
    let act = Act { match_id, seq, kind: ActKind::Join, target: 0 };
    let key = player_key(signer);
    let frame = sign(&key, RecordDigest::from_bytes([0; 32]), &act);
    Exhibit::open(&world::realm(), key.verifying_key(), frame).unwrap()
}

fn join_of(ticket: Vec<u8>, act: Exhibit<Act>, radio: [u8; 8]) -> Event {
    let key = world::server();
    let ticket = Exhibit::<Ticket>::open(&world::realm(), key.verifying_key(), ticket).unwrap();
    Event::Join(Box::new(Join { ticket, act, radio }))
}

#[test]
fn a_join_is_signed_by_the_ticket_s_key_for_this_match_and_once() {
    let mut pitch = Pitch::open();
    let frame = pitch.ticket_frame(0);
    let foreign = joining(&pitch, 1, 1);
    assert_eq!(pitch.send(join_of(frame.clone(), foreign, [0; 8])), Err(Refusal::Signer));
    let elsewhere = act_for(MatchId::from_bytes([1; 16]), 0, 1);
    assert_eq!(pitch.send(join_of(frame.clone(), elsewhere, [0; 8])), Err(Refusal::OtherMatch));
    let good = joining(&pitch, 0, 1);
    pitch.ok(join_of(frame.clone(), good.clone(), [0; 8]));
    assert_eq!(pitch.send(join_of(frame, good, [0; 8])), Err(Refusal::Stale), "a replay");
    let ready = pitch.signed_act(0, ActKind::Ready, 0);
    assert_eq!(pitch.send(Event::Act(ready)), Err(Refusal::Stale));
    pitch.act(0, ActKind::Ready).unwrap();
    assert_eq!(pitch.act(1, ActKind::Ready), Err(Refusal::Unknown));
    assert_eq!(pitch.act(0, ActKind::Confirm), Err(Refusal::NotNow));
}

#[test]
fn the_lobby_has_as_many_places_as_the_radio_serves() {
    let mut small = setup(Params::OFFICIAL);
    small.max_players = 6;
    let mut pitch = Pitch::open();
    let mut game = Game::boot(small, Seed::from_bytes([1; 32]), &[], MORNING).0;
    for event in [Event::Button, Event::PairFound, Event::PairTrusted { epoch: 1 }] {
        game.handle(event, MORNING).unwrap();
    }
    for end in countersign_league::End::BOTH {
        game.handle(Event::GoalCheckHit(end), MORNING).unwrap();
    }
    pitch.game = game;
    (0..6).for_each(|number| pitch.join(number).unwrap());
    assert_eq!(pitch.join(6), Err(Refusal::Full));
    pitch.act(2, ActKind::Quit).unwrap();
    assert_eq!(pitch.join(6), Ok(()));
}

#[test]
fn registration_closes_with_the_roll_call() {
    let mut pitch = Pitch::roll_call(6);
    assert_eq!(pitch.join(7), Err(Refusal::Closed));
    assert_eq!(pitch.act(0, ActKind::Quit), Err(Refusal::Closed));
    (0..6).for_each(|number| pitch.roll(number).unwrap());
    assert_eq!(pitch.join(7), Err(Refusal::Closed));
    assert_eq!(pitch.join(3), Ok(()), "back into a match that one plays in");
    assert_eq!(pitch.send(Event::PhoneSeen(user(9))), Err(Refusal::Unknown));
}

#[test]
fn a_roll_call_takes_one_fresh_answer_of_each_who_is_ready() {
    let mut pitch = Pitch::open();
    pitch.join_ready(7);
    pitch.act(6, ActKind::Unready).unwrap();
    pitch.wait(30_000);
    assert_eq!(pitch.roll(6), Err(Refusal::Unknown), "not ready, not called");
    let early = pitch.signed_roll(1);
    pitch.roll(0).unwrap();
    assert_eq!(pitch.roll(0), Err(Refusal::Stale));
    pitch.pass(3_000);
    assert_eq!(pitch.send(Event::Roll(early)), Err(Refusal::OtherRoll), "of the first call");
    (0..6).for_each(|number| pitch.roll(number).unwrap());
    assert_eq!(pitch.state(), State::Kickoff);
}

#[test]
fn the_ready_timer_starts_again_when_somebody_comes_but_ends_after_90_s() {
    let mut pitch = Pitch::open();
    pitch.join_ready(6);
    assert_eq!((pitch.state(), pitch.view().left), (State::Ready, 30_000));
    for (number, left) in [(6, 30_000), (7, 30_000), (8, 30_000), (9, 10_000)] {
        pitch.wait(20_000);
        pitch.join(number).unwrap();
        assert_eq!(pitch.view().left, left);
    }
    pitch.wait(10_000);
    assert_eq!(pitch.state(), State::RollCall);
}

#[test]
fn an_idle_lobby_closes() {
    let mut pitch = Pitch::open();
    pitch.join(0).unwrap();
    pitch.pass(899_999);
    assert_eq!(pitch.state(), State::Lobby);
    pitch.pass(1);
    let view = pitch.view();
    assert_eq!((view.state, view.left, view.players.len()), (State::Off, NO_TIMER, 0));
    assert_eq!(pitch.join(0), Err(Refusal::NotNow));
    pitch.ok(Event::Button);
    assert_eq!(pitch.state(), State::Lobby, "the halves know each other already");
    assert_ne!(pitch.view().lobby, view.lobby);
}

#[test]
fn the_time_of_the_start_is_that_of_the_newest_ticket() {
    let mut pitch = Pitch::open();
    pitch.gather(6);
    let started = pitch.start.as_ref().unwrap().started;
    // All tickets were made at the same time; thirty seconds have passed since.
    assert_eq!(started, Timestamp::from_millis(world::STARTED.as_millis() + 30_000));
}
