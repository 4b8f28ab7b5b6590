//! Links of a hub process besides its WebSocket, each as its only way to a relay.

use crate::event_day::{Day, Hall, Post, Voting, after, free};
use controllers::controllers;
use std::net::SocketAddr;

#[path = "../../../countersign-node/tests/it/controllers.rs"]
mod controllers;

const JUDGES: usize = 2;

/// A relay that phones reach, with this link to the hub.
fn post(links: &[&str]) -> Post {
    let links = links.iter().map(|&link| link.to_owned()).collect();
    Post { number: 0, neighbours: free(), phones: free(), links }
}

/// All judges vote by way of the relay.
fn goes_well(day: Day, post: &Post) {
    let relay = post.start(&day);
    let door = format!("ws://{}/mesh", post.phones);
    let voting: Vec<_> =
        (0..JUDGES).map(|number| Voting::start(&day, &["--ws", &door], number)).collect();
    voting.into_iter().for_each(Voting::ends_well);
    drop(relay);
    day.ends_with_all_votes();
}

#[test]
fn a_hub_that_relays_look_for_by_udp_takes_all_votes() {
    let mut day = Day::begin(Hall::open(), JUDGES, &["--udp", "127.0.0.1:0"]);
    let hub = after(&mut day.said, "UDP neighbours: ");
    goes_well(day, &post(&["--peer", &hub]));
}

#[test]
fn a_hub_that_looks_for_a_relay_by_udp_takes_all_votes() {
    let post = post(&[]);
    let day = Day::begin(Hall::open(), JUDGES, &["--peer", &post.neighbours.to_string()]);
    goes_well(day, &post);
}

#[test]
fn a_hub_in_a_multicast_group_takes_all_votes() {
    let group = SocketAddr::from(([239, 255, 78, 68], free().port())).to_string();
    let links = ["--multicast", &group, "--interface", "127.0.0.1"];
    // Not every namespace has a way for multicast on its loopback.
    let day = Day::begin(Hall { holder: None }, JUDGES, &links);
    goes_well(day, &post(&["--udp", &group, "--udp-interface", "127.0.0.1"]));
}

#[test]
fn a_vote_travels_by_bluetooth_alone_and_is_correct_at_mtu_23() {
    // Hub, relay, judge; hub and judge do not hear each other.
    let air = controllers(3, &["0-1:23", "1-2"]);
    let [hub, relay, judge] = [0, 1, 2].map(|number: usize| format!("tcp:{}", air.addrs[number]));
    let day = Day::begin(Hall { holder: None }, 1, &["--ble", &hub]);
    let service = day.code.split_once("BLE_UUID=").unwrap().1.to_owned();
    let relay = post(&["--ble", &relay, "--ble-uuid", &service]).start(&day);
    let voting = Voting::start(&day, &["--ble", &judge, "--ble-uuid", &service], 0);
    voting.ends_well();
    drop(relay);
    day.ends_with_all_votes();
}
