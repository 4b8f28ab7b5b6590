//! The journal's two files: while one match is written down, the file of the match before is still there.

use countersign_keys::disk::{self, DiskError, failed};
use countersign_league::journal;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// `"CSJ1" ‖ u64 generation ‖ first 4 bytes of SHA-256 of these`.
const HEADER: usize = 16;
/// A full journal has at most 4,096 entries of little more than 8 KiB.
const FILE_MAX: usize = 40 * 1024 * 1024;

/// The journal in use.
pub(crate) struct Journal {
    folder: PathBuf,
    /// Which of the two files, and its number: the larger one is newer.
    current: Option<(Slot, File)>,
    generation: u64,
    /// The next entry begins a new file.
    is_new: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Zero,
    One,
}

impl Slot {
    const fn other(self) -> Self {
        match self {
            Self::Zero => Self::One,
            Self::One => Self::Zero,
        }
    }

    fn path(self, folder: &Path) -> PathBuf {
        folder.join(match self {
            Self::Zero => "journal.0",
            Self::One => "journal.1",
        })
    }
}

impl Journal {
    /// Finds the newest journal with at least one whole entry, and removes the other. The bytes are its entries, with
    /// whatever a loss of power left behind them; empty at the very first start.
    pub(crate) fn open(folder: &Path) -> Result<(Self, Vec<u8>), DiskError> {
        let [zero, one] = [read(Slot::Zero.path(folder))?, read(Slot::One.path(folder))?];
        let newest = match (&zero, &one) {
            (Some((a, _)), Some((b, _))) if a < b => Some(Slot::One),
            (Some(_), _) => Some(Slot::Zero),
            (None, Some(_)) => Some(Slot::One),
            (None, None) => None,
        };
        let found = match newest {
            None => None,
            Some(Slot::Zero) => zero,
            Some(Slot::One) => one,
        };
        let mut journal =
            Self { folder: folder.to_owned(), current: None, generation: 0, is_new: true };
        let Some((slot, (generation, entries))) = newest.zip(found) else {
            return Ok((journal, Vec::new()));
        };
        journal.remove(slot.other())?;
        let path = slot.path(folder);
        let file = OpenOptions::new().write(true).open(&path).map_err(failed(&path, "opened"))?;
        (journal.current, journal.generation) = (Some((slot, file)), generation);
        journal.is_new = false;
        Ok((journal, entries))
    }

    /// Drops what stands after so many bytes of entries: it was never whole.
    pub(crate) fn cut(&mut self, valid: usize) -> Result<(), DiskError> {
        let Some((slot, file)) = &mut self.current else { return Ok(()) };
        let len = (HEADER + valid) as u64;
        let mut cut = || {
            file.set_len(len)?;
            file.seek(SeekFrom::Start(len))?;
            file.sync_all()
        };
        cut().map_err(failed(&slot.path(&self.folder), "cut to its last whole entry"))
    }

    /// What is appended next begins a new journal. Until that is durable the old one stays.
    pub(crate) fn start_new(&mut self) {
        self.is_new = true;
    }

    /// Durable when it returns.
    pub(crate) fn append(&mut self, entry: &[u8]) -> Result<(), DiskError> {
        match &mut self.current {
            Some((slot, file)) if !self.is_new => {
                let write = file.write_all(entry).and_then(|()| file.sync_data());
                write.map_err(failed(&slot.path(&self.folder), "written"))
            }
            Some(_) | None => self.begin(entry),
        }
    }

    fn begin(&mut self, entry: &[u8]) -> Result<(), DiskError> {
        let old = self.current.as_ref().map(|(slot, _)| *slot);
        let slot = old.map_or(Slot::Zero, Slot::other);
        let path = slot.path(&self.folder);
        let generation = self.generation.saturating_add(1);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&path).map_err(failed(&path, "created"))?;
        let bytes = [&header(generation)[..], entry].concat();
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed(&path, "written"))?;
        disk::sync_folder(&self.folder)?;
        (self.current, self.generation, self.is_new) = (Some((slot, file)), generation, false);
        match old {
            Some(old) => self.remove(old),
            None => Ok(()),
        }
    }

    fn remove(&self, slot: Slot) -> Result<(), DiskError> {
        let path = slot.path(&self.folder);
        match std::fs::remove_file(&path) {
            Ok(()) => disk::sync_folder(&self.folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(&path, "removed")(error)),
        }
    }
}

/// Number and entries of a file that was begun to the end.
fn read(path: PathBuf) -> Result<Option<(u64, Vec<u8>)>, DiskError> {
    let Some(file) = disk::read_up_to(&path, FILE_MAX)? else { return Ok(None) };
    let Some((head, entries)) = file.content.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let mut number = [0; 8];
    number.copy_from_slice(&head[4..12]);
    let generation = u64::from_be_bytes(number);
    let is_whole = *head == header(generation) && !journal::read(entries).entries.is_empty();
    Ok(is_whole.then(|| (generation, entries.to_vec())))
}

fn header(generation: u64) -> [u8; HEADER] {
    let mut head = [0; HEADER];
    head[..4].copy_from_slice(b"CSJ1");
    head[4..12].copy_from_slice(&generation.to_be_bytes());
    let sum = Sha256::digest(&head[..12]);
    head[12..].copy_from_slice(&sum[..4]);
    head
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_league::journal::Writer;
    use std::fs;

    /// So many entries of one journal, each by itself.
    fn entries(count: u8) -> Vec<Vec<u8>> {
        let mut writer = Writer::new();
        (0..count).map(|n| writer.append(n, n.into(), &[n; 20]).unwrap()).collect()
    }

    fn write(folder: &Path, journals: &[Vec<Vec<u8>>]) {
        let (mut journal, _) = Journal::open(folder).unwrap();
        for entries in journals {
            journal.start_new();
            entries.iter().for_each(|entry| journal.append(entry).unwrap());
        }
    }

    #[test]
    fn the_newest_journal_is_found_and_goes_on() {
        let home = tempfile::tempdir().unwrap();
        let (three, five) = (entries(3), entries(5));
        write(home.path(), &[three.clone(), five.clone()]);
        assert!(!home.path().join("journal.0").exists(), "the old one is gone");
        let (mut journal, bytes) = Journal::open(home.path()).unwrap();
        assert_eq!(bytes, five.concat());
        journal.cut(bytes.len()).unwrap();
        journal.append(b"more").unwrap();
        assert_eq!(Journal::open(home.path()).unwrap().1, [&five.concat()[..], b"more"].concat());
    }

    #[test]
    fn power_may_fail_at_any_byte_of_a_new_journal() {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (entries(3), entries(2));
        write(home.path(), std::slice::from_ref(&old));
        let kept = fs::read(home.path().join("journal.0")).unwrap();
        write(home.path(), std::slice::from_ref(&new));
        let whole = fs::read(home.path().join("journal.1")).unwrap();
        let first = HEADER + new[0].len();
        for len in 0..=whole.len() {
            fs::write(home.path().join("journal.0"), &kept).unwrap();
            fs::write(home.path().join("journal.1"), &whole[..len]).unwrap();
            let (mut journal, bytes) = Journal::open(home.path()).unwrap();
            let expected = if len < first { old.concat() } else { whole[HEADER..len].to_vec() };
            assert_eq!(bytes, expected, "cut at {len}");
            let read = journal::read(&bytes);
            journal.cut(read.valid).unwrap();
            let mut writer = read.writer;
            journal.append(&writer.append(9, 99, b"afterwards").unwrap()).unwrap();
            let again = journal::read(&Journal::open(home.path()).unwrap().1);
            assert_eq!((again.dropped, again.entries.len()), (0, read.entries.len() + 1));
        }
    }

    #[test]
    fn a_foreign_header_is_no_journal() {
        let home = tempfile::tempdir().unwrap();
        write(home.path(), &[entries(1)]);
        let path = home.path().join("journal.0");
        let whole = fs::read(&path).unwrap();
        for byte in 0..HEADER {
            let mut changed = whole.clone();
            changed[byte] ^= 1;
            fs::write(&path, changed).unwrap();
            assert!(Journal::open(home.path()).unwrap().1.is_empty(), "byte {byte}");
        }
    }
}
