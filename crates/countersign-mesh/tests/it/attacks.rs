//! What is left of the table of attacks: amplification, forged hops, replayed questions.

use crate::world::{
    A, B, BIG, Event, MINUTE, Network, Rng, START, between, dropped, give, outputs, sent,
};
use countersign::Timestamp;
use countersign_mesh::relay::{Cause, DropReason, Limits};
use countersign_mesh::*;

/// The question that a relay asks over its only link.
fn question(event: &Event, seed: u64, now: u64) -> Packet {
    let mut asker = event.relay(seed);
    asker.link_up(A, Bearer::PointToPoint, 1_100, now).unwrap();
    asker.handle_timeout(now + 1_000);
    let asked = outputs(&mut asker).into_iter().find_map(|output| match output {
        Output::Send { frame, cause: Cause::Question, .. } => Some(frame),
        _ => None,
    });
    Packet::decode(&asked.unwrap()[1..]).unwrap()
}

#[test]
fn sync_amplification_m18_answers_have_an_end_in_number_and_in_bytes() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    for now in 0..200 {
        give(&mut relay, B, &event.vote(), 1, now * 20);
    }
    let answered = |relay: &mut Relay<Rng>, now| {
        relay.handle_timeout(now);
        let answers = sent(relay).into_iter().filter(|(.., cause, _)| *cause == Cause::Answer);
        answers.map(|(.., frame)| frame.len()).collect::<Vec<_>>()
    };
    let _ = answered(&mut relay, 10_000);
    let mut bytes = 0;
    for seed in 0..20 {
        give(&mut relay, A, &question(&event, seed, 0), 0, 20_000);
        let answer = answered(&mut relay, 20_500);
        assert!(answer.iter().sum::<usize>() <= Limits::default().sync_answer_bytes + 40);
        bytes += answer.iter().sum::<usize>();
    }
    assert_eq!(dropped(&relay, DropReason::Question), 12, "eight in thirty seconds");
    assert!(bytes > 8 * 7_000);
}

#[test]
fn sync_amplification_m18_questions_go_one_link_and_are_answered_once_and_now() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let vote = event.vote();
    give(&mut relay, B, &vote, 1, 0);
    relay.handle_timeout(100);
    let _ = sent(&mut relay);
    let asked = question(&event, 5, 0);
    give(&mut relay, A, &asked, 1, 200);
    assert_eq!(dropped(&relay, DropReason::Question), 1, "from further than a neighbour");
    give(&mut relay, A, &asked, 0, 200);
    give(&mut relay, A, &asked, 0, 201);
    assert_eq!(dropped(&relay, DropReason::Seen), 1, "replayed");
    relay.handle_timeout(300);
    let all = sent(&mut relay);
    assert_eq!(all.len(), 1, "to the one who asked, and the question itself goes nowhere");
    assert_eq!((all[0].0, all[0].1, all[0].2), (A, vote.id(), Cause::Answer));
    // Recorded yesterday by an outsider.
    let start = Timestamp::from_millis(START);
    relay.set_time(Timestamp::from_millis(START + 60 * MINUTE), start, 300);
    let mut asker = event.relay(6);
    asker.set_time(Timestamp::from_millis(START + 57 * MINUTE), start, 0);
    asker.link_up(A, Bearer::PointToPoint, 1_100, 0).unwrap();
    asker.handle_timeout(1_000);
    let Some(Output::Send { frame, .. }) = asker.poll_output() else { panic!() };
    relay.handle_frame(Hop::only(A), &frame, 400);
    assert_eq!(dropped(&relay, DropReason::Question), 2);
    // And by nobody without the mesh's key.
    let mut outsider = asked.as_bytes().to_vec();
    outsider[15] ^= 1;
    relay.handle_packet(Hop::only(A), &outsider, 400);
    assert_eq!(dropped(&relay, DropReason::NetTag), 1);
}

#[test]
fn a_neighbour_that_has_everything_is_answered_with_nothing() {
    let mut network = Network::line(1, 2, 244);
    for _ in 0..300 {
        network.vote_from(1);
        let now = network.now;
        network.run_until(now + 100);
    }
    network.run_until(5 * MINUTE);
    assert_eq!(network.nodes[0].stored(), 300);
    let answers = network.nodes.iter().map(|node| node.counters().answers).sum::<u64>();
    // Votes that were under way when a question was asked; nothing after that.
    assert!(answers < 10, "{answers}");
    assert!(network.nodes[0].counters().questions > 15);
}

#[test]
fn forged_ttl_changes_no_id_and_nothing_is_concluded_from_it() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    relay.link_up(A, Bearer::PointToPoint, BIG, 0).unwrap();
    let vote = event.vote();
    for ttl in 0..=15 {
        give(&mut relay, A, &vote, ttl, 0);
    }
    assert_eq!(relay.counters().delivered, 1);
    // Beacons with more hops left than the hub gave, or fewer: the worst is the least or the most of what is allowed.
    let beacon = event.beacon(1, 0);
    give(&mut relay, A, &beacon, 15, 0);
    assert_eq!((relay.hops(0), relay.ttl(0).get()), (Some(1), 5));
    give(&mut relay, A, &event.beacon(2, 0), 0, 0);
    assert_eq!((relay.hops(0), relay.ttl(0).get()), (Some(16), 15));
}

#[test]
fn every_drop_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> =
        DropReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(names.len(), DropReason::ALL.len());
    let relay = Event::new(1).relay(1);
    assert!(relay.counters().drops().all(|(_, count)| count == 0));
    assert!(DropReason::ALL.iter().enumerate().all(|(at, reason)| *reason as usize == at));
}
