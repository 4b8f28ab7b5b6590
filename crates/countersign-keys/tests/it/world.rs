//! A realm, a time, and folders that vanish.

use core::time::Duration;
use countersign::{Realm, SigningKey, Timestamp};
use countersign_keys::{InitOptions, Initialised, KeyFolder, Role, init, key_file};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

/// A folder with its first set, and the root at hand.
pub(crate) struct World {
    temp: TempDir,
    pub(crate) first: Initialised,
}

impl World {
    pub(crate) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("keys");
        let first = init(&path, &realm(), NOW, &InitOptions::default()).unwrap();
        Self { temp, first }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.temp.path().join("keys")
    }

    pub(crate) fn root(&self) -> SigningKey {
        key_file::read(&self.first.root_path, Role::Root).unwrap()
    }

    pub(crate) fn open(&self) -> KeyFolder {
        KeyFolder::open(&self.path(), &realm()).unwrap()
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}
