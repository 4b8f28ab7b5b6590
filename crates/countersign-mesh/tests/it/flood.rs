//! Floods: five thousand junk ids a minute, forged signatures, one link against the others.

use crate::world::{A, B, Event, Network, Rng, between, dropped, give, sent};
use countersign::SigningKey;
use countersign_mesh::relay::{DropReason, Limits};
use countersign_mesh::*;

/// Junk of somebody who knows the event's tag and no key.
fn junk(event: &Event, rng: &mut Rng) -> Packet {
    let mut bytes = vec![0; 220];
    rng.fill(&mut bytes);
    (bytes[0], bytes[1], bytes[2], bytes[3]) = (0x11, 5, 0, 0);
    bytes[4..8].copy_from_slice(event.keys.net.event_tag().as_bytes());
    Packet::decode(&bytes).unwrap()
}

#[test]
fn bloom_saturation_m7_five_thousand_junk_ids_a_minute_drop_no_vote_on_a_keyless_relay() {
    let mut event = Event::new(1);
    let mut rng = Rng(2);
    let mut relay = Relay::new(RelayConfig::new(Role::Keyless { tag: None }), Rng(1), 0);
    between(&mut relay);
    let (mut votes, mut forwarded) = (0, 0);
    // Ten minutes, junk and votes over the same link, five votes a second.
    for step in 0..50_000_u64 {
        let now = step * 12;
        give(&mut relay, A, &junk(&event, &mut rng), 5, now);
        if step % 17 == 0 {
            let vote = event.vote();
            votes += 1;
            give(&mut relay, A, &vote, 5, now);
            // Sooner than a bloom filter of this size could forget it.
            relay.handle_timeout(now + 40);
            forwarded += sent(&mut relay).iter().filter(|(_, id, ..)| *id == vote.id()).count();
        }
    }
    assert_eq!((votes, forwarded), (2_942, 2_942));
    for reason in [DropReason::Seen, DropReason::SeenFull, DropReason::LinkRate] {
        assert_eq!(dropped(&relay, reason), 0, "{reason:?}");
    }
}

#[test]
fn flood_by_outsiders_fails_the_net_tag_before_anything_is_remembered() {
    let mut event = Event::new(1);
    let mut rng = Rng(2);
    let mut relay = event.relay(1);
    between(&mut relay);
    for now in 0..20_000 {
        give(&mut relay, A, &junk(&event, &mut rng), 5, now);
    }
    assert_eq!(dropped(&relay, DropReason::NetTag), 20_000);
    give(&mut relay, A, &event.vote(), 5, 20_000);
    assert_eq!((relay.counters().delivered, relay.stored()), (1, 1));
    assert_eq!(dropped(&relay, DropReason::LinkRate), 0, "junk takes no share");
}

#[test]
fn flood_on_one_link_m7_by_somebody_with_the_qr_leaves_other_links_and_the_hub_alone() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    for now in 0..3_000 {
        give(&mut relay, A, &event.vote(), 5, now);
    }
    assert!(dropped(&relay, DropReason::LinkRate) > 2_000);
    let before = relay.counters().delivered;
    for _ in 0..100 {
        give(&mut relay, B, &event.vote(), 5, 3_000);
    }
    assert_eq!(relay.counters().delivered, before + 100);
    // Over the very link that is flooded, what the hub says still comes through.
    let waiting = event.vote();
    let receipt = event.receipt_for(&[waiting.id()]);
    give(&mut relay, A, &receipt, 5, 3_000);
    assert!(relay.is_settled(&waiting.id().short()));
}

#[test]
fn flood_of_forged_receipts_costs_no_more_signature_checks_than_the_share() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let forger = SigningKey::from_seed(&[66; 32]);
    let receipt = Receipt {
        time: countersign::Timestamp::ZERO,
        items: vec![ReceiptItem {
            packet: ShortId::from_bytes([1; 8]),
            status: ReceiptStatus::Accepted,
        }],
    };
    for _ in 0..500 {
        let forged = event.notice_by(&forger, &receipt);
        give(&mut relay, A, &forged, 5, 0);
    }
    let limits = Limits::default();
    assert_eq!(dropped(&relay, DropReason::HubSignature), u64::from(limits.hub_burst));
    assert_eq!(dropped(&relay, DropReason::LinkRate), 500 - u64::from(limits.hub_burst));
    give(&mut relay, A, &event.vote(), 5, 0);
    assert_eq!(relay.counters().delivered, 1, "votes have their own share");
    assert!(!relay.is_settled(&ShortId::from_bytes([1; 8])));
}

#[test]
fn a_flood_through_the_whole_mesh_is_cut_at_the_first_relay_and_votes_arrive() {
    let mut network = Network::line(1, 4, 512);
    let hub = 0;
    let mut votes = Vec::new();
    // The node at the end floods with packets that hold; the one next to it votes.
    for step in 1..400 {
        for _ in 0..10 {
            network.vote_from(3);
        }
        if step % 20 == 0 {
            votes.push(network.vote_from(2));
        }
        network.run_until(step * 20);
    }
    network.run_until(20_000);
    let arrived = votes.iter().filter(|id| network.is_delivered(hub, id)).count();
    assert_eq!(arrived, votes.len());
    assert!(dropped(&network.nodes[2], DropReason::LinkRate) > 2_000);
    assert!(dropped(&network.nodes[1], DropReason::LinkRate) < 100, "the share was taken before");
}
