//! The contract suite, on a file.

use countersign_store_sqlite::SqliteStore;

async fn open() -> (SqliteStore, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (SqliteStore::open(&dir.path().join("store.db")).unwrap(), dir)
}

countersign_store::conformance_tests!(open());
countersign_store::league_conformance_tests!(open());
countersign_store::event_conformance_tests!(open());
