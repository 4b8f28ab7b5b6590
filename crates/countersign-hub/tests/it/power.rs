//! What a loss of power leaves of the log: of the last write, any blocks of 512 bytes and not others.

use crate::judge::Judge;
use crate::venue::{Venue, votes_in};
use countersign_hub::Command;
use countersign_mesh::ReceiptStatus;

const BLOCK: usize = 512;

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_starts_after_any_loss_of_power_in_its_last_write_with_all_that_it_acknowledged() {
    let venue = Venue::new(1);
    let votes_of = async |projects: std::ops::Range<u8>, revision: u32| {
        let hub = venue.start(0).await;
        let mut judge = Judge::new(0, &venue.package, hub.code(), hub.addr);
        for project in projects {
            let vote = judge.vote(project, revision, &[4, 4]);
            assert_eq!(judge.say(&vote).await, ReceiptStatus::Accepted);
        }
        hub.stop().await.unwrap();
    };
    let (path, certain) = (venue.dir(0).join("log.bin"), venue.dir(0).join("log.durable"));
    votes_of(0..3, 1).await;
    let durable = std::fs::read(&path).unwrap();
    let noted = std::fs::read(&certain).unwrap();
    // As if these were one write.
    votes_of(0..3, 2).await;
    votes_of(0..2, 3).await;
    let log = std::fs::read(&path).unwrap();
    let first = durable.len() / BLOCK;
    let count = log.len().div_ceil(BLOCK) - first;
    assert!((3..=5).contains(&count), "{count}");
    let mut sizes = std::collections::BTreeSet::new();
    for arrived in 0..1_u32 << count {
        let mut left = durable.clone();
        for block in (0..count).filter(|block| arrived & (1 << block) != 0) {
            let from = durable.len().max((first + block) * BLOCK);
            let to = log.len().min((first + block + 1) * BLOCK);
            left.resize(to.max(left.len()), 0);
            left[from..to].copy_from_slice(&log[from..to]);
        }
        std::fs::write(&path, &left).unwrap();
        std::fs::write(&certain, &noted).unwrap();
        let status = venue.command(0, Command::Status).await;
        assert!(status.ok, "{arrived:b}: {}", status.text);
        let kept = std::fs::read(&path).unwrap();
        assert!(kept.starts_with(&durable) && log.starts_with(&kept), "{arrived:b}");
        sizes.insert(votes_in(&path).len());
    }
    assert!(sizes.first() == Some(&3) && sizes.last() == Some(&8) && sizes.len() > 3, "{sizes:?}");
}
