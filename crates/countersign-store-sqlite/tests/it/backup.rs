//! Backup and restore.

use crate::support::{NOW, block_on, message, open, record, session, sign_up, user};
use countersign_store::{RecordOutcome, Store};
use countersign_store_sqlite::{BackupError, Existing, backup, doctor, restore, verify};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn a_backup_under_load_is_one_state_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("store.db"), dir.path().join("copy.db"));
    let store = Arc::new(open(&path));
    let stop = Arc::new(AtomicBool::new(false));
    let load = {
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        std::thread::spawn(move || {
            block_on(async {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    // Together or not at all: a copy that mixes states would hold one without the other.
                    sign_up(&store, n).await.unwrap();
                    n += 1;
                }
            });
        })
    };
    let mut last = 0;
    while last < 100 {
        let _ = std::fs::remove_file(&copy);
        let inventory = backup(&path, &copy).unwrap();
        assert_eq!(inventory.rows["users"], inventory.rows["sessions"]);
        assert_eq!((inventory.rows["logins"], inventory.rows["outbox"]), (0, 0));
        assert!(inventory.rows["users"] >= last);
        last = inventory.rows["users"];
        let bytes = std::fs::read(&copy).unwrap();
        assert!(!bytes.windows(8).any(|window| window == b"7K3M9QXA"));
    }
    stop.store(true, Ordering::Relaxed);
    load.join().unwrap();
    assert!(!dir.path().join("copy.db-wal").exists());
}

#[test]
fn a_restored_database_serves_and_keeps_its_erasures() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("store.db"), dir.path().join("copy.db"));
    let store = open(&path);
    block_on(async {
        for n in 1..=3 {
            sign_up(&store, n).await.unwrap();
        }
        store.append_record(record(1)).await.unwrap();
        backup(&path, &copy).unwrap();
        store.erase_account(user(2), NOW).await.unwrap();
        sign_up(&store, 4).await.unwrap();
        store.enqueue_message(message("after the backup"), NOW).await.unwrap();
    });
    let refused = restore(&copy, &path, Existing::Keep).unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    let refused = restore(&copy, &path, Existing::Replace).unwrap_err();
    assert!(matches!(refused, BackupError::InUse { .. }), "{refused}");
    drop(store);
    assert_eq!(restore(&copy, &path, Existing::Replace).unwrap(), 1);
    let store = open(&path);
    block_on(async {
        for (n, there) in [(1, true), (2, false), (3, true), (4, false)] {
            let found = store.find_session(session(n)).await.unwrap();
            assert_eq!(found.is_some(), there, "session {n}");
        }
        assert!(store.claim_messages(9, NOW, Duration::ZERO).await.unwrap().is_empty());
        let again = store.append_record(record(1)).await.unwrap();
        assert_eq!(again, RecordOutcome::AlreadyStored { seq: 1, received: NOW });
    });
    assert!(doctor(&path).iter().all(|finding| finding.ok));
}

#[test]
fn a_backup_goes_to_a_new_place_with_the_ledger_carried_there() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("store.db"), dir.path().join("copy.db"));
    let store = open(&path);
    block_on(async {
        sign_up(&store, 1).await.unwrap();
        backup(&path, &copy).unwrap();
        store.erase_account(user(1), NOW).await.unwrap();
    });
    let elsewhere = dir.path().join("elsewhere.db");
    let carried = dir.path().join("elsewhere.db.erasures");
    std::fs::copy(dir.path().join("store.db.erasures"), carried).unwrap();
    assert_eq!(restore(&copy, &elsewhere, Existing::Keep).unwrap(), 1);
    let found = block_on(open(&elsewhere).find_user(user(1))).unwrap();
    assert_eq!(found, None);
}

#[test]
fn a_damaged_or_foreign_backup_is_refused_before_anything_changes() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("store.db"), dir.path().join("copy.db"));
    let store = open(&path);
    block_on(async {
        for n in 0..50 {
            sign_up(&store, n).await.unwrap();
        }
    });
    backup(&path, &copy).unwrap();
    drop(store);
    let refused = backup(&path, &copy).unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    let before = std::fs::read(&path).unwrap();
    let sound = std::fs::read(&copy).unwrap();
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8_192].fill(0xa5);
    for bytes in [damaged, sound[..middle].to_vec(), b"no database".repeat(500), Vec::new()] {
        std::fs::write(&copy, bytes).unwrap();
        let refused = restore(&copy, &path, Existing::Replace).unwrap_err();
        assert!(verify(&copy).is_err(), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
