//! One relay: the order of checks, once per packet, how far, what is kept.

use crate::world::{A, B, BIG, Event, MINUTE, Rng, START, between, dropped, give, outputs, sent};
use countersign::Timestamp;
use countersign_mesh::relay::{Cause, DropReason, LINKS_MAX, Limits, LinkError, PeerId};
use countersign_mesh::*;
use proptest::prelude::*;

fn ttl_of(frame: &[u8]) -> u8 {
    frame[2]
}

#[test]
fn a_packet_goes_out_on_the_other_links_once_with_one_hop_fewer() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let vote = event.vote();
    give(&mut relay, A, &vote, 5, 1_000);
    let Some(Output::Deliver { packet, from }) = relay.poll_output() else { panic!() };
    assert_eq!((packet.packet().id(), from), (vote.id(), Hop::only(A)));
    let due = relay.poll_timeout().unwrap();
    relay.handle_timeout(1_009);
    assert!(sent(&mut relay).is_empty(), "not before the shortest wait");
    relay.handle_timeout(1_040.max(due));
    let all = sent(&mut relay);
    assert_eq!(all.len(), 1);
    let (link, id, cause, frame) = &all[0];
    assert_eq!((*link, *id, *cause, ttl_of(frame)), (B, vote.id(), Cause::Forward, 4));
    give(&mut relay, B, &vote, 9, 2_000);
    relay.handle_timeout(3_000);
    assert!(outputs(&mut relay).iter().all(|o| !matches!(o, Output::Deliver { .. })));
    assert_eq!((relay.counters().forwarded, relay.counters().delivered), (1, 1));
    assert_eq!(dropped(&relay, DropReason::Seen), 1);
}

#[test]
fn m2_m3_another_event_and_an_unknown_epoch_are_dropped_by_name() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let (mut other, mut next) = (Event::new(2), Event::new(3));
    let id = countersign::EventId::new("OTHER").unwrap();
    other.keys = EventKeys::derive(&other.key, &[9; 32], &id, KeyEpoch::new(0));
    next.keys = event.epoch(1);
    give(&mut relay, A, &other.vote(), 5, 0);
    give(&mut relay, A, &next.vote(), 5, 0);
    assert_eq!(dropped(&relay, DropReason::OtherEvent), 1);
    assert_eq!(dropped(&relay, DropReason::UnknownEpoch), 1);
    let tag = Some(event.keys.net.event_tag());
    let mut keyless = Relay::new(RelayConfig::new(Role::Keyless { tag }), Rng(1), 0);
    between(&mut keyless);
    give(&mut keyless, A, &other.vote(), 5, 0);
    give(&mut keyless, A, &next.vote(), 5, 0);
    give(&mut keyless, A, &event.vote(), 5, 0);
    assert_eq!(dropped(&keyless, DropReason::OtherEvent), 1);
    keyless.handle_timeout(1_000);
    assert_eq!(sent(&mut keyless).len(), 2, "both epochs of this event");
    assert_eq!((keyless.stored(), keyless.counters().delivered), (0, 0));
}

#[test]
fn m19_a_copy_that_is_not_fit_does_not_keep_a_fit_one_out() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    // Without hops left: delivered, and the copy with hops still goes on.
    let vote = event.vote();
    give(&mut relay, A, &vote, 0, 0);
    relay.handle_timeout(500);
    assert_eq!(dropped(&relay, DropReason::TtlSpent), 1);
    assert!(sent(&mut relay).is_empty());
    give(&mut relay, A, &vote, 3, 1_000);
    relay.handle_timeout(2_000);
    assert_eq!(sent(&mut relay).len(), 1);
    give(&mut relay, A, &vote, 9, 3_000);
    relay.handle_timeout(4_000);
    assert!(sent(&mut relay).is_empty(), "but only once");
    // From a link that brought too much: not remembered, and taken from another.
    let limits = Limits { link_rate: 0, link_burst: 1, ..Limits::default() };
    let mut relay = Relay::new(RelayConfig { role: event.member(), limits }, Rng(1), 0);
    between(&mut relay);
    let (first, second) = (event.vote(), event.vote());
    give(&mut relay, A, &first, 5, 0);
    give(&mut relay, A, &second, 5, 0);
    assert_eq!(dropped(&relay, DropReason::LinkRate), 1);
    give(&mut relay, B, &second, 5, 0);
    assert_eq!(relay.counters().delivered, 2);
}

#[test]
fn low_ttl_copy_first_m9_is_raised_and_forwarded_once() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let vote = event.vote();
    give(&mut relay, A, &vote, 1, 0);
    give(&mut relay, B, &vote, 8, 5);
    give(&mut relay, A, &vote, 3, 6);
    relay.handle_timeout(1_000);
    let all = sent(&mut relay);
    assert_eq!(all.len(), 1);
    assert_eq!(ttl_of(&all[0].3), 7);
    assert_eq!(relay.counters().ttl_raised, 1);
}

#[test]
fn copies_on_a_broadcast_link_spare_the_forwarding_there_and_nowhere_else() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    relay.link_up(A, Bearer::Broadcast, BIG, 0).unwrap();
    relay.link_up(B, Bearer::PointToPoint, BIG, 0).unwrap();
    let hear = |relay: &mut Relay<Rng>, link, peer, vote: &Packet| {
        let packet = vote.clone().with_ttl(Ttl::new(5));
        let frame = [&[0], packet.as_bytes()].concat();
        relay.handle_frame(Hop { link, peer: PeerId(peer) }, &frame, 0);
    };
    for (copies, links) in [(0, vec![A, B]), (1, vec![A, B]), (2, vec![B])] {
        let vote = event.vote();
        (0..=copies).for_each(|peer| hear(&mut relay, A, peer, &vote));
        (0..5).for_each(|peer| hear(&mut relay, B, peer, &vote));
        relay.handle_timeout(1_000);
        let went: Vec<LinkId> = sent(&mut relay).into_iter().map(|(link, ..)| link).collect();
        assert_eq!(went, links, "{copies} copies");
    }
    assert_eq!(relay.counters().suppressed, 1);
}

#[test]
fn own_packets_go_everywhere_at_once_and_wait_for_the_first_link() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    let early = relay.originate(event.vote(), 0);
    assert!(sent(&mut relay).is_empty());
    between(&mut relay);
    let all = sent(&mut relay);
    assert_eq!(all.len(), 1, "the first link takes it");
    assert_eq!((all[0].1, all[0].2, ttl_of(&all[0].3)), (early, Cause::Own, 7));
    let late = relay.originate(event.vote(), 10);
    assert_eq!(sent(&mut relay).iter().filter(|(_, id, ..)| *id == late).count(), 2);
    assert!(relay.is_stored(&early) && relay.is_stored(&late));
}

#[test]
fn links_have_a_least_frame_and_a_most_number() {
    let mut relay = Event::new(1).relay(1);
    let mut up = |link, frame| relay.link_up(LinkId(link), Bearer::PointToPoint, frame, 0);
    assert_eq!(up(0, 19), Err(LinkError::FrameTooSmall(19)));
    for link in 0..LINKS_MAX as u32 {
        assert_eq!(up(link, 20), Ok(()));
    }
    assert_eq!(up(64, 20), Err(LinkError::TooMany));
    assert_eq!(up(63, 20), Ok(()), "the same again");
}

#[test]
fn a_link_that_turns_out_to_carry_more_gets_longer_frames_and_never_shorter_ones() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    relay.link_up(A, Bearer::PointToPoint, 20, 0).unwrap();
    let mut frames = |relay: &mut Relay<_>| {
        relay.originate(event.vote(), 0);
        sent(relay).into_iter().map(|(.., frame)| frame.len()).collect::<Vec<_>>()
    };
    let narrow = frames(&mut relay);
    assert!(narrow.len() > 5 && narrow.iter().all(|len| *len <= 20), "{narrow:?}");
    relay.widen(A, 244);
    assert_eq!(frames(&mut relay).len(), 1);
    relay.widen(A, 20);
    assert_eq!(frames(&mut relay).len(), 1);
    // One that is not there stays away.
    relay.widen(LinkId(9), 244);
    assert_eq!(frames(&mut relay).len(), 1);
}

#[test]
fn a_frame_for_a_link_that_is_down_is_dropped() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    give(&mut relay, A, &event.vote(), 5, 0);
    assert_eq!((dropped(&relay, DropReason::Frame), relay.stored()), (1, 0));
    // A packet that was scanned needs no link.
    relay.handle_packet(Hop::only(A), event.vote().as_bytes(), 0);
    assert_eq!(relay.counters().delivered, 1);
}

#[test]
fn m5_replay_after_two_hours_and_from_the_future_is_refused_once_the_time_is_known() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let minutes = |minutes| T16::from_minutes(minutes);
    give(&mut relay, A, &event.vote_at(minutes(9_000)), 5, 0);
    assert_eq!(relay.counters().delivered, 1, "nobody can tell yet");
    let start = Timestamp::from_millis(START);
    relay.set_time(Timestamp::from_millis(START + 500 * MINUTE), start, 0);
    for (minute, reason) in [
        (379, Some(DropReason::Stale)),
        (380, None),
        (500, None),
        (505, None),
        (506, Some(DropReason::Future)),
    ] {
        let before = relay.counters().clone();
        give(&mut relay, A, &event.vote_at(minutes(minute)), 5, 0);
        let after = relay.counters();
        assert_eq!(after.delivered - before.delivered, u64::from(reason.is_none()), "{minute}");
        if let Some(reason) = reason {
            assert_eq!(after.dropped(reason) - before.dropped(reason), 1, "{minute}");
        }
    }
    give(&mut relay, A, &event.vote(), 5, 0);
    assert_eq!(relay.counters().delivered, 5, "whoever knew no time is heard");
}

#[test]
fn what_waited_while_the_device_slept_is_not_forwarded_and_the_next_copy_is() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let vote = event.vote();
    give(&mut relay, A, &vote, 5, 0);
    relay.handle_timeout(60 * MINUTE);
    assert!(sent(&mut relay).is_empty());
    assert_eq!(dropped(&relay, DropReason::Late), 1);
    assert!(relay.is_stored(&vote.id()), "a neighbour may ask for it");
    let vote = event.vote();
    give(&mut relay, A, &vote, 5, 61 * MINUTE);
    relay.handle_timeout(61 * MINUTE + 30_000);
    give(&mut relay, B, &vote, 5, 61 * MINUTE + 31_000);
    relay.handle_timeout(61 * MINUTE + 32_000);
    assert_eq!(sent(&mut relay).len(), 1);
}

#[test]
fn copies_die_after_two_hours() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let vote = event.vote();
    give(&mut relay, A, &vote, 5, 0);
    relay.handle_timeout(120 * MINUTE - 1);
    assert!(relay.is_stored(&vote.id()));
    relay.handle_timeout(120 * MINUTE + 10_000);
    assert!(!relay.is_stored(&vote.id()));
    assert_eq!(relay.counters().expired, 1);
    // A neighbour who got it later still has it; neither gives it new life.
    give(&mut relay, B, &vote, 5, 121 * MINUTE);
    assert_eq!((relay.stored(), dropped(&relay, DropReason::Settled)), (0, 1));
    // By the hub's time, however late this relay got it.
    let now = 200 * MINUTE;
    let start = Timestamp::from_millis(START);
    relay.set_time(Timestamp::from_millis(START + 300 * MINUTE), start, now);
    let vote = event.vote_at(T16::from_minutes(181));
    give(&mut relay, A, &vote, 5, now);
    assert!(relay.is_stored(&vote.id()));
    relay.handle_timeout(now + 2 * MINUTE);
    assert!(!relay.is_stored(&vote.id()));
}

#[test]
fn m10_a_full_store_gives_up_the_oldest_of_the_link_that_has_most_and_never_an_own_packet() {
    let mut event = Event::new(1);
    let limits = Limits { stored_packets: 6, ..Limits::default() };
    let mut relay = Relay::new(RelayConfig { role: event.member(), limits }, Rng(1), 0);
    between(&mut relay);
    let own = relay.originate(event.vote(), 0);
    let honest = event.vote();
    give(&mut relay, B, &honest, 5, 0);
    for now in 1..100 {
        give(&mut relay, A, &event.vote(), 5, now * 100);
    }
    assert!(relay.is_stored(&own) && relay.is_stored(&honest.id()));
    assert_eq!(relay.stored(), 6);
    assert_eq!(dropped(&relay, DropReason::StoreFull), 95);
}

#[test]
fn what_the_owner_refuses_is_neither_forwarded_nor_kept_nor_taken_again() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let vote = event.vote();
    give(&mut relay, A, &vote, 5, 0);
    relay.refuse(&vote.id());
    give(&mut relay, B, &vote, 9, 1);
    relay.handle_timeout(1_000);
    give(&mut relay, B, &vote, 9, 200_000);
    relay.handle_timeout(201_000);
    assert!(sent(&mut relay).is_empty());
    assert_eq!((relay.stored(), relay.counters().delivered), (0, 1));
    assert_eq!(dropped(&relay, DropReason::Settled), 1);
}

proptest! {
    #[test]
    fn m6_no_packet_is_forwarded_twice_within_a_minute(
        seed: u64, steps in prop::collection::vec((0_u64..30_000, 0_usize..6, 0_u8..6, any::<bool>()), 1..150)
    ) {
        let mut event = Event::new(seed);
        // Without hubs, keyless: nothing is kept, so that the memory of ids alone decides.
        let mut relay = Relay::new(RelayConfig::new(Role::Keyless { tag: None }), Rng(seed), 0);
        between(&mut relay);
        let votes: Vec<Packet> = (0..6).map(|_| event.vote()).collect();
        let mut last = [None; 6];
        let mut now = 0;
        for (pause, vote, ttl, from_a) in steps {
            // Whatever is due meanwhile is done when it is due.
            let end = now + pause;
            while let Some(at) = relay.poll_timeout().filter(|at| *at <= end) {
                relay.handle_timeout(at);
                for (_, id, cause, _) in sent(&mut relay) {
                    prop_assert_eq!(cause, Cause::Forward);
                    let index = votes.iter().position(|vote| vote.id() == id).unwrap();
                    if let Some(before) = last[index].replace(at) {
                        prop_assert!(at - before >= 60_000, "{at} after {before}");
                    }
                }
            }
            now = end;
            give(&mut relay, if from_a { A } else { B }, &votes[vote], ttl, now);
        }
    }
}
