//! A line of nodes over different links.

use crate::world::{Site, World, all};
use countersign_node::link::udp::{Multicast, multicast};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

#[tokio::test]
async fn a_vote_goes_through_three_relays_over_udp_and_websocket_and_its_receipt_comes_back() {
    let mut world = World::new();
    let [mut judge, first, second, third, hub] =
        std::array::from_fn(|_| Site::start(world.config()));
    judge.udp(&[first.udp(&[]).await]).await;
    first.ws(second.ws_listen());
    second.udp(&[third.udp(&[]).await]).await;
    third.ws(hub.ws_listen());
    let votes: Vec<_> = (0..20).map(|_| world.vote()).collect();
    let received = hub.receives(World::new(), votes.len());
    let mut sent = Vec::new();
    for vote in votes {
        sent.push(judge.handle.originate(vote).await.unwrap());
    }
    assert_eq!(all(received).await, sent.iter().copied().collect());
    judge.is_told(&sent).await;
    judge.until("the way to the hub is known", |status| status.hops == Some(4)).await;
    for relay in [&first, &second, &third] {
        // What the hub has answered is not kept.
        relay.settles(&sent).await;
    }
}

#[tokio::test]
async fn everybody_in_a_multicast_group_hears_a_vote_without_any_address() {
    let mut world = World::new();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let group = SocketAddr::from(([239, 255, 78, 68], port));
    let [mut judge, bystander, hub] = std::array::from_fn(|_| Site::start(world.config()));
    for site in [&judge, &bystander, &hub] {
        let spec = Multicast { group, interface: Some(Ipv4Addr::LOCALHOST) };
        tokio::spawn(multicast(spec).unwrap().carry(site.handle.links()));
        site.until("the link is up", |status| status.links.len() == 1).await;
    }
    let received = hub.receives(World::new(), 1);
    let sent = judge.handle.originate(world.vote()).await.unwrap();
    all(received).await;
    judge.is_told(&[sent]).await;
    let status = bystander.until("the hub is heard", |status| status.hops == Some(1)).await;
    assert_eq!(status.links.len(), 1);
}
