//! The file itself: who may read it, who may share it, what it must not hold.

use crate::support::{LIMITS, NOW, block_on, id, message, open, record, session, sign_up, user};
use countersign::LoginId;
use countersign_store::{RecordOutcome, Store, StoreError};
use countersign_store_sqlite::{OpenError, SchemaError, SqliteStore, doctor};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);

#[test]
#[cfg(unix)]
fn only_the_owner_may_read_any_of_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    {
        let store = open(&path);
        block_on(async {
            sign_up(&store, 1).await.unwrap();
            store.erase_account(user(1), NOW).await.unwrap();
        });
        let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(files.len(), 4, "database, log, index, ledger");
        for file in files {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    drop(open(&path));
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("letter.txt");
    let letter = "Dear Ana, this is not a database. ".repeat(100);
    std::fs::write(&text, &letter).unwrap();
    let other = dir.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for path in [&text, &other] {
        let error = SqliteStore::open(path).unwrap_err();
        assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
    }
    assert_eq!(std::fs::read_to_string(text).unwrap(), letter);
    let missing = SqliteStore::open(&dir.path().join("no/such/store.db")).unwrap_err();
    assert!(matches!(missing, OpenError::Io { .. }), "{missing}");
}

#[test]
fn a_newer_schema_and_a_changed_migration_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    drop(open(&path));
    let db = Connection::open(&path).unwrap();
    let last = "SELECT max(version) FROM schema_migrations";
    let known: usize = db.query_row(last, [], |row| row.get(0)).unwrap();
    let newer = "INSERT INTO schema_migrations VALUES (?1, 'future', zeroblob(32))";
    db.execute(newer, [known + 1]).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    let found = OpenError::Schema(SchemaError::Newer { found: known + 1, known }).to_string();
    assert_eq!(error.to_string(), found);
    let changed = "DELETE FROM schema_migrations WHERE name = 'future';
                   UPDATE schema_migrations SET sha256 = zeroblob(32)";
    db.execute_batch(changed).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    let found = OpenError::Schema(SchemaError::Changed { version: 1, name: "initial" }).to_string();
    assert_eq!(error.to_string(), found);
}

#[test]
fn what_cannot_be_read_is_damage_and_not_a_default() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let store = open(&path);
    block_on(async {
        sign_up(&store, 1).await.unwrap();
        let db = Connection::open(&path).unwrap();
        db.execute_batch(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE outbox SET channel = 'pigeon';
             UPDATE users SET scopes = 'user';
             INSERT INTO logins SELECT id, 'x', 'fax', zeroblob(32), NULL, NULL, 0, 1 << 60
             FROM users;
             UPDATE sessions SET created = -1",
        )
        .unwrap();
        let damaged = |error: &StoreError| matches!(error, StoreError::Damaged(_));
        for error in [
            store.find_user(user(1)).await.unwrap_err(),
            store.find_session(session(1)).await.unwrap_err(),
            store.list_sessions(user(1)).await.unwrap_err(),
            store.find_login(LoginId::from_bytes(id(1)), LIMITS, NOW).await.unwrap_err(),
            store.claim_messages(1, NOW, LEASE).await.unwrap_err(),
        ] {
            assert!(damaged(&error), "{error:?}");
        }
        // Damage of a row is no reason to stop everything else.
        assert!(!store.is_poisoned());
        store.ping().await.unwrap();
    });
}

#[test]
fn several_handles_open_at_once_and_share_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = Arc::new(dir.path().join("store.db"));
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let path = Arc::clone(&path);
            std::thread::spawn(move || open(&path))
        })
        .collect();
    let stores: Vec<_> = opening.into_iter().map(|thread| thread.join().unwrap()).collect();
    block_on(async {
        let calls = (0..400_u32).map(|n| stores[n as usize % 8].append_record(record(n / 4)));
        // Each record four times, through four handles.
        let mut outcomes = Vec::new();
        for call in calls.map(Box::pin) {
            outcomes.push(call);
        }
        let mut appended = 0;
        for outcome in join_all(outcomes).await {
            appended += u32::from(matches!(outcome.unwrap(), RecordOutcome::Appended { .. }));
        }
        assert_eq!(appended, 100);
        for store in &stores {
            let records = store.records_after(0, 1_000).await.unwrap();
            let seqs: Vec<_> = records.iter().map(|record| record.seq).collect();
            assert_eq!(seqs, (1..=100).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_code_that_was_sent_is_nowhere_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let holds = |secret: &str| {
        let files = std::fs::read_dir(dir.path()).unwrap();
        files
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .any(|bytes| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
    };
    let store = open(&path);
    block_on(async {
        for n in 0..40 {
            // Long enough for pages of its own.
            let body = format!("MARKER-{n} {}", "x".repeat(3_000 * n));
            store.enqueue_message(message(&body), NOW).await.unwrap();
        }
        assert!(holds("MARKER-7"));
        for message in store.claim_messages(100, NOW, LEASE).await.unwrap() {
            store.message_sent(message.id).await.unwrap();
        }
    });
    drop(store);
    assert!(!holds("MARKER-"));
}

#[test]
fn a_healthy_database_has_a_clean_bill() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let store = open(&path);
    block_on(async {
        sign_up(&store, 1).await.unwrap();
        store.erase_account(user(1), NOW).await.unwrap();
    });
    let findings = doctor(&path);
    assert!(findings.iter().all(|finding| finding.ok), "{findings:#?}");
    let names: Vec<_> = findings.iter().map(|finding| finding.name).collect();
    for name in ["library", "mode", "log", "space", "schema", "integrity", "erasures"] {
        assert!(names.contains(&name), "{name} was not looked at");
    }
}

#[test]
fn a_doctor_names_what_is_wrong_and_what_helps() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let bad = |name| {
        let findings = doctor(&path);
        findings.into_iter().find(|finding| finding.name == name && !finding.ok)
    };
    assert!(bad("database").is_some(), "there is no file");
    let store = open(&path);
    block_on(async {
        for n in 1..200 {
            sign_up(&store, n).await.unwrap();
        }
        store.erase_account(user(1), NOW).await.unwrap();
    });
    drop(store);
    std::fs::remove_file(dir.path().join("store.db.erasures")).unwrap();
    assert!(bad("erasures").is_some_and(|finding| finding.remedy.contains("Restart")));
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "PRAGMA foreign_keys = OFF; DELETE FROM users WHERE id = (SELECT min(id) FROM users)",
        )
        .unwrap();
    assert!(bad("integrity").is_some_and(|finding| finding.message.contains("sessions")));
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len();
    // The last tables; the schema, without which nothing can be asked, is before them.
    bytes[end - 8_192..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    assert!(bad("integrity").is_some_and(|finding| finding.remedy.contains("backup")));
}

#[test]
fn the_ledger_is_completed_from_both_sides_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let ledger = dir.path().join("store.db.erasures");
    let store = open(&path);
    block_on(async {
        sign_up(&store, 1).await.unwrap();
        sign_up(&store, 2).await.unwrap();
        store.erase_account(user(1), NOW).await.unwrap();
    });
    drop(store);
    let line = std::fs::read_to_string(&ledger).unwrap();
    assert_eq!(line, format!("erased {} {}\n", user(1), NOW.as_millis()));
    std::fs::write(&ledger, format!("erased {} 5\n", user(2))).unwrap();
    let store = open(&path);
    let (erasures, second) = block_on(async {
        (store.erasures().await.unwrap(), store.find_session(session(2)).await.unwrap())
    });
    assert_eq!(erasures.iter().map(|line| line.user).collect::<Vec<_>>(), [user(2), user(1)]);
    assert_eq!(second, None, "the ledger says that this user was erased");
    assert!(std::fs::read_to_string(&ledger).unwrap().ends_with(&line));
}

/// Polls all at once, as a server would.
async fn join_all<F: Future>(calls: Vec<std::pin::Pin<Box<F>>>) -> Vec<F::Output> {
    let mut calls: Vec<_> = calls.into_iter().map(|call| (Some(call), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (call, output) in &mut calls {
            let Some(future) = call else { continue };
            match future.as_mut().poll(context) {
                std::task::Poll::Ready(value) => (*call, *output) = (None, Some(value)),
                std::task::Poll::Pending => waiting = true,
            }
        }
        if waiting { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    calls.into_iter().filter_map(|(_, output)| output).collect()
}
