//! Nodes with a network between them that loses, delays, doubles and reorders.

use crate::bad_air::{BadAir, Weather};
use crate::world::{Site, World, all};

#[tokio::test]
async fn every_vote_arrives_once_over_links_that_lose_a_third_and_reorder_the_rest() {
    let mut world = World::new();
    let air = BadAir::new(Weather { lost: 30, doubled: 10, delay_ms: 0..60 });
    let [judge, first, second, hub] = std::array::from_fn(|_| Site::start(world.config()));
    let to_hub = air.udp(hub.udp(&[]).await, 1).await;
    let to_second = air.udp(second.udp(&[to_hub]).await, 2).await;
    let to_first = air.udp(first.udp(&[to_second]).await, 3).await;
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
