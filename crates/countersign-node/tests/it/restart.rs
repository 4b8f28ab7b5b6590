//! What a restart must not lose.

use crate::world::{Site, World, all};
use countersign_node::{Node, NodeConfig};
use std::time::Duration;

#[tokio::test]
async fn kept_packets_are_there_after_a_restart_and_reach_the_hub_that_comes_then() {
    let mut world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let config = || NodeConfig {
        folder: Some(folder.path().to_owned()),
        save_after: Duration::from_millis(50),
        ..World::new().config()
    };
    let relay = Site::start(config());
    let mut judge = Site::start(world.config());
    judge.udp(&[relay.udp(&[]).await]).await;
    let sent = judge.handle.originate(world.vote()).await.unwrap();
    relay.until("it is kept, on disk", |status| status.stored == 1 && status.saved > 0).await;
    relay.node.stop().await;

    let relay = Site::start(config());
    let at_relay = relay.udp(&[]).await;
    relay.until("it is kept still", |status| status.stored == 1).await;
    // The judge offers it again.
    judge.udp(&[at_relay]).await;
    let hub = Site::start(world.config());
    hub.udp(&[at_relay]).await;
    let received = hub.receives(World::new(), 1);
    assert!(all(received).await.contains(&sent));
    judge.is_told(&[sent]).await;
    relay.settles(&[sent]).await;
}

#[tokio::test]
async fn a_damaged_snapshot_is_put_aside_and_a_second_node_is_refused() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let config = NodeConfig { folder: Some(folder.path().to_owned()), ..world.config() };
    let first = Site::start(config.clone());
    let refused = Node::start(config.clone()).unwrap_err().to_string();
    assert!(refused.contains("another command is working"), "{refused}");
    first.handle.originate(World::new().vote()).await.unwrap();
    first.node.stop().await;
    let files = || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let ends = |end: &str| files().find(|path| path.to_string_lossy().ends_with(end));
    let snapshot = ends(".snapshot").unwrap();
    let mut bytes = std::fs::read(&snapshot).unwrap();
    let middle = bytes.len() / 2;
    bytes.truncate(middle);
    std::fs::write(&snapshot, &bytes).unwrap();
    let second = Site::start(config);
    second.until("it starts empty", |status| status.stored == 0).await;
    assert_eq!(std::fs::read(ends(".damaged").unwrap()).unwrap(), bytes);
}
