//! Junk, and honest votes in the middle of it.

use crate::judge::{Judge, PATIENCE};
use crate::venue::Venue;
use countersign_hub::Command;
use countersign_mesh::ReceiptStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Judge 2 has the QR and a WebSocket of his own, and says what nobody signed as fast as he can; somebody without the QR adds to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_junk_does_not_stop_an_honest_vote() {
    let venue = Venue::new(1);
    let hub = venue.start(0).await;
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let insider = Judge::new(2, &venue.package, hub.code(), hub.addr);
    let flood = tokio::spawn({
        let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
        async move {
            while !stop.load(Ordering::Relaxed) {
                let mut forged = insider.vote(0, 1, &[9, 9]);
                let last = forged.len() - 1;
                forged[last] ^= 1;
                insider.send(insider.packet(&forged)).await;
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let raw = tokio::spawn({
        let (stop, addr) = (Arc::clone(&stop), hub.addr);
        async move {
            use tokio::io::AsyncWriteExt;
            while !stop.load(Ordering::Relaxed) {
                let Ok(mut tcp) = tokio::net::TcpStream::connect(addr).await else { continue };
                // Closed in the middle: the hub is not waiting.
                let _broken = tcp.write_all(b"GET /ws HTTP/1.1\r\nhost: x\r\n\0\0\0\r\n\r\n").await;
            }
        }
    });
    let mut accepted = 0;
    for judge in 0..2 {
        let mut honest = Judge::new(judge, &venue.package, hub.code(), hub.addr);
        for (project, revision) in (0..3).flat_map(|it| [(it, 1), (it, 2), (it, 3)]) {
            let vote = honest.vote(project, revision, &[3, revision as u16]);
            let said = tokio::time::timeout(PATIENCE, honest.say(&vote)).await.unwrap();
            assert!(said == ReceiptStatus::Accepted || said == ReceiptStatus::Duplicate);
            accepted += 1;
        }
    }
    stop.store(true, Ordering::Relaxed);
    flood.await.unwrap();
    raw.await.unwrap();
    assert_eq!(accepted, 18);
    assert!(sent.load(Ordering::Relaxed) > 18, "there was a flood");
    let status = hub.obey(Command::Status).await;
    assert!(status.text.contains("6 ballots"), "{}", status.text);
    hub.stop().await.unwrap();
    assert_eq!(venue.logged(0).len(), 18, "not one of the forged ones");
}
