//! What an operator should know about a database.

use crate::account;
use crate::backup;
use crate::event;
use crate::fault::Fault;
use crate::files::beside;
use crate::league;
use crate::ledger::LedgerFile;
use crate::migrate::{self, MIGRATIONS};
use crate::open::{self, OLDEST_LIBRARY, Settings};
use countersign_store::StoreError;
use rusqlite::Connection;
use std::path::Path;

/// A log beyond this size means that it is never emptied.
const LARGE_LOG: u64 = 256 * 1024 * 1024;

/// Below this, a busy server fills the disk before anybody looks.
#[cfg(unix)]
const LITTLE_SPACE: u64 = 512 * 1024 * 1024;

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `integrity`, `schema`.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found.
    pub message: String,
    /// What to do; empty if it is ok.
    pub remedy: String,
}

/// Examines a database, in use or not, without changing it. Blocks: it reads every page.
pub fn doctor(database: &Path) -> Vec<Finding> {
    let mut findings = vec![library()];
    findings.extend(modes(database));
    findings.push(log_size(database));
    #[cfg(unix)]
    findings.push(free_space(database));
    match open::reader(database, Settings::default().busy_timeout) {
        Ok(db) => findings.extend(contents(&db, database)),
        Err(error) => findings.push(Finding::bad(
            "database",
            format!("{} cannot be opened: {error}", database.display()),
            "Check the path and the owner of the file.",
        )),
    }
    findings
}

impl Finding {
    fn good(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, ok: true, message: message.into(), remedy: String::new() }
    }

    fn bad(name: &'static str, message: impl Into<String>, remedy: &str) -> Self {
        Self { name, ok: false, message: message.into(), remedy: remedy.to_owned() }
    }
}

fn library() -> Finding {
    let message = format!("SQLite {}", rusqlite::version());
    match rusqlite::version_number() >= OLDEST_LIBRARY {
        true => Finding::good("library", message),
        false => Finding::bad("library", message, "Use SQLite 3.51.3 or later."),
    }
}

fn contents(db: &Connection, database: &Path) -> Vec<Finding> {
    match open::is_ours(db) {
        Ok(true) => vec![schema(db), integrity(db), ratings(db), events(db), ledger(db, database)],
        Ok(false) | Err(_) => vec![Finding::bad(
            "database",
            format!("{} is not a Countersign database", database.display()),
            "Give the path of the database.",
        )],
    }
}

fn schema(db: &Connection) -> Finding {
    let known = MIGRATIONS.len();
    match migrate::check(db, MIGRATIONS) {
        Ok(version) if version == known => Finding::good("schema", format!("version {version}")),
        Ok(version) => Finding::good(
            "schema",
            format!("version {version}; the next start brings it to version {known}"),
        ),
        Err(error) => Finding::bad(
            "schema",
            error.to_string(),
            "Use the program that wrote the database, or a newer one.",
        ),
    }
}

fn integrity(db: &Connection) -> Finding {
    const RESTORE: &str = "Stop the server, keep a copy of the files, and restore the last backup.";
    match backup::problems(db) {
        Ok(problems) if problems.is_empty() => {
            Finding::good("integrity", "all pages and references are sound")
        }
        Ok(problems) => Finding::bad("integrity", problems.join("; "), RESTORE),
        Err(error) => Finding::bad("integrity", error.to_string(), RESTORE),
    }
}

fn ratings(db: &Connection) -> Finding {
    const REMEDY: &str =
        "Keep a copy of the files and restore the last backup in which this was sound.";
    // An older schema has no league.
    if !matches!(db.table_exists(None, "league_ledger"), Ok(true)) {
        return Finding::good("ratings", "there is no league yet");
    }
    match league::ledger::check(db) {
        Ok(check) if check.is_sound() => {
            let message = format!("all ratings follow from {} lines of the ledger", check.lines);
            Finding::good("ratings", message)
        }
        Ok(check) => Finding::bad(
            "ratings",
            format!(
                "the ledger sums to {}; {} postings do not sum to 0, and {} ratings do not follow \
                 from it",
                check.sum,
                check.unbalanced.len(),
                check.wrong.len()
            ),
            REMEDY,
        ),
        Err(error) => Finding::bad("ratings", error.to_string(), REMEDY),
    }
}

fn events(db: &Connection) -> Finding {
    const REMEDY: &str =
        "Keep a copy of the files, restore the last backup, and let the hubs hand over again.";
    // An older schema has no events.
    if !matches!(db.table_exists(None, "event_logs"), Ok(true)) {
        return Finding::good("events", "there are no events yet");
    }
    match event::problems(db) {
        Ok(problems) if problems.is_empty() => {
            Finding::good("events", "every bundle and every piece of a log is there")
        }
        Ok(problems) => Finding::bad("events", problems.join("; "), REMEDY),
        Err(error) => Finding::bad("events", error.to_string(), REMEDY),
    }
}

fn ledger(db: &Connection, database: &Path) -> Finding {
    let ledger = LedgerFile::beside(database);
    let lines = account::erasures(db).and_then(|in_table| {
        let in_file = ledger.read().map_err(StoreError::from)?;
        Ok::<_, Fault>((in_table, in_file))
    });
    match lines {
        Ok((in_table, in_file)) => {
            let same = in_table.iter().all(|line| in_file.iter().any(|l| l.user == line.user))
                && in_file.iter().all(|line| in_table.iter().any(|l| l.user == line.user));
            let message = format!(
                "{} erasures in the database, {} in {}",
                in_table.len(),
                in_file.len(),
                ledger.path().display()
            );
            match same {
                true => Finding::good("erasures", message),
                false => Finding::bad(
                    "erasures",
                    message,
                    "Restart the server: it completes both, and erases again whoever came back.",
                ),
            }
        }
        Err(error) => Finding::bad(
            "erasures",
            error.to_string(),
            "Bring the ledger file back from a copy; without it, a restore undoes erasures.",
        ),
    }
}

fn log_size(database: &Path) -> Finding {
    let size = std::fs::metadata(beside(database, "-wal")).map_or(0, |file| file.len());
    let message = format!("the write-ahead log has {} KiB", size / 1024);
    match size < LARGE_LOG {
        true => Finding::good("log", message),
        false => Finding::bad(
            "log",
            message,
            "Look for a process that keeps the database open in a transaction, such as a shell.",
        ),
    }
}

#[cfg(unix)]
fn modes(database: &Path) -> Vec<Finding> {
    use std::os::unix::fs::PermissionsExt;
    let check = |ending| {
        let path = beside(database, ending);
        let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
        let message = format!("{} has mode {mode:o}", path.display());
        Some(match mode & 0o077 {
            0 => Finding::good("mode", message),
            _ => Finding::bad("mode", message, "Run chmod 600 on it."),
        })
    };
    ["", "-wal", "-shm", ".erasures"].into_iter().filter_map(check).collect()
}

#[cfg(not(unix))]
fn modes(_database: &Path) -> Vec<Finding> {
    Vec::new()
}

#[cfg(unix)]
fn free_space(database: &Path) -> Finding {
    let parent = database.parent().filter(|parent| !parent.as_os_str().is_empty());
    match rustix::fs::statvfs(parent.unwrap_or(Path::new("."))) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let message = format!("{} MiB are free on the disk", free / (1024 * 1024));
            match free >= LITTLE_SPACE {
                true => Finding::good("space", message),
                false => Finding::bad("space", message, "Free at least 512 MiB."),
            }
        }
        Err(error) => Finding::bad(
            "space",
            format!("the free space is unknown: {error}"),
            "Check the path of the database.",
        ),
    }
}
