//! The erasure ledger as a text file beside the database: it is in no backup, so a restore cannot undo an erasure.

use crate::files::{beside, private, sync_directory_of};
use countersign::{Timestamp, UserId};
use countersign_store::{Erasure, StoreError};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Why a ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file cannot be opened, read, written or synced.
    #[error("the erasure ledger {path} cannot be used: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A line is not of the form that was written.
    #[error(
        "line {line} of the erasure ledger {path} should be `erased <32 hex digits> <milliseconds>`"
    )]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
}

impl From<LedgerError> for StoreError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Io { .. } => Self::Engine(error.to_string()),
            LedgerError::Malformed { .. } => Self::Damaged(error.to_string()),
        }
    }
}

/// Reads a ledger file, for example one that was carried to another machine.
pub fn read_ledger(path: &Path) -> Result<Vec<Erasure>, LedgerError> {
    LedgerFile { path: path.to_owned() }.read()
}

/// `<database>.erasures`. Used only inside a write transaction, so that one process at a time touches it.
#[derive(Debug, Clone)]
pub(crate) struct LedgerFile {
    path: PathBuf,
}

impl LedgerFile {
    pub(crate) fn beside(database: &Path) -> Self {
        Self { path: beside(database, ".erasures") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// All lines; none if there is no file. What follows the last line end was cut off by a crash before it was
    /// acknowledged, and does not count.
    pub(crate) fn read(&self) -> Result<Vec<Erasure>, LedgerError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(error)),
        };
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        let lines = whole.lines().enumerate().map(|(index, line)| {
            let malformed = || LedgerError::Malformed { path: self.path.clone(), line: index + 1 };
            parse(line).ok_or_else(malformed)
        });
        lines.collect()
    }

    /// Adds lines, and returns when they are on disk.
    pub(crate) fn append(&self, lines: &[Erasure]) -> Result<(), LedgerError> {
        self.try_append(lines).map_err(|error| self.failed(error))
    }

    fn try_append(&self, lines: &[Erasure]) -> io::Result<()> {
        let is_new = !self.path.try_exists()?;
        let mut file = private().read(true).write(true).create(true).open(&self.path)?;
        let end = end_of_last_line(&mut file)?;
        file.set_len(end)?;
        file.seek(SeekFrom::Start(end))?;
        let text: String =
            lines.iter().map(|l| format!("erased {} {}\n", l.user, l.at.as_millis())).collect();
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if is_new { sync_directory_of(&self.path) } else { Ok(()) }
    }

    fn failed(&self, error: io::Error) -> LedgerError {
        LedgerError::Io { path: self.path.clone(), error }
    }
}

fn end_of_last_line(file: &mut File) -> io::Result<u64> {
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
    Ok(end as u64)
}

fn parse(line: &str) -> Option<Erasure> {
    let mut words = line.split(' ');
    let (word, user, at) = (words.next()?, words.next()?, words.next()?);
    if word != "erased" || words.next().is_some() {
        return None;
    }
    let user = user.parse::<UserId>().ok()?;
    Some(Erasure { user, at: Timestamp::from_millis(at.parse().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u8) -> Erasure {
        Erasure { user: UserId::from_bytes([n; 16]), at: Timestamp::from_millis(u64::from(n)) }
    }

    #[test]
    fn lines_come_back_and_a_torn_one_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = LedgerFile::beside(&dir.path().join("store.db"));
        assert_eq!(ledger.read().unwrap(), []);
        ledger.append(&[line(1), line(2)]).unwrap();
        let whole = std::fs::read_to_string(ledger.path()).unwrap();
        for cut in whole.len() / 2..whole.len() {
            std::fs::write(ledger.path(), &whole[..cut]).unwrap();
            assert_eq!(ledger.read().unwrap(), [line(1)]);
            ledger.append(&[line(3)]).unwrap();
            assert_eq!(ledger.read().unwrap(), [line(1), line(3)]);
        }
    }

    #[test]
    fn a_damaged_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = LedgerFile::beside(&dir.path().join("store.db"));
        ledger.append(&[line(1)]).unwrap();
        let mut text = std::fs::read_to_string(ledger.path()).unwrap();
        text.push_str("erased 12 now\n");
        std::fs::write(ledger.path(), text).unwrap();
        let error = ledger.read().unwrap_err().to_string();
        assert!(error.starts_with("line 2 of the erasure ledger"), "{error}");
    }
}
