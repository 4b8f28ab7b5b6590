//! What the hub says: beacons, receipts, orders.

use crate::world::{
    A, B, CloneForTest as _, Event, MINUTE, START, between, dropped, give, outputs, sent,
};
use countersign::wire::Malformed;
use countersign::{Fingerprint, Signer as _, SigningKey, Timestamp};
use countersign_mesh::hub::{HUBS_MAX, HubError, HubKeys, Notice};
use countersign_mesh::relay::DropReason;
use countersign_mesh::*;

fn control(sequence: u64, action: Action) -> Control {
    Control { sequence, time: Timestamp::from_millis(START), action }
}

#[test]
fn m8_shared_key_forges_the_outer_layer_and_nothing_that_the_hub_says() {
    let mut event = Event::new(1);
    let hubs = event.hub_keys();
    let beacon = event.beacon(1, 0);
    assert_eq!(hubs.check::<Beacon>(&beacon).unwrap().notice.sequence, 1);
    assert_eq!(hubs.check::<Receipt>(&beacon), Err(HubError::Type(PacketType::Beacon)));
    let somebody = SigningKey::from_seed(&[66; 32]);
    let order = control(1, Action::Round { number: 1, open: false });
    let forged = event.notice_by(&somebody, &order);
    assert!(forged.clone().check_net(&event.keys.net).is_ok(), "the outer layer holds");
    assert_eq!(hubs.check::<Control>(&forged), Err(HubError::Signature));
    // The same words for another event, and of another kind, are not this hub's word either.
    let hub = event.hub.clone_for_test();
    let other = countersign::EventId::new("OTHER").unwrap();
    let content = hub::sign(&event.realm, &other, &hub, &order).unwrap();
    let net = event.keys.net.clone();
    let kind = PacketType::Control;
    let moved = event.sealer.publish(&net, kind, T16::UNKNOWN, &content, &mut event.rng).unwrap();
    assert_eq!(hubs.check::<Control>(&moved), Err(HubError::Signature));
    let mut relay = event.relay(1);
    between(&mut relay);
    give(&mut relay, A, &forged, 5, 0);
    give(&mut relay, A, &moved, 5, 0);
    relay.handle_timeout(1_000);
    assert_eq!(dropped(&relay, DropReason::HubSignature), 2);
    assert!(sent(&mut relay).is_empty());
}

#[test]
fn notices_read_back_and_nothing_else_reads() {
    fn both<T: Notice + PartialEq + std::fmt::Debug>(notice: T) {
        let bytes = notice.encode();
        assert_eq!(T::decode(&bytes).as_ref(), Ok(&notice));
        for len in 0..bytes.len() {
            assert!(T::decode(&bytes[..len]).map_or(true, |shorter| shorter != notice));
        }
        assert!(T::decode(&[&bytes[..], &[0]].concat()).is_err());
    }
    let time = Timestamp::from_millis(START);
    let first_ttl = Ttl::MAX;
    both(Beacon { sequence: 9, time, start: time, bundle_version: 3, first_ttl });
    let item = |n: u8| ReceiptItem {
        packet: ShortId::from_bytes([n; 8]),
        status: ReceiptStatus::ALL[usize::from(n) % 8],
    };
    both(Receipt { time, items: (0..16).map(item).collect() });
    both(control(1, Action::Rekey { epoch: KeyEpoch::new(4) }));
    both(control(2, Action::Revoke { fingerprint: Fingerprint::from_bytes([5; 32]) }));
    both(control(3, Action::Round { number: 2, open: true }));
    assert_eq!(Receipt::decode(&[0; 4]), Err(Malformed::Range), "of nothing");
    assert_eq!(Receipt::decode(&[0; 4 + 17 * 9]), Err(Malformed::Range), "of 17");
    let mut unknown = Receipt { time, items: vec![item(0)] }.encode();
    unknown[12] = 8;
    assert_eq!(Receipt::decode(&unknown), Err(Malformed::Range), "an unknown status");
}

#[test]
fn a_receipt_of_sixteen_fits_one_frame_at_mtu_247() {
    let mut event = Event::new(1);
    let ids: Vec<PacketId> = (0..16).map(|_| event.vote().id()).collect();
    let receipt = event.receipt_for(&ids);
    let frame = framing::gatt_value_len(247);
    assert_eq!(receipt.as_bytes().len(), 242);
    assert_eq!(framing::frames_for(242, frame), 1);
}

#[test]
fn m11_a_receipt_purges_what_is_kept_and_what_waits_and_keeps_it_out() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let (kept, waits, other) = (event.vote(), event.vote(), event.vote());
    give(&mut relay, A, &kept, 5, 0);
    relay.handle_timeout(1_000);
    assert_eq!(sent(&mut relay).len(), 1);
    give(&mut relay, A, &waits, 5, 2_000);
    give(&mut relay, A, &other, 5, 2_000);
    let receipt = event.receipt_for(&[kept.id(), waits.id(), event_id(9)]);
    give(&mut relay, B, &receipt, 5, 2_001);
    relay.handle_timeout(3_000);
    let went: Vec<PacketId> = sent(&mut relay).into_iter().map(|(_, id, ..)| id).collect();
    assert!(went.contains(&receipt.id()) && went.contains(&other.id()));
    assert!(!went.contains(&waits.id()));
    assert_eq!(relay.counters().purged, 2);
    assert!(!relay.is_stored(&kept.id()) && !relay.is_stored(&waits.id()));
    // Long after the ids are forgotten.
    give(&mut relay, B, &kept, 5, 10 * MINUTE);
    assert_eq!(dropped(&relay, DropReason::Settled), 1);
}

fn event_id(byte: u8) -> PacketId {
    PacketId::from_bytes([byte; 16])
}

#[test]
fn wrong_clock_m5_time_comes_from_signed_beacons_and_an_older_one_changes_nothing() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    assert_eq!((relay.hub_time(0), relay.t16(0)), (None, T16::UNKNOWN));
    let (first, second) = (event.beacon(7, 10), event.beacon(8, 20));
    give(&mut relay, A, &second, 15, 1_000);
    assert_eq!(relay.t16(1_000).minutes(), Some(20));
    assert_eq!(relay.t16(1_000 + 3 * MINUTE).minutes(), Some(23));
    give(&mut relay, A, &first, 15, 2_000);
    assert_eq!(relay.t16(2_000).minutes(), Some(20));
    // Again, after its id is forgotten.
    give(&mut relay, A, &second, 15, 10 * MINUTE);
    assert_eq!(relay.t16(10 * MINUTE).minutes(), Some(29));
    assert_eq!(dropped(&relay, DropReason::Replayed), 2);
    let said = outputs(&mut relay);
    assert_eq!(said.iter().filter(|out| matches!(out, Output::Beacon(_))).count(), 1);
    // A hub whose clock was wrong sets it right with its next beacon.
    let set_back = event.beacon(9, 5);
    give(&mut relay, A, &set_back, 15, 10 * MINUTE);
    assert_eq!(relay.t16(10 * MINUTE).minutes(), Some(5));
}

#[test]
fn ttl_comes_from_the_shortest_way_of_the_last_beacon_and_is_a_hint() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    assert_eq!((relay.hops(0), relay.ttl(0)), (None, Ttl::DEFAULT));
    let beacon = event.beacon(1, 0);
    give(&mut relay, A, &beacon, 10, 0);
    assert_eq!((relay.hops(0), relay.ttl(0).get()), (Some(6), 15));
    give(&mut relay, B, &beacon, 13, 5);
    assert_eq!((relay.hops(5), relay.ttl(5).get()), (Some(3), 9));
    give(&mut relay, A, &beacon, 12, 9);
    assert_eq!(relay.hops(9), Some(3));
    let farther = event.beacon(2, 0);
    give(&mut relay, A, &farther, 11, 20);
    assert_eq!(relay.hops(20), Some(5), "the way has become longer");
    assert_eq!(relay.hops(20 + 5 * MINUTE), None, "old");
    let ttls: Vec<u8> = (0..=8).map(|hops| Ttl::for_distance(hops).get()).collect();
    assert_eq!(ttls, [3, 5, 7, 9, 11, 13, 15, 15, 15]);
}

#[test]
fn m13_an_order_is_given_out_once_however_often_it_is_said() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let open = |open| Action::Round { number: 1, open };
    let mut given = Vec::new();
    for (sequence, is_open) in [(5, true), (6, false), (5, true), (4, true), (6, false)] {
        let order = event.notice(&control(sequence, open(is_open)));
        give(&mut relay, A, &order, 5, 0);
        given.extend(outputs(&mut relay).into_iter().filter_map(|output| match output {
            Output::Control(said) => Some(said.notice.sequence),
            _ => None,
        }));
    }
    assert_eq!(given, [5, 6, 4]);
    relay.handle_timeout(1_000);
    let went = sent(&mut relay).len();
    assert_eq!(went, 5, "those who missed it get it all the same");
}

#[test]
fn two_hubs_are_both_believed_each_by_its_own_numbers() {
    let mut event = Event::new(1);
    let second = SigningKey::from_seed(&[4; 32]);
    let keys = vec![event.hub.verifying_key().clone(), second.verifying_key().clone()];
    let hubs = HubKeys::new(event.realm.clone(), event.id, keys.clone()).unwrap();
    let too_many = vec![keys[0].clone(); HUBS_MAX + 1];
    assert!(HubKeys::new(event.realm.clone(), event.id, too_many).is_err());
    let role = Role::Member { keys: vec![event.keys.net.clone()], hubs };
    let mut relay = Relay::new(RelayConfig::new(role), crate::world::Rng(1), 0);
    between(&mut relay);
    let order = control(1, Action::Round { number: 1, open: true });
    let orders = [event.notice(&order), event.notice_by(&second, &order)];
    orders.iter().for_each(|order| give(&mut relay, A, order, 5, 0));
    let said: Vec<Fingerprint> = outputs(&mut relay)
        .into_iter()
        .filter_map(|output| match output {
            Output::Control(said) => Some(said.hub),
            _ => None,
        })
        .collect();
    assert_eq!(said, [*keys[0].fingerprint(), *keys[1].fingerprint()]);
    // A hub keeps its own time.
    let start = Timestamp::from_millis(START);
    relay.set_time(Timestamp::from_millis(START + 30 * MINUTE), start, 0);
    give(&mut relay, A, &event.beacon(1, 99), 5, 0);
    assert_eq!(relay.t16(0).minutes(), Some(30));
}

#[test]
fn lost_phone_m12_a_new_epoch_travels_through_relays_that_lack_its_key() {
    let mut event = Event::new(1);
    let mut relay = event.relay(1);
    between(&mut relay);
    let mut next = Event::new(2);
    next.keys = event.epoch(1);
    give(&mut relay, A, &next.vote(), 5, 0);
    assert_eq!(dropped(&relay, DropReason::UnknownEpoch), 1);
    let rekey = event.notice(&control(1, Action::Rekey { epoch: KeyEpoch::new(1) }));
    give(&mut relay, A, &rekey, 5, 0);
    relay.handle_timeout(1_000);
    let _ = sent(&mut relay);
    let vote = next.vote();
    give(&mut relay, A, &vote, 5, 2_000);
    relay.handle_timeout(3_000);
    let went: Vec<PacketId> = sent(&mut relay).into_iter().map(|(_, id, ..)| id).collect();
    assert_eq!(went, [vote.id()]);
    assert!(!relay.is_stored(&vote.id()), "nobody vouches for it here");
    assert_eq!(relay.counters().delivered, 0);
    // Slowly, because nobody vouches for it.
    let before = dropped(&relay, DropReason::LinkRate);
    (0..500).for_each(|_| give(&mut relay, A, &next.vote(), 5, 4_000));
    assert_eq!(dropped(&relay, DropReason::LinkRate) - before, 400);
    give(&mut relay, A, &event.vote(), 5, 4_000);
    assert_eq!(relay.counters().delivered, 1, "those with a key have their own share");
    // The hub's word needs no net tag to be believed.
    let settled = event.vote();
    event.keys = event.epoch(1);
    give(&mut relay, B, &event.receipt_for(&[settled.id()]), 5, 4_000);
    assert!(relay.is_settled(&settled.id().short()));
    // With the key it is a packet like any other; without the old one, the lost phone is an outsider.
    relay.add_keys(next.keys.net.clone()).unwrap();
    let vote = next.vote();
    give(&mut relay, B, &vote, 5, 5_000);
    assert!(relay.is_stored(&vote.id()));
    relay.retire_keys(KeyEpoch::new(0));
    give(&mut relay, B, &Event::new(9).vote(), 5, 5_000);
    assert_eq!(dropped(&relay, DropReason::UnknownEpoch), 2);
}
