//! Small networks: lines, rings, rooms, partitions, droppers, a hub that is away.

use crate::world::{MINUTE, Network};
use countersign_mesh::relay::{Cause, Limits};
use countersign_mesh::*;
use std::collections::BTreeMap;

/// Nobody forwards the same packet twice over the same link within a minute.
fn assert_forwards_once(network: &Network) {
    let mut last = BTreeMap::new();
    for (at, node, link, packet, cause) in &network.sends {
        if *cause != Cause::Forward {
            continue;
        }
        let before: Option<u64> = last.insert((node, link, packet), *at);
        // The pieces of one packet go out together.
        let again = before.is_some_and(|before| before != *at && at - before < MINUTE);
        assert!(!again, "node {node} forwards {packet} again at {at}, after {before:?}");
    }
}

#[test]
fn a_vote_goes_down_a_line_in_pieces_and_its_receipt_comes_back_and_purges() {
    // MTU 23, six hops.
    let mut network = Network::line(1, 7, 20);
    let vote = network.vote_from(6);
    network.run_until(1_000);
    assert!(network.is_delivered(0, &vote));
    assert!(network.nodes.iter().all(|node| node.is_stored(&vote)));
    let receipt = network.event.receipt_for(&[vote]);
    network.send_from(0, receipt);
    network.run_until(2_000);
    assert_eq!(network.settled.len(), 6);
    assert!(network.nodes.iter().all(|node| !node.is_stored(&vote)));
    assert_forwards_once(&network);
}

#[test]
fn in_a_ring_every_node_delivers_once() {
    let mut network = Network::line(2, 8, 244);
    network.join(Bearer::PointToPoint, &[7, 0], 244);
    let votes: Vec<PacketId> = (0..8).map(|node| network.vote_from(node)).collect();
    network.run_until(3_000);
    for vote in &votes {
        for node in 0..8 {
            let times = network.delivered.get(&(node, *vote)).copied().unwrap_or(0);
            assert!(times <= 1);
        }
        assert!(network.nodes.iter().all(|node| node.is_stored(vote)));
    }
    assert_forwards_once(&network);
}

#[test]
fn in_a_room_where_all_hear_all_most_forwarding_is_spared() {
    let mut network = Network::new(3, 20, Limits::default());
    network.join(Bearer::Broadcast, &(0..20).collect::<Vec<_>>(), 1_400);
    let mut votes = Vec::new();
    for step in 0..30 {
        votes.push(network.vote_from(1 + step % 19));
        network.run_until(step as u64 * 300 + 300);
    }
    network.run_until(14_000);
    assert!(votes.iter().all(|vote| network.is_delivered(0, vote)));
    let forwards = network.sends.iter().filter(|(.., cause)| *cause == Cause::Forward).count();
    assert!(forwards < 30 * 12, "{forwards} of {} that would be without", 30 * 19);
    assert_forwards_once(&network);
}

#[test]
fn after_a_partition_heals_everything_arrives_by_asking() {
    for seed in 0..5 {
        // Two halves of five; the hub in one, the judges in both.
        let mut network = Network::new(seed, 10, Limits::default());
        for half in [0, 5] {
            for node in half + 1..half + 5 {
                network.join(Bearer::PointToPoint, &[node - 1, node], 244);
            }
        }
        let bridge = network.join(Bearer::PointToPoint, &[4, 5], 244);
        network.wires[bridge].is_up = false;
        network.run_until(1_000);
        let votes: Vec<PacketId> = (0..120).map(|index| network.vote_from(5 + index % 5)).collect();
        network.run_until(5 * MINUTE);
        assert!(votes.iter().all(|vote| !network.is_delivered(0, vote)));
        network.wires[bridge].is_up = true;
        network.run_until(7 * MINUTE);
        let arrived = votes.iter().filter(|vote| network.is_delivered(0, vote)).count();
        assert_eq!(arrived, 120, "seed {seed}");
        assert!(network.delivered.values().all(|times| *times == 1));
        assert_forwards_once(&network);
    }
}

#[test]
fn relay_drops_lossy_links_and_droppers_lose_no_vote_while_there_is_a_way() {
    for seed in 0..5 {
        // A grid of five by four; two nodes give nothing on; one frame in five is lost.
        let mut network = Network::new(seed, 20, Limits::default());
        for node in 0..20_usize {
            let (column, row) = (node % 5, node / 5);
            if column > 0 {
                network.join(Bearer::PointToPoint, &[node - 1, node], 244);
            }
            if row > 0 {
                network.join(Bearer::PointToPoint, &[node - 5, node], 244);
            }
        }
        network.wires.iter_mut().for_each(|wire| wire.loss = 200);
        network.droppers = vec![6, 13];
        let votes: Vec<PacketId> = (1..20).map(|node| network.vote_from(node)).collect();
        network.run_until(3 * MINUTE);
        let arrived = votes.iter().filter(|vote| network.is_delivered(0, vote)).count();
        assert_eq!(arrived, votes.len(), "seed {seed}");
        assert!(network.delivered.values().all(|times| *times == 1));
    }
}

#[test]
fn hub_crash_votes_wait_for_the_receipt_and_reach_the_hub_that_comes_back() {
    let mut network = Network::line(4, 4, 244);
    let vote = network.vote_from(3);
    network.run_until(1_000);
    assert!(network.is_delivered(0, &vote));
    // The hub dies before it has written anything, and comes back an hour later with nothing.
    network.nodes[0] = network.event.relay(99);
    network.delivered.clear();
    network.run_until(60 * MINUTE);
    assert!(!network.is_delivered(0, &vote), "it has no link yet");
    let now = network.now;
    network.nodes[0].link_up(LinkId(0), Bearer::PointToPoint, 244, now).unwrap();
    network.run_until(61 * MINUTE);
    assert!(network.is_delivered(0, &vote));
}

#[test]
fn keyless_relays_carry_what_they_cannot_read() {
    let mut network = Network::line(5, 5, 244);
    for node in 1..4 {
        let role = Role::Keyless { tag: Some(network.event.keys.net.event_tag()) };
        let mut relay = Relay::new(RelayConfig::new(role), crate::world::Rng(node), 0);
        for link in [node as u32 - 1, node as u32] {
            relay.link_up(LinkId(link), Bearer::PointToPoint, 244, 0).unwrap();
        }
        network.nodes[node as usize] = relay;
    }
    let vote = network.vote_from(4);
    network.run_until(1_000);
    assert!(network.is_delivered(0, &vote));
    assert_eq!(network.delivered.len(), 1);
    assert!((1..4).all(|node| network.nodes[node].stored() == 0));
}

#[test]
fn beacons_measure_the_way_and_votes_go_just_far_enough() {
    let mut network = Network::line(6, 14, 244);
    // After the first questions, which would bring it too.
    network.run_until(2_000);
    let far = network.vote_from(13);
    network.run_until(4_000);
    assert!(!network.is_delivered(0, &far), "seven hops are not enough");
    let beacon = network.event.beacon(1, 10);
    network.send_from(0, beacon);
    network.run_until(6_000);
    let hops: Vec<_> = network.nodes.iter().skip(1).map(|node| node.hops(6_000)).collect();
    assert_eq!(hops, (1..14).map(Some).collect::<Vec<_>>());
    assert!(network.nodes.iter().all(|node| node.t16(6_000).minutes() == Some(10)));
    let near = network.vote_from(13);
    network.run_until(8_000);
    assert!(network.is_delivered(0, &near));
}

#[test]
fn a_neighbour_that_forwards_is_known_by_its_echo() {
    let mut network = Network::new(7, 3, Limits::default());
    network.join(Bearer::Broadcast, &[0, 1, 2], 1_400);
    network.droppers = vec![2];
    for step in 1..10 {
        network.vote_from(0);
        network.run_until(step * 400);
    }
    let echoes: Vec<u64> = network.nodes[0].neighbours().map(|near| near.echoes).collect();
    assert!(echoes[0] >= 9, "{echoes:?}");
    assert_eq!(echoes.get(1).copied().unwrap_or(0), 0, "{echoes:?}");
}
