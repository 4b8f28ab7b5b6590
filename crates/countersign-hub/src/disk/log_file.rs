//! `log.bin`: entries one after the other. It only grows; what a loss of power left half written at its end is cut.

use countersign_keys::disk::{self, DiskError, failed};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Longest log: more than a hundred thousand votes of the longest kind.
pub(crate) const LOG_MAX: usize = 256 * 1024 * 1024;

/// The log, open for appending.
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    len: usize,
    /// An append failed: nobody knows what is there.
    is_broken: bool,
}

impl LogFile {
    /// Opens the log, or begins it, and reads what is in it.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<u8>), DiskError> {
        let found = disk::read_up_to(path, LOG_MAX)?.map(|file| file.content.to_vec());
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(failed(path, "opened"))?;
        if found.is_none() {
            file.sync_all().map_err(failed(path, "synced"))?;
            disk::sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        }
        let bytes = found.unwrap_or_default();
        let mut log = Self { path: path.to_owned(), file, len: bytes.len(), is_broken: false };
        log.file.seek(SeekFrom::End(0)).map_err(failed(path, "read"))?;
        Ok((log, bytes))
    }

    /// Drops what stands after so many bytes: it was never whole, so nobody was told of it.
    pub(crate) fn cut(&mut self, valid: usize) -> Result<(), DiskError> {
        if valid >= self.len {
            return Ok(());
        }
        let mut cut = || {
            self.file.set_len(valid as u64)?;
            self.file.seek(SeekFrom::Start(valid as u64))?;
            self.file.sync_all()
        };
        cut().map_err(failed(&self.path, "cut to its last whole entry"))?;
        self.len = valid;
        Ok(())
    }

    /// Durable when it returns. After an error every later append fails, too: nobody knows what is there.
    pub(crate) fn append(&mut self, entries: &[u8]) -> Result<(), DiskError> {
        if entries.is_empty() {
            return Ok(());
        }
        if self.is_broken {
            let again = std::io::Error::other("an earlier write failed");
            return Err(failed(&self.path, "written")(again));
        }
        if self.len.saturating_add(entries.len()) > LOG_MAX {
            return Err(DiskError::TooLarge(self.path.clone()));
        }
        self.is_broken = true;
        let write = self.file.write_all(entries).and_then(|()| self.file.sync_data());
        write.map_err(failed(&self.path, "written"))?;
        (self.is_broken, self.len) = (false, self.len + entries.len());
        Ok(())
    }

    /// Everything that was appended.
    pub(crate) fn read(&self) -> Result<Vec<u8>, DiskError> {
        let file = disk::read_up_to(&self.path, LOG_MAX)?;
        let mut bytes = file.map(|file| file.content.to_vec()).unwrap_or_default();
        bytes.truncate(self.len);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_read_and_the_torn_tail_is_cut_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.bin");
        let (mut log, bytes) = LogFile::open(&path).unwrap();
        assert!(bytes.is_empty());
        log.append(b"one").unwrap();
        log.append(b"two").unwrap();
        drop(log);
        let (mut log, bytes) = LogFile::open(&path).unwrap();
        assert_eq!((bytes, log.read().unwrap()), (b"onetwo".to_vec(), b"onetwo".to_vec()));
        log.cut(3).unwrap();
        log.append(b"three").unwrap();
        drop(log);
        assert_eq!(LogFile::open(&path).unwrap().1, b"onethree");
    }

    #[test]
    fn an_append_that_failed_is_an_error() {
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let mut log = LogFile { path, file, len: 0, is_broken: false };
        assert!(log.append(b"entry").is_err());
        log.file = File::create(tempfile::tempdir().unwrap().path().join("log.bin")).unwrap();
        assert!(log.append(b"entry").is_err(), "not even on a disk that has room again");
    }
}
