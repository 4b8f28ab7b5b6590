//! From the button to the receipt, without faults; and the view on the way.

use crate::pitch::Pitch;
use crate::world;
use countersign::{RecordDigest, UserId};
use countersign_league::evidence::{
    ActKind, GoalState, Outcome, ReceiptLine, SeatFlags, Settlement, Stakes, TicketFlags,
};
use countersign_league::game::{
    Effect, Event, Light, LinkColour, NO_TIMER, Refusal, SlaveCommand, State, View, ViewEnding,
    ViewGoal, ViewPlayer, ViewReceipt, Warnings,
};
use countersign_league::{
    Artefact, Commitment, DeviceId, End, MatchId, Nonce, Params, RulesetId, Team,
};

#[test]
fn a_whole_match_is_what_the_server_computes() {
    let mut pitch = Pitch::playing(22);
    for n in 0..7_u64 {
        pitch.pass(20_000 + 500 * n);
        pitch.goal(if n % 3 == 1 { End::North } else { End::South });
        assert!(pitch.effects.iter().any(|effect| matches!(effect, Effect::Scored(_))));
    }
    let view = pitch.view();
    assert_eq!((view.goals.len(), view.state, view.link), (7, State::Playing, LinkColour::Green));
    assert_eq!(view.score.iter().sum::<u8>(), 7);
    pitch.pass(600_000 - u64::from(view.played));
    assert_eq!((pitch.state(), pitch.view().played), (State::Drain, 600_000));
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    let checked = pitch.checked();
    assert_eq!(checked.start.value.roster.len(), 22);
    assert_eq!(checked.result.value.score, view.score);
    assert!(checked.objections.is_empty());
}

#[test]
fn the_review_ends_early_when_two_thirds_of_both_confirm() {
    let mut pitch = Pitch::review(6);
    let (a, b) = (pitch.team(Team::A), pitch.team(Team::B));
    pitch.all_act(&[a[0], a[1], b[0]], ActKind::Confirm, 0);
    pitch.act(a[0], ActKind::Confirm).unwrap();
    assert_eq!(pitch.state(), State::Review, "twice is once");
    pitch.act(b[1], ActKind::Confirm).unwrap();
    pitch.ended(Outcome::Final);
    assert!(pitch.flags(a[1]).has(SeatFlags::CONFIRMED));
    assert!(!pitch.flags(a[2]).has(SeatFlags::CONFIRMED));
}

#[test]
fn votes_without_weight_are_refused() {
    let mut pitch = Pitch::open();
    pitch.ticket(0).flags = TicketFlags(TicketFlags::VOTE_WEIGHTLESS);
    pitch.ticket(1).flags = TicketFlags(TicketFlags::FLAG_WEIGHTLESS);
    pitch.gather(6);
    pitch.pass(60_000);
    pitch.pass(600_000);
    pitch.drain();
    assert_eq!(pitch.act(0, ActKind::Confirm), Err(Refusal::Weightless));
    assert_eq!(pitch.act(1, ActKind::Flag), Err(Refusal::Weightless));
    pitch.act(0, ActKind::Flag).unwrap();
    pitch.act(1, ActKind::Confirm).unwrap();
    let own = u16::from(pitch.seat(2));
    assert_eq!(pitch.act_on(2, ActKind::Absent, own), Err(Refusal::Target));
    pitch.end_review();
    pitch.ended(Outcome::Final);
}

#[test]
fn nobody_fills_the_bundle_with_acts() {
    let mut pitch = Pitch::playing(22);
    let mut accepted = 0;
    while pitch.act(0, if accepted % 2 == 0 { ActKind::Leave } else { ActKind::Return }).is_ok() {
        accepted += 1;
    }
    assert_eq!(accepted, 256 / 22);
    assert_eq!(pitch.act(0, ActKind::Return), Err(Refusal::TooMuch));
    pitch.act(1, ActKind::Leave).unwrap();
}

#[test]
fn a_goal_counts_once_between_kickoff_and_whistle() {
    let mut pitch = Pitch::kickoff(6);
    let early = pitch.hit(End::North);
    pitch.ok(Event::Goal(early));
    pitch.pass(60_000);
    let first = pitch.hit(End::North);
    pitch.ok(Event::Goal(first));
    pitch.ok(Event::Goal(first));
    pitch.pass(7_000);
    pitch.goal(End::North);
    assert_eq!(pitch.view().goals.len(), 1, "not armed again yet");
    pitch.goal(End::South);
    pitch.pass(593_000);
    let mut edge = pitch.hit(End::North);
    (edge.at, edge.uncertainty) = (pitch.now + 4, 4);
    let mut late = pitch.hit(End::South);
    (late.at, late.uncertainty) = (pitch.now + 5, 4);
    pitch.ok(Event::Goal(edge));
    pitch.ok(Event::Goal(late));
    let at: Vec<u32> = pitch.view().goals.iter().map(|goal| goal.at).collect();
    assert_eq!(at, [0, 7_000, 600_004]);
    pitch.drain();
    pitch.end_review();
    pitch.ended(Outcome::Final);
    assert_eq!(pitch.result().touches, 3);
}

#[test]
fn the_receipt_settles_and_eight_results_may_wait() {
    let mut pitch = Pitch::open();
    pitch.ok(Event::ServerTime(world::after_start(0)));
    for waiting in 1..=8 {
        (0..6).for_each(|number| {
            let lobby = pitch.view().lobby;
            pitch.ticket(number).lobby = lobby;
            pitch.ticket(number).expires = world::after_start(86_400_000);
        });
        pitch.gather(6);
        pitch.pass(60_000);
        pitch.pass(600_000);
        pitch.ok(Event::NotDrained);
        assert_eq!(usize::from(pitch.view().unsettled), waiting);
        if waiting < 8 {
            pitch.ok(Event::OpenLobby);
        }
    }
    assert!(pitch.view().warnings.has(Warnings::UNSETTLED));
    assert_eq!(pitch.send(Event::OpenLobby), Err(Refusal::Unsettled));
    let (newest, oldest) = (pitch.result().match_id, pitch.results[0].match_id);
    let bundle = pitch.outbox[&oldest].clone();
    let receipt = pitch.receipt_for(&bundle);
    pitch.ok(Event::Receipt(receipt.clone()));
    assert!(!pitch.outbox.contains_key(&oldest) && pitch.state() == State::Void);
    assert_eq!(pitch.send(Event::Receipt(receipt)), Err(Refusal::OtherReceipt));
    let bundle = pitch.outbox[&newest].clone();
    let receipt = pitch.receipt_for(&bundle);
    pitch.ok(Event::Receipt(receipt));
    let view = pitch.view();
    assert_eq!((view.state, view.unsettled), (State::Settled, 6));
    assert_eq!(view.receipt.unwrap().settlement, Settlement::Settled);
    let whole = pitch.journal.len();
    let standing = pitch.game.standing().clone();
    pitch.reboot(1_000, whole);
    assert_eq!((pitch.game.standing(), pitch.state()), (&standing, State::Settled));
    pitch.pair();
    assert_eq!(pitch.view().device_seq, 9);
}

#[test]
fn who_played_loses_the_place_when_the_next_lobby_opens() {
    let mut pitch = Pitch::review(6);
    pitch.end_review();
    pitch.effects.clear();
    pitch.ok(Event::OpenLobby);
    for number in 0..6 {
        assert!(pitch.effects.contains(&Effect::Dropped(crate::pitch::user(number))));
    }
}

#[test]
fn pairing_has_its_time_and_handshakes_their_tries() {
    let mut pitch = Pitch::cold(Params::OFFICIAL);
    assert_eq!(pitch.send(Event::PairFound), Err(Refusal::NotNow));
    pitch.ok(Event::Button);
    pitch.pass(30_000);
    assert!(pitch.view().warnings.has(Warnings::FAILED));
    assert!(pitch.effects.contains(&Effect::Light(Light::Error)));
    assert_eq!(pitch.send(Event::PairFound), Err(Refusal::NotNow));
    pitch.ok(Event::Button);
    pitch.ok(Event::PairFound);
    pitch.pass(5_000);
    pitch.pass(5_000);
    assert_eq!(pitch.state(), State::Handshake);
    let tries = pitch.effects.iter().filter(|effect| matches!(effect, Effect::Handshake(_)));
    assert_eq!(tries.count(), 3);
    pitch.pass(5_000);
    assert_eq!(pitch.state(), State::Pairing);
    pitch.ok(Event::Button);
    pitch.ok(Event::PairFound);
    pitch.ok(Event::PairTrusted { epoch: 1 });
    pitch.ok(Event::GoalCheckHit(End::South));
    pitch.pass(120_000);
    assert_eq!(pitch.state(), State::Off, "one goal is not enough");
    assert_eq!(pitch.send(Event::OpenLobby), Err(Refusal::NotNow));
    pitch.pair();
}

#[test]
fn an_incident_of_the_pair_locks_it() {
    let mut pitch = Pitch::cold(Params::OFFICIAL);
    pitch.ok(Event::Button);
    pitch.ok(Event::PairFound);
    pitch.ok(Event::PairDistrusted);
    assert_eq!((pitch.state(), pitch.appends.len()), (State::Locked, 1));
    assert_eq!(pitch.send(Event::PairTrusted { epoch: 1 }), Err(Refusal::Locked));
    let whole = pitch.journal.len();
    pitch.reboot(1_000, whole);
    assert_eq!(pitch.state(), State::Locked);
}

#[test]
fn the_slave_is_told_when_goals_count() {
    let mut pitch = Pitch::kickoff(6);
    let match_id = pitch.view().match_id;
    let at = pitch.now as i64 + 60_000;
    assert!(pitch.effects.contains(&Effect::Slave(SlaveCommand::Begin { match_id, at })));
    pitch.pass(660_000);
    assert!(pitch.effects.contains(&Effect::Slave(SlaveCommand::Drain { match_id })));
    pitch.drain();
    pitch.end_review();
    assert!(pitch.effects.contains(&Effect::Slave(SlaveCommand::End { match_id })));
}

#[test]
fn only_what_was_asked_for_is_taken_as_signed() {
    let mut pitch = Pitch::roll_call(6);
    pitch.signs = false;
    (0..6).for_each(|number| pitch.roll(number).unwrap());
    let Some(Effect::SignStart { start, previous }) = pitch.unsigned.pop() else {
        panic!("the draw wants a signature");
    };
    let mut other = *start.clone();
    other.north = other.north.other();
    let frame = crate::pitch::sign(&world::master(), previous, &other);
    assert_eq!(pitch.send(Event::StartSigned(frame)), Err(Refusal::NotOurs));
    let frame = crate::pitch::sign(&world::slave(), previous, start.as_ref());
    assert_eq!(pitch.send(Event::StartSigned(frame)), Err(Refusal::NotOurs));
    let frame = crate::pitch::sign(&world::master(), RecordDigest::from_bytes([1; 32]), &*start);
    assert_eq!(pitch.send(Event::StartSigned(frame)), Err(Refusal::NotOurs));
    pitch.sign_for(Effect::SignStart { start, previous });
    assert_eq!(pitch.state(), State::Kickoff);
}

#[test]
fn a_view_changes_its_number_with_its_content_and_only_then() {
    let mut pitch = Pitch::open();
    let before = pitch.view();
    pitch.idle(3_000);
    let later = pitch.view();
    assert_eq!((later.number, later.left), (before.number, before.left - 3_000));
    pitch.join(0).unwrap();
    assert!(pitch.view().number > before.number);
    assert!(pitch.effects.contains(&Effect::View(pitch.view().number)));
}

#[test]
fn the_largest_view_has_at_most_8_kib() {
    let player = ViewPlayer {
        user: UserId::from_bytes([1; 16]),
        name: "x".repeat(64),
        rating: -1,
        provisional: true,
        ready: true,
        connected: false,
        team: Some(Team::B),
        stakes: Stakes { win: 1, draw: 2, loss: -3 },
        flags: SeatFlags(31),
        absent: 0x3f_ffff,
        delta: -4,
    };
    let (end, team, state) = (End::South, Team::A, GoalState::Annulled);
    let line = ReceiptLine {
        user: UserId::from_bytes([2; 16]),
        sporting: 1,
        adjustment: -1,
        rating: 1_500_000,
        rank: 7,
    };
    let view = View {
        number: u64::MAX,
        state: State::Settled,
        left: NO_TIMER,
        played: 600_000,
        duration: 600_000,
        device: DeviceId::from_bytes([3; 16]),
        ruleset: RulesetId::from_bytes([4; 32]),
        lobby: Nonce::from_bytes([5; 16]),
        match_id: MatchId::from_bytes([6; 16]),
        device_seq: 1,
        commit: Commitment::from_bytes([7; 32]),
        link: LinkColour::Red,
        warnings: Warnings(127),
        unsettled: 8,
        challenge: Some(Nonce::from_bytes([8; 16])),
        north: Some(Team::B),
        score: [200, 55],
        votes: [1, 2, 3],
        players: vec![player; 22],
        goals: vec![ViewGoal { end, team, state, at: 1, annul: 5 }; 255],
        ending: Some(ViewEnding {
            outcome: Outcome::Conceded,
            loser: Some(Team::A),
            result: Some(RecordDigest::from_bytes([9; 32])),
            bank: -77,
        }),
        receipt: Some(ViewReceipt {
            settlement: Settlement::Pending,
            reason: 14,
            integrity: 128,
            lines: vec![line; 22],
        }),
    };
    let bytes = view.encode();
    assert!(bytes.len() <= View::MAX_FRAME, "{} bytes", bytes.len());
    assert_eq!(View::decode(&bytes).as_ref(), Ok(&view));
    for cut in 0..bytes.len() {
        assert!(View::decode(&bytes[..cut]).is_err());
    }
}
