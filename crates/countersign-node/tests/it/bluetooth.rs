//! Hub, relay and judge in a line over Bluetooth. The relay is found and finds with one controller.

use crate::controllers::controllers;
use crate::world::{Site, World, all};
use countersign_mesh::BleUuid;
use countersign_node::link::ble::{Ble, Controller, Role};
use std::net::SocketAddr;

async fn ble(site: &Site, addr: SocketAddr, role: Role) {
    let service = BleUuid::from_bytes(*b"countersign-test");
    let radio = Ble { controller: Controller::Tcp(addr), role, service }.open().await.unwrap();
    let links = site.handle.links();
    tokio::spawn(async move { radio.carry(links).await.unwrap() });
}

#[tokio::test]
async fn a_vote_travels_from_judge_to_relay_to_hub_over_bluetooth_and_its_receipt_comes_back() {
    let mut world = World::new();
    let air = controllers(3, &["0-1", "1-2"]);
    let [hub, relay, mut judge] = std::array::from_fn(|_| Site::start(world.config()));
    ble(&hub, air.addrs[0], Role::Peripheral).await;
    ble(&relay, air.addrs[1], Role::Both).await;
    ble(&judge, air.addrs[2], Role::Central).await;
    relay.until("both are there", |status| status.links.len() == 2).await;
    let votes: Vec<_> = (0..5).map(|_| world.vote()).collect();
    let received = hub.receives(World::new(), votes.len());
    let mut sent = Vec::new();
    for vote in votes {
        sent.push(judge.handle.originate(vote).await.unwrap());
    }
    assert_eq!(all(received).await, sent.iter().copied().collect());
    judge.is_told(&sent).await;
    let status = judge.until("the way to the hub is known", |status| status.hops.is_some()).await;
    // Nobody but the relay was in reach.
    assert_eq!((status.links.len(), status.hops), (1, Some(2)));
}
