//! Junk, as fast as a socket takes it.

use crate::world::{PATIENCE, Site, World, all};
use countersign_mesh::framing::split;
use countersign_mesh::relay::DropReason;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

const JUNK: usize = 20_000;
const FRAME: usize = 1200;

/// A link to the node, as a stranger gets it.
async fn stranger(node: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(node).await.unwrap();
    socket.send(&[1, 0, 0, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut buffer = [0; 64];
    loop {
        let reading = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer));
        let len = reading.await.unwrap().unwrap();
        if len == 9 && buffer[0] == 1 {
            buffer[0] = 2;
            socket.send(&buffer[..9]).await.unwrap();
            return socket;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn junk_flood_on_one_link_drops_no_honest_packet_of_another_and_is_bounded() {
    let mut world = World::new();
    let [mut judge, relay, hub] = std::array::from_fn(|_| Site::start(world.config()));
    let at_relay = relay.udp(&[hub.udp(&[]).await]).await;
    judge.udp(&[at_relay]).await;
    relay.until("both are there", |status| status.links.len() == 2).await;
    let flooder = stranger(at_relay).await;
    relay.until("the flooder is there", |status| status.links.len() == 3).await;
    let model = world.vote();
    let flood = tokio::spawn(async move {
        for number in 0..JUNK {
            // Of this event by its looks; the net tag is wrong.
            let mut packet = model.as_bytes().to_vec();
            packet[10..18].copy_from_slice(&(number as u64).to_be_bytes());
            let counter = u8::try_from(number % 16).unwrap();
            for frame in split(&packet, FRAME, counter) {
                // A full buffer is the kernel's way to drop it.
                let _full = flooder.send(&[&[0], &frame[..]].concat()).await.is_err();
            }
            if number % 64 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    let votes: Vec<_> = (0..40).map(|_| world.vote()).collect();
    let received = hub.receives(World::new(), votes.len());
    let mut sent = Vec::new();
    for vote in votes {
        sent.push(judge.handle.originate(vote).await.unwrap());
    }
    assert_eq!(all(received).await, sent.iter().copied().collect());
    judge.is_told(&sent).await;
    flood.await.unwrap();
    let status = relay
        .until("junk was refused", |status| status.counters.dropped(DropReason::NetTag) > 1000);
    let status = status.await;
    assert_eq!(status.counters.dropped(DropReason::SeenFull), 0);
    relay.settles(&sent).await;
    assert!(status.stored < 200, "nothing of it is kept: {}", status.stored);
}
