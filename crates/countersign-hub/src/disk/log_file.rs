//! `log.bin`: entries one after the other. It only grows; what a loss of power left of the last write is cut. `log.durable` says
//! how much of it was on the disk for certain: that is never cut.

use countersign_keys::disk::{self, DiskError, failed};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Longest log: more than a hundred thousand votes of the longest kind.
pub(crate) const LOG_MAX: usize = 256 * 1024 * 1024;

/// The log, open for appending.
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    len: usize,
    durable: DurableFile,
    /// An append failed: nobody knows what is there.
    is_broken: bool,
}

/// What was found in a folder.
pub(crate) struct Found {
    /// The log.
    pub(crate) bytes: Vec<u8>,
    /// At least so much of it was durable when the hub last wrote; not known in a folder without `log.durable`.
    pub(crate) durable: Option<usize>,
}

impl LogFile {
    /// Opens the log, or begins it, and reads what is in it. Nothing is appended before [`Self::keep`].
    pub(crate) fn open(path: &Path) -> Result<(Self, Found), DiskError> {
        let found = disk::read_up_to(path, LOG_MAX)?.map(|file| file.content.to_vec());
        let file = open(path)?;
        if found.is_none() {
            file.sync_all().map_err(failed(path, "synced"))?;
            disk::sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        }
        let bytes = found.unwrap_or_default();
        let (durable, known) = DurableFile::open(&path.with_extension("durable"))?;
        let log = Self { path: path.to_owned(), file, len: bytes.len(), durable, is_broken: false };
        Ok((log, Found { bytes, durable: known }))
    }

    /// Drops what stands after so many bytes: it was never whole, so nobody was told of it. What stands before is durable from now
    /// on: a hub that was killed may have left some of it in memory only.
    pub(crate) fn keep(&mut self, whole: usize) -> Result<(), DiskError> {
        let mut keep = || {
            if whole < self.len {
                self.file.set_len(whole as u64)?;
            }
            self.file.seek(SeekFrom::Start(whole as u64))?;
            self.file.sync_all()
        };
        keep().map_err(failed(&self.path, "cut to its last whole entry"))?;
        self.len = whole;
        self.durable.note(whole)?;
        self.durable.sync()
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
        // Not synced: an older number is as true, and the next sync of the log waits for nothing but the log.
        self.durable.note(self.len + entries.len())?;
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

/// `log.durable`: a length and a checksum, in one sector, which a disk writes whole or not at all.
struct DurableFile {
    path: PathBuf,
    file: File,
}

impl DurableFile {
    const LEN: usize = 16;

    /// Opens or makes it; with the length, if there is a good one in it.
    fn open(path: &Path) -> Result<(Self, Option<usize>), DiskError> {
        let found = disk::read(path)?;
        let known = found.as_ref().and_then(|found| {
            let bytes: &[u8; Self::LEN] = found.content.as_slice().try_into().ok()?;
            let length = u64::from_be_bytes(*bytes.first_chunk()?);
            (Self::encode(length) == *bytes).then_some(usize::try_from(length).ok()?)
        });
        let file = open(path)?;
        // One that is too long would never be good again.
        file.set_len(Self::LEN as u64).map_err(failed(path, "given its size"))?;
        if found.is_none() {
            disk::sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        }
        Ok((Self { path: path.to_owned(), file }, known))
    }

    fn encode(length: u64) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let (number, check) = bytes.split_at_mut(8);
        number.copy_from_slice(&length.to_be_bytes());
        let hash = Sha256::new_with_prefix(b"countersign-log-durable-v1").chain_update(&number);
        check.copy_from_slice(&hash.finalize()[..8]);
        bytes
    }

    fn note(&self, length: usize) -> Result<(), DiskError> {
        let written = self.file.write_all_at(&Self::encode(length as u64), 0);
        written.map_err(failed(&self.path, "written"))
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_all().map_err(failed(&self.path, "synced"))
    }
}

fn open(path: &Path) -> Result<File, DiskError> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(failed(path, "opened"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_read_and_the_torn_tail_is_cut_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.bin");
        let (mut log, found) = LogFile::open(&path).unwrap();
        assert_eq!((found.bytes.len(), found.durable), (0, None));
        log.keep(0).unwrap();
        log.append(b"one").unwrap();
        log.append(b"two").unwrap();
        drop(log);
        let (mut log, found) = LogFile::open(&path).unwrap();
        assert_eq!((found.bytes, found.durable), (b"onetwo".to_vec(), Some(6)));
        assert_eq!(log.read().unwrap(), b"onetwo");
        log.keep(3).unwrap();
        log.append(b"three").unwrap();
        drop(log);
        let found = LogFile::open(&path).unwrap().1;
        assert_eq!((found.bytes, found.durable), (b"onethree".to_vec(), Some(8)));
    }

    #[test]
    fn a_length_that_nobody_wrote_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let (log, durable) = (folder.path().join("log.bin"), folder.path().join("log.durable"));
        for bytes in [&[][..], &[0; 16], &[0; 17]] {
            std::fs::write(&durable, bytes).unwrap();
            assert_eq!(LogFile::open(&log).unwrap().1.durable, None);
        }
    }

    #[test]
    fn an_append_that_failed_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let durable = DurableFile::open(&folder.path().join("log.durable")).unwrap().0;
        let mut log = LogFile { path, file, len: 0, durable, is_broken: false };
        assert!(log.append(b"entry").is_err());
        log.file = File::create(folder.path().join("log.bin")).unwrap();
        assert!(log.append(b"entry").is_err(), "not even on a disk that has room again");
    }
}
