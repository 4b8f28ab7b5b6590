//! Copies of a database that is in use, and the way back.

use crate::files::{beside, private, sync_directory_of};
use crate::migrate::{self, MIGRATIONS, SchemaError};
use crate::open::{self, OpenError, Settings};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages per step: 4 MiB.
const STEP: i32 = 1_024;

/// Short-lived and secret: not worth a place in a backup, and wrong to bring back. A message would be sent twice.
const LEFT_OUT: [&str; 2] = ["logins", "outbox"];

/// What a verified copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Version of its schema.
    pub schema_version: usize,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
}

/// Why there is no backup, or no restored database.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is overwritten unasked.
    #[error("{path} is not empty: choose another name, or say that it is to be replaced")]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// Another process has the database open.
    #[error("{path} is in use: stop the server before replacing its database")]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// The copy is not what it should be.
    #[error("{path} must not be relied on: {what}")]
    Unsound {
        /// Which file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The system refuses.
    #[error("{path} cannot be written or read: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Open(error.into())
    }
}

impl From<SchemaError> for BackupError {
    fn from(error: SchemaError) -> Self {
        Self::Open(error.into())
    }
}

/// What to do with a database that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Keep,
    /// Lose it.
    Replace,
}

/// Copies one state of a database while it is used, verifies the copy, and only then gives it its name.
///
/// Logins and waiting messages are left out, and so is the erasure ledger: it must outlive every backup. Blocks.
pub fn backup(database: &Path, to: &Path) -> Result<Inventory, BackupError> {
    refuse_existing(to)?;
    let source = open::reader(database, Settings::default().busy_timeout)?;
    refuse_foreign(&source, database)?;
    // Holds the state still, else every commit of the server would start the copy anew.
    let snapshot = source.unchecked_transaction()?;
    let mut expected = inventory(&snapshot)?;
    for table in LEFT_OUT {
        expected.rows.insert(table.to_owned(), 0);
    }
    let partial = beside(to, ".partial");
    let failed = |error| BackupError::Io { path: partial.clone(), error };
    private().write(true).create(true).truncate(true).open(&partial).map_err(failed)?;
    copy_pages(&snapshot, &partial)?;
    let found = verify(&partial)?;
    if found != expected {
        let what = format!("it should hold {expected:?} and holds {found:?}");
        return Err(BackupError::Unsound { path: partial, what });
    }
    give_name(&partial, to)?;
    Ok(found)
}

/// Checks a backup as thoroughly as SQLite can: pages, references, schema. Changes nothing. Blocks.
pub fn verify(backup: &Path) -> Result<Inventory, BackupError> {
    let unsound = |what: String| BackupError::Unsound { path: backup.to_owned(), what };
    let db = open::reader(backup, Duration::ZERO)?;
    refuse_foreign(&db, backup)?;
    if let Some(problem) = problems(&db)?.into_iter().next() {
        return Err(unsound(problem));
    }
    Ok(inventory(&db)?)
}

/// Verifies a backup and puts it where a database is expected; then erases again whoever the ledger beside the target
/// names. Returns how many that were. Blocks.
///
/// On a new machine, put the ledger `<target>.erasures` in place first.
pub fn restore(backup: &Path, target: &Path, existing: Existing) -> Result<u64, BackupError> {
    if existing == Existing::Keep {
        refuse_existing(target)?;
    }
    verify(backup)?;
    let partial = beside(target, ".partial");
    copy_file(backup, &partial)
        .map_err(|error| BackupError::Io { path: partial.clone(), error })?;
    verify(&partial)?;
    retire(target)?;
    give_name(&partial, target)?;
    let (_, erased_again) = open::writer(target, &Settings::default(), MIGRATIONS)?;
    Ok(erased_again)
}

/// What SQLite finds wrong with pages and references; empty if all is well.
pub(crate) fn problems(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = db.prepare("PRAGMA integrity_check")?;
    let lines = check.query_map([], |row| row.get::<_, String>(0))?;
    let mut problems = lines.collect::<Result<Vec<_>, _>>()?;
    problems.retain(|line| line != "ok");
    let mut check = db.prepare("PRAGMA foreign_key_check")?;
    let lines = check.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!("a row of {table} refers to a row of {parent} that does not exist"))
    })?;
    problems.extend(lines.collect::<Result<Vec<_>, _>>()?);
    Ok(problems)
}

fn inventory(db: &Connection) -> Result<Inventory, SchemaError> {
    let schema_version = migrate::check(db, MIGRATIONS)?;
    let mut tables =
        db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'")?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
    let mut rows = BTreeMap::new();
    for table in tables {
        let table = table?;
        let count = format!("SELECT count(*) FROM \"{table}\"");
        rows.insert(table, db.query_row(&count, [], |row| row.get(0))?);
    }
    Ok(Inventory { schema_version, rows })
}

fn copy_pages(source: &Connection, to: &Path) -> Result<(), BackupError> {
    let mut copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let pages = Backup::new(source, &mut copy)?;
    loop {
        let step = pages.step(STEP)?;
        if matches!(step, StepResult::Done) {
            break;
        }
        if !matches!(step, StepResult::More) {
            let what = format!("copying stopped, because a file is {step:?}");
            return Err(BackupError::Unsound { path: to.to_owned(), what });
        }
    }
    drop(pages);
    // One file without a log beside it.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.pragma_update(None, "synchronous", "FULL")?;
    copy.pragma_update(None, "secure_delete", "ON")?;
    for table in LEFT_OUT {
        copy.execute(&format!("DELETE FROM {table}"), [])?;
    }
    copy.close().map_err(|(_, error)| error.into())
}

/// Makes sure that nobody uses the old database, and that no log of it is left: it would be applied to the new one.
fn retire(target: &Path) -> Result<(), BackupError> {
    let in_use = |error: &rusqlite::Error| {
        error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
    };
    if let Ok(old) = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)
        && let Err(error) = leave_wal_mode(&old)
        && in_use(&error)
    {
        return Err(BackupError::InUse { path: target.to_owned() });
    }
    for ending in ["-wal", "-shm"] {
        let path = beside(target, ending);
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::Io { path, error }),
        }
    }
    Ok(())
}

/// Succeeds only for the one connection that is left.
fn leave_wal_mode(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::ZERO)?;
    db.pragma_update(None, "journal_mode", "DELETE")
}

fn refuse_existing(path: &Path) -> Result<(), BackupError> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 => Err(BackupError::Exists { path: path.to_owned() }),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(BackupError::Io { path: path.to_owned(), error }),
    }
}

fn refuse_foreign(db: &Connection, path: &Path) -> Result<(), BackupError> {
    match open::is_ours(db)? {
        true => Ok(()),
        false => Err(OpenError::Foreign { path: path.to_owned() }.into()),
    }
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = std::fs::File::open(from)?;
    let mut copy = private().write(true).create(true).truncate(true).open(to)?;
    io::copy(&mut source, &mut copy)?;
    copy.sync_all()
}

fn give_name(partial: &Path, name: &Path) -> Result<(), BackupError> {
    let rename = || {
        std::fs::File::open(partial)?.sync_all()?;
        std::fs::rename(partial, name)?;
        sync_directory_of(name)
    };
    rename().map_err(|error| BackupError::Io { path: name.to_owned(), error })
}
