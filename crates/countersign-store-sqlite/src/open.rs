//! From a path to connections that keep the promises.

use crate::account;
use crate::fault::Fault;
use crate::files::{private, sync_directory_of};
use crate::ledger::LedgerFile;
use crate::migrate::{self, Migration, SchemaError};
use countersign_store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first release without the bug that corrupts a database when a log starts anew while two connections write.
pub(crate) const OLDEST_LIBRARY: i32 = 3_051_003;

/// "CSGN", in the file's header.
const APPLICATION_ID: i32 = 0x4353_474e;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Built against an old SQLite.
    #[error(
        "SQLite {found} can corrupt databases: 3.51.3 or later is needed, as bundled with this program"
    )]
    LibraryTooOld {
        /// What it says of itself.
        found: &'static str,
    },
    /// Something else is in the file.
    #[error(
        "{path} is not a Countersign database: give the path of one, or of a file that does not exist"
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The schema does not fit.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The system refuses.
    #[error("{path} cannot be opened: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The ledger is damaged, or the engine failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(Fault::from(error).into())
    }
}

/// How a store is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What happens before an answer.
    pub durability: Durability,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
    /// Reading threads, at least 1.
    pub readers: usize,
    /// Calls that may wait for the writer, and as many for the readers; more wait before they are queued.
    pub waiting: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            durability: Durability::PowerLoss,
            busy_timeout: Duration::from_secs(5),
            readers: 2,
            waiting: 1_024,
        }
    }
}

/// What acknowledged work survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Power loss: one fsync per commit. The contract of `Store`.
    PowerLoss,
    /// The end of the process only. For data that can be made again, and for tests of the tests.
    ProcessEnd,
}

/// Opens, migrates and reconciles; returns the connection for writing, and how many users were erased again.
pub(crate) fn writer(
    path: &Path,
    settings: &Settings,
    migrations: &[Migration],
) -> Result<(Connection, u64), OpenError> {
    if rusqlite::version_number() < OLDEST_LIBRARY {
        return Err(OpenError::LibraryTooOld { found: rusqlite::version() });
    }
    create_private(path).map_err(|error| OpenError::Io { path: path.to_owned(), error })?;
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, settings.busy_timeout)?;
    claim_file(&mut db, path)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = match settings.durability {
        Durability::PowerLoss => "FULL",
        Durability::ProcessEnd => "NORMAL",
    };
    db.pragma_update(None, "synchronous", synchronous)?;
    // Zeroes what is deleted: messages hold codes.
    db.pragma_update(None, "secure_delete", "ON")?;
    migrate::run(&mut db, migrations)?;
    let reconcile = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let erased_again = account::reconcile(&reconcile, &LedgerFile::beside(path));
    let erased_again = erased_again.map_err(StoreError::from)?;
    reconcile.commit()?;
    Ok((db, erased_again))
}

/// A connection that cannot write.
pub(crate) fn reader(path: &Path, busy_timeout: Duration) -> Result<Connection, OpenError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, busy_timeout)
}

/// Whether the header says that the file is one of ours.
pub(crate) fn is_ours(db: &Connection) -> rusqlite::Result<bool> {
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(id == APPLICATION_ID)
}

fn connect(
    path: &Path,
    access: OpenFlags,
    busy_timeout: Duration,
) -> Result<Connection, OpenError> {
    // Each connection belongs to one thread, so SQLite need not lock it.
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    prepare(&db, busy_timeout).map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::Foreign { path: path.to_owned() },
        _ => error.into(),
    })?;
    Ok(db)
}

fn prepare(db: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    db.busy_timeout(busy_timeout)?;
    db.set_prepared_statement_cache_capacity(256);
    // Else a statement is planned again for every new value of some parameters: a fifth of the writer's time.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "foreign_keys", "ON")?;
    db.pragma_update(None, "trusted_schema", "OFF")?;
    db.pragma_update(None, "cell_size_check", "ON")?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "cache_size", -16_384)
}

/// Makes an empty file ours, and refuses everything that is not.
fn claim_file(db: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let foreign = || OpenError::Foreign { path: path.to_owned() };
    if is_ours(db)? {
        return Ok(());
    }
    let claim = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if !is_ours(&claim)? {
        let tables: i64 =
            claim.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables != 0 {
            return Err(foreign());
        }
        claim.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Ok(claim.commit()?)
}

fn create_private(path: &Path) -> io::Result<()> {
    match private().write(true).create_new(true).open(path) {
        Ok(_) => sync_directory_of(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => make_private(path),
        Err(error) => Err(error),
    }
}

/// A database that was copied by hand may be readable for all.
#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match std::fs::metadata(path)?.permissions().mode() & 0o777 {
        0o600 => Ok(()),
        _ => std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)),
    }
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}
