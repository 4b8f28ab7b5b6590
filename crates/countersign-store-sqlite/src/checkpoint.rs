//! When the write-ahead log is copied into the database and emptied.
//!
//! SQLite would do it by itself, but would not tell us when its fsync fails.

use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// Pages of log after which it is copied: 4 MiB, as SQLite's own default.
const PAGES: i32 = 1_000;

/// Follows the size of the log.
pub(crate) struct Checkpointer {
    /// As of the last commit of this connection.
    pages: Arc<AtomicI32>,
    next_at: i32,
    busy_timeout: Duration,
}

impl Checkpointer {
    /// Takes over from SQLite's own checkpoints.
    pub(crate) fn install(db: &mut Connection, busy_timeout: Duration) -> rusqlite::Result<Self> {
        // A log left over by another process is emptied in the first idle moment.
        let pages = Arc::new(AtomicI32::new(1));
        let hook_pages = Arc::clone(&pages);
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            hook_pages.store(pages, Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, next_at: PAGES, busy_timeout })
    }

    pub(crate) fn log_is_empty(&self) -> bool {
        self.pages.load(Ordering::Relaxed) == 0
    }

    /// Copies what no reader holds back, and waits for nobody.
    pub(crate) fn after_commit(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.next_at {
            // The log may have started anew.
            self.next_at = self.next_at.min(pages.saturating_add(PAGES));
            return Ok(());
        }
        // If a reader held something back, the next attempt comes after as much new log, not after every commit.
        self.next_at = pages.saturating_add(PAGES);
        checkpoint(db, "PRAGMA wal_checkpoint(PASSIVE)").map(drop)
    }

    /// Empties the log: it may hold messages that are deleted from the database.
    pub(crate) fn when_idle(&mut self, db: &Connection) -> rusqlite::Result<()> {
        db.busy_timeout(Duration::ZERO)?;
        let result = checkpoint(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        db.busy_timeout(self.busy_timeout)?;
        if result? {
            self.pages.store(0, Ordering::Relaxed);
            self.next_at = PAGES;
        }
        Ok(())
    }
}

/// Whether it got to the end of the log.
fn checkpoint(db: &Connection, sql: &str) -> rusqlite::Result<bool> {
    db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
}
