//! The embedded store: SQLite with group commit.
//!
//! One thread writes: whatever waits while the disk syncs shares the next commit, so the cost of an fsync is divided by
//! the load. A few threads read. An answer means that the work survives power loss.
//!
//! ```no_run
//! let store = countersign_store_sqlite::SqliteStore::open("countersign.db".as_ref())?;
//! # Ok::<(), countersign_store_sqlite::OpenError>(())
//! ```

mod account;
mod audit;
mod backup;
mod checkpoint;
mod column;
mod doctor;
mod event;
mod fault;
mod files;
mod health;
mod idempotency;
mod league;
mod ledger;
mod login;
mod migrate;
mod open;
mod outbox;
mod readers;
mod record;
mod retention;
mod session;
mod store;
mod writer;

use crate::checkpoint::Checkpointer;
use crate::health::Health;
use crate::ledger::LedgerFile;
use crate::migrate::{MIGRATIONS, Migration};
use crate::readers::Readers;
use crate::writer::Writer;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use backup::{BackupError, Existing, Inventory, backup, restore, verify};
pub use doctor::{Finding, doctor};
pub use ledger::{LedgerError, read_ledger};
pub use migrate::SchemaError;
pub use open::{Durability, OpenError, Settings};

/// Keeps everything in one SQLite file, with the erasure ledger beside it.
///
/// Several processes may open the same file; each waits its turn to write.
pub struct SqliteStore {
    // Readers close first: the last connection to close empties the log, which a read-only one cannot.
    readers: Readers,
    writer: Writer,
    ledger: LedgerFile,
    health: Arc<Health>,
}

impl core::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SqliteStore").field("ledger", &self.ledger.path()).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens or creates the database with the default settings. Blocks: call it before serving.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, &Settings::default())
    }

    /// Opens or creates the database.
    ///
    /// Migrates it to this program's schema, and erases again whoever the ledger file names and a restore brought back.
    pub fn open_with(path: &Path, settings: &Settings) -> Result<Self, OpenError> {
        Self::open_migrated(path, settings, MIGRATIONS)
    }

    /// Whether writing failed in a way that leaves the disk in doubt: the process should end, and a new one open the file.
    pub fn is_poisoned(&self) -> bool {
        self.health.is_poisoned()
    }

    fn open_migrated(
        path: &Path,
        settings: &Settings,
        migrations: &[Migration],
    ) -> Result<Self, OpenError> {
        let (mut db, _) = open::writer(path, settings, migrations)?;
        let checkpointer = Checkpointer::install(&mut db, settings.busy_timeout)?;
        let connections = (0..settings.readers.max(1))
            .map(|_| open::reader(path, settings.busy_timeout))
            .collect::<Result<Vec<_>, _>>()?;
        let health = Arc::new(Health::default());
        let no_thread = |error: io::Error| OpenError::Io { path: path.to_owned(), error };
        let readers = Readers::start(connections, settings.waiting, Arc::clone(&health));
        let writer = Writer::start(db, checkpointer, settings.waiting, Arc::clone(&health));
        Ok(Self {
            readers: readers.map_err(no_thread)?,
            writer: writer.map_err(no_thread)?,
            ledger: LedgerFile::beside(path),
            health,
        })
    }
}
