//! A network that loses, delays, doubles and reorders.

use crate::world::{Site, World, all};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;

/// Of 100 datagrams.
const LOST: u64 = 30;
const DOUBLED: u64 = 10;
/// Each waits up to so long, so that many overtake each other.
const DELAY_MS: u64 = 60;

/// Stands between a node that knows it by its address, and `to`.
async fn proxy(to: SocketAddr, seed: u64) -> SocketAddr {
    let near = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let far = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    far.connect(to).await.unwrap();
    let addr = near.local_addr().unwrap();
    tokio::spawn(async move {
        let mut chance = seed;
        let mut draw = move |bound: u64| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (chance >> 33) % bound
        };
        let (mut up, mut down) = ([0; 2048], [0; 2048]);
        let mut client = None;
        loop {
            let (datagram, to_client) = tokio::select! {
                Ok((len, from)) = near.recv_from(&mut up) => {
                    client = Some(from);
                    (up[..len].to_vec(), None)
                }
                Ok(len) = far.recv(&mut down), if client.is_some() => {
                    (down[..len].to_vec(), client)
                }
            };
            let copies = if draw(100) < LOST { 0 } else { 1 + u64::from(draw(100) < DOUBLED) };
            for _ in 0..copies {
                let wait = Duration::from_millis(draw(DELAY_MS));
                let (near, far, datagram) = (near.clone(), far.clone(), datagram.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    // A neighbour that is not there loses it, too.
                    let _lost = match to_client {
                        Some(client) => near.send_to(&datagram, client).await.is_err(),
                        None => far.send(&datagram).await.is_err(),
                    };
                });
            }
        }
    });
    addr
}

#[tokio::test]
async fn every_vote_arrives_once_over_links_that_lose_a_third_and_reorder_the_rest() {
    let mut world = World::new();
    let [judge, first, second, hub] = std::array::from_fn(|_| Site::start(world.config()));
    let to_hub = proxy(hub.udp(&[]).await, 1).await;
    let to_second = proxy(second.udp(&[to_hub]).await, 2).await;
    let to_first = proxy(first.udp(&[to_second]).await, 3).await;
    judge.udp(&[to_first]).await;
    let votes: Vec<_> = (0..40).map(|_| world.vote()).collect();
    let received = hub.receives(World::new(), votes.len());
    let mut sent = Vec::new();
    for vote in votes {
        sent.push(judge.handle.originate(vote).await.unwrap());
    }
    assert_eq!(all(received).await, sent.iter().copied().collect());
    judge.settles(&sent).await;
}
