//! Events on a file: what a backup carries along, and what the doctor sees.

use crate::support::{NOW, block_on, open};
use countersign::{EventId, Fingerprint};
use countersign_store::event::{EventStore, LogPiece, NewEvent};
use countersign_store_sqlite::{Existing, backup, doctor, restore};

fn event() -> EventId {
    EventId::new("FAIR").unwrap()
}

fn hub() -> Fingerprint {
    Fingerprint::from_bytes([7; 32])
}

/// An event with two pieces of a hub's log.
async fn found(store: &impl EventStore) {
    let new = NewEvent {
        id: event(),
        title: "Fair".into(),
        starts: NOW,
        ends: NOW,
        content: b"{}".to_vec(),
        seats: Vec::new(),
        from: None,
        now: NOW,
    };
    store.put_event(new).await.unwrap();
    for (offset, bytes) in [(0, b"abc".to_vec()), (3, b"defg".to_vec())] {
        let piece = LogPiece { event: event(), hub: hub(), offset, bytes, now: NOW };
        store.keep_log_piece(piece).await.unwrap();
    }
}

#[test]
fn a_lost_piece_of_a_log_is_found_by_the_doctor() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let events = || doctor(&path).into_iter().find(|finding| finding.name == "events").unwrap();
    let store = open(&path);
    block_on(found(&store));
    assert!(events().ok, "{}", events().message);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("DELETE FROM event_log_pieces WHERE at = 3", []).unwrap();
    assert!(!events().ok && events().message.contains("1 logs of hubs lack pieces"));
    db.execute_batch("UPDATE event_logs SET held = 3; UPDATE events SET version = 1").unwrap();
    assert!(!events().ok && events().message.contains("1 events lack a version"));
}

#[test]
fn a_backup_carries_events_and_logs_along() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("store.db"), dir.path().join("copy.db"));
    let store = open(&path);
    block_on(found(&store));
    let inventory = backup(&path, &copy).unwrap();
    assert_eq!((inventory.rows["events"], inventory.rows["event_log_pieces"]), (1, 2));
    drop(store);
    restore(&copy, &path, Existing::Replace).unwrap();
    let store = open(&path);
    assert_eq!(block_on(store.read_log(event(), hub())).unwrap(), b"abcdefg");
}
