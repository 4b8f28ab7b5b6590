//! A disk that loses power: what may be left of the files, given the log of what was done to them.
//!
//! What was synced stays. Of what was written to a file since its last sync, nothing, a beginning, or any part may have
//! arrived, and a write may be torn between sectors. Names appear, move and vanish in order, at the latest when the
//! directory is synced.

use std::collections::BTreeMap;
use std::path::Path;

const SECTOR: usize = 512;

/// One line of the log.
#[derive(Debug)]
pub(crate) struct Entry {
    kind: u8,
    path: String,
    offset: usize,
    data: Vec<u8>,
}

/// The files at one moment: what is certain, and what is not.
#[derive(Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    /// As the process sees them.
    names: BTreeMap<String, usize>,
    synced_names: BTreeMap<String, usize>,
    unsynced_names: Vec<NameChange>,
    /// What was acknowledged so far.
    pub(crate) acknowledged: Vec<String>,
}

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

enum NameChange {
    Create(String, usize),
    Remove(String),
    Rename(String, String),
}

/// A small seeded generator (splitmix64): the same seed, the same losses.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

pub(crate) fn read_log(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<15>() {
        let number = |from: usize, to: usize| {
            let mut wide = [0; 8];
            wide[..to - from].copy_from_slice(&head[from..to]);
            u64::from_le_bytes(wide) as usize
        };
        let (path, rest) = rest.split_at(number(1, 3));
        let (data, rest) = rest.split_at(number(11, 15));
        let path = String::from_utf8(path.to_vec()).unwrap();
        entries.push(Entry { kind: head[0], path, offset: number(3, 11), data: data.to_vec() });
        bytes = rest;
    }
    entries
}

impl Disk {
    /// What the process did next.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        match entry.kind {
            b'C' => {
                let file = self.files.len();
                self.files.push(File::default());
                self.rename_all(NameChange::Create(entry.path.clone(), file));
            }
            b'U' => self.rename_all(NameChange::Remove(entry.path.clone())),
            b'R' => {
                let to = String::from_utf8(entry.data.clone()).unwrap();
                self.rename_all(NameChange::Rename(entry.path.clone(), to));
            }
            b'D' => {
                self.synced_names = self.names.clone();
                self.unsynced_names.clear();
            }
            b'W' => {
                let write = Change::Write(entry.offset, entry.data.clone());
                self.file(&entry.path).unsynced.push(write);
            }
            b'T' => self.file(&entry.path).unsynced.push(Change::Truncate(entry.offset)),
            b'S' => self.file(&entry.path).sync(),
            b'A' => {
                let text = String::from_utf8(entry.data.clone()).unwrap();
                self.acknowledged.extend(text.lines().map(str::to_owned));
            }
            kind => panic!("the log has an entry of the unknown kind {kind}"),
        }
    }

    /// Writes what one possible loss leaves, into an empty directory.
    pub(crate) fn lose_power(&self, chance: &mut Chance, to: &Path) {
        let mut names = self.synced_names.clone();
        let kept = chance.below(self.unsynced_names.len() + 1);
        for change in self.unsynced_names.iter().take(kept) {
            change.apply(&mut names);
        }
        for (path, file) in names {
            let left = self.files[file].lose_power(chance);
            let name = Path::new(&path).file_name().unwrap();
            std::fs::write(to.join(name), left).unwrap();
        }
    }

    fn rename_all(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.unsynced_names.push(change);
    }

    fn file(&mut self, path: &str) -> &mut File {
        let file = self.names.get(path).copied();
        &mut self.files[file.unwrap_or_else(|| panic!("{path} was never created"))]
    }
}

impl File {
    fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.synced);
        }
    }

    fn lose_power(&self, chance: &mut Chance) -> Vec<u8> {
        let mut left = self.synced.clone();
        let count = self.unsynced.len();
        let way = chance.below(4);
        let beginning = chance.below(count + 1);
        for (index, change) in self.unsynced.iter().enumerate() {
            match way {
                // All or nothing, equally often.
                0 if beginning * 2 < count => break,
                0 => change.apply(&mut left),
                1 if index < beginning => change.apply(&mut left),
                1 if index == beginning => change.apply_torn(&mut left, chance),
                1 => break,
                2 if chance.coin() => change.apply(&mut left),
                2 => {}
                _ => change.apply_torn(&mut left, chance),
            }
        }
        left
    }
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => put(file, *offset, data),
            Self::Truncate(length) => file.resize(*length, 0),
        }
    }

    /// Some sectors arrive, others do not.
    fn apply_torn(&self, file: &mut Vec<u8>, chance: &mut Chance) {
        let Self::Write(offset, data) = self else {
            if chance.coin() {
                self.apply(file);
            }
            return;
        };
        let mut at = *offset;
        let end = offset + data.len();
        while at < end {
            let next = end.min((at / SECTOR + 1) * SECTOR);
            if chance.coin() {
                put(file, at, &data[at - offset..next - offset]);
            }
            at = next;
        }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Create(path, file) => drop(names.insert(path.clone(), *file)),
            Self::Remove(path) => drop(names.remove(path)),
            Self::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
        }
    }
}

fn put(file: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[offset..end].copy_from_slice(data);
}
