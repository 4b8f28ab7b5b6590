//! Everything small that outlives a loss of power.

use countersign::keyset::KeysetError;
use countersign::{Keyset, Realm, VerifyingKey};
use countersign_keys::disk::{self, Access, DiskError, Lock, failed};
use countersign_league::MatchId;
use countersign_league::evidence::Bundle;
use countersign_league::goal::Calibration;
use std::io;
use std::path::{Path, PathBuf};

/// Longest frame that is kept here.
const FRAME_MAX: usize = 8 * 1024;

/// Why a state folder is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// The system said no.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A file that somebody changed; ours are whole or not there.
    #[error("{} cannot be read: {why}. Remove it, and the half starts without it", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The folder, locked for this program.
pub(crate) struct StateFolder {
    path: PathBuf,
    _lock: Lock,
}

impl StateFolder {
    /// Makes the folder, and locks it: two programs on one state would sign two truths.
    pub(crate) fn open(path: &Path) -> Result<Self, StateError> {
        disk::make_folder(path)?;
        disk::make_folder(&path.join("outbox"))?;
        Ok(Self { path: path.to_owned(), _lock: disk::lock(path)? })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where bundles wait for couriers.
    pub(crate) fn outbox(&self) -> PathBuf {
        self.path.join("outbox")
    }

    /// Counts a start of the program; from 1.
    pub(crate) fn count_boot(&self) -> Result<u16, StateError> {
        let path = self.path.join("boot");
        let last = match disk::read(&path)? {
            None => 0,
            Some(file) => {
                let text = core::str::from_utf8(&file.content).ok();
                let number = text.and_then(|text| text.trim().parse::<u16>().ok());
                number.ok_or_else(|| content(&path, &"it holds no number"))?
            }
        };
        let boot = last.checked_add(1).unwrap_or(1);
        disk::replace(&path, format!("{boot}\n").as_bytes(), Access::Private)?;
        Ok(boot)
    }

    /// The pair link's record.
    pub(crate) fn link(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.read("link.bin")
    }

    /// Durable when it returns, as the following ones.
    pub(crate) fn put_link(&self, record: &[u8]) -> Result<(), DiskError> {
        disk::replace(&self.path.join("link.bin"), record, Access::Private)
    }

    /// The frame of the device's certificate.
    pub(crate) fn certificate(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.read("device.cert")
    }

    pub(crate) fn put_certificate(&self, frame: &[u8]) -> Result<(), DiskError> {
        disk::replace(&self.path.join("device.cert"), frame, Access::Public)
    }

    /// A newer key set than that of the factory, if one was brought. It may be signed by a root that the factory did not
    /// know, so it is kept with the roots that were trusted when it came.
    pub(crate) fn keyset(&self, realm: &Realm, known: u64) -> Result<Option<Keyset>, StateError> {
        let path = self.path.join("keyset.bin");
        let Some(bytes) = self.read("keyset.bin")? else { return Ok(None) };
        let short = || content(&path, &"it is cut short");
        let (count, mut rest) = bytes.split_first().ok_or_else(short)?;
        let mut roots = Vec::new();
        for _ in 0..*count {
            let (key, after) = rest.split_first_chunk::<32>().ok_or_else(short)?;
            let key = VerifyingKey::from_bytes(key).map_err(|error| content(&path, &error))?;
            (roots, rest) = ([roots, vec![key]].concat(), after);
        }
        match Keyset::open(realm, &roots, known, rest) {
            Ok(keyset) => Ok((keyset.content.version > known).then_some(keyset)),
            // The folder was made anew at the factory since.
            Err(KeysetError::Rollback { .. }) => Ok(None),
            Err(error) => Err(content(&path, &error)),
        }
    }

    pub(crate) fn put_keyset(
        &self,
        trusted: &[VerifyingKey],
        frame: &[u8],
    ) -> Result<(), DiskError> {
        let mut bytes = vec![u8::try_from(trusted.len()).unwrap_or(u8::MAX)];
        trusted.iter().for_each(|root| bytes.extend_from_slice(root.as_bytes()));
        bytes.extend_from_slice(frame);
        disk::replace(&self.path.join("keyset.bin"), &bytes, Access::Public)
    }

    /// The sheet at rest.
    pub(crate) fn calibration(&self) -> Result<Option<Calibration>, StateError> {
        read_calibration(&self.path.join("calibration.bin"))
    }

    pub(crate) fn put_calibration(&self, calibration: &Calibration) -> Result<(), DiskError> {
        let path = self.path.join("calibration.bin");
        disk::replace(&path, &calibration.encode(), Access::Private)
    }

    /// A bundle for couriers.
    pub(crate) fn put_bundle(&self, id: &MatchId, bundle: &[u8]) -> Result<(), DiskError> {
        disk::replace(&bundle_path(&self.outbox(), id), bundle, Access::Private)
    }

    /// The receipt is here.
    pub(crate) fn drop_bundle(&self, id: &MatchId) -> Result<(), DiskError> {
        let path = bundle_path(&self.outbox(), id);
        match std::fs::remove_file(&path) {
            Ok(()) => disk::sync_folder(&self.outbox()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(&path, "removed")(error)),
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StateError> {
        let file = disk::read_up_to(&self.path.join(name), FRAME_MAX)?;
        Ok(file.map(|file| file.content.to_vec()))
    }
}

/// A calibration from a file of [`Calibration::LEN`] bytes.
pub(crate) fn read_calibration(path: &Path) -> Result<Option<Calibration>, StateError> {
    let Some(file) = disk::read(path)? else { return Ok(None) };
    Calibration::decode(&file.content).map(Some).map_err(|error| content(path, &error))
}

/// What waits in an outbox: match and number of bytes.
pub(crate) fn list_outbox(outbox: &Path) -> Result<Vec<(MatchId, u64)>, DiskError> {
    let mut waiting = Vec::new();
    for name in disk::names(outbox)? {
        let Some(id) = name.strip_suffix(".bundle").and_then(parse_match) else { continue };
        // Settled between the two looks: not there any more.
        if let Ok(metadata) = std::fs::metadata(outbox.join(&name)) {
            waiting.push((id, metadata.len()));
        }
    }
    Ok(waiting)
}

/// One bundle.
pub(crate) fn read_bundle(outbox: &Path, id: &MatchId) -> Result<Option<Vec<u8>>, DiskError> {
    let file = disk::read_up_to(&bundle_path(outbox, id), Bundle::MAX)?;
    Ok(file.map(|file| file.content.to_vec()))
}

/// A match id of 32 hexadecimal digits.
pub(crate) fn parse_match(text: &str) -> Option<MatchId> {
    let mut id = [0; 16];
    hex::decode_to_slice(text, &mut id).ok()?;
    Some(MatchId::from_bytes(id))
}

fn bundle_path(outbox: &Path, id: &MatchId) -> PathBuf {
    outbox.join(format!("{}.bundle", hex::encode(id.as_bytes())))
}

fn content(path: &Path, why: &dyn core::fmt::Display) -> StateError {
    StateError::Content { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign::{KeyState, KeysetContent, OnlineKey, Signer, SigningKey, Timestamp};

    fn root(number: u8) -> SigningKey {
        SigningKey::from_seed(&[number; 32])
    }

    fn content(version: u64, root: &SigningKey) -> KeysetContent {
        KeysetContent {
            version,
            issued: Timestamp::from_millis(0),
            expires: Timestamp::from_millis(10_000),
            min_protocol: 1,
            keys: vec![OnlineKey {
                key: root.verifying_key().clone(),
                state: KeyState::Active,
                not_before: Timestamp::from_millis(0),
                not_after: Timestamp::from_millis(10_000),
            }],
            roots: vec![root.verifying_key().clone()],
            pins: Vec::new(),
        }
    }

    #[test]
    fn starts_are_counted_and_two_programs_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let state = StateFolder::open(home.path()).unwrap();
        assert_eq!((state.count_boot().unwrap(), state.count_boot().unwrap()), (1, 2));
        assert!(StateFolder::open(home.path()).is_err());
        drop(state);
        let state = StateFolder::open(home.path()).unwrap();
        assert_eq!(state.count_boot().unwrap(), 3);
        std::fs::write(home.path().join("boot"), "x").unwrap();
        assert!(state.count_boot().is_err());
    }

    #[test]
    fn a_key_set_by_a_new_root_is_known_after_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let state = StateFolder::open(home.path()).unwrap();
        let realm = Realm::new("league", "league.example.org").unwrap();
        let (old, new) = (root(1), root(2));
        let frame = content(3, &new).sign(&realm, &new);
        // The second root came with version 2.
        state.put_keyset(&[new.verifying_key().clone()], &frame).unwrap();
        assert_eq!(state.keyset(&realm, 1).unwrap().unwrap().content.version, 3);
        assert!(state.keyset(&realm, 3).unwrap().is_none());
        assert!(state.keyset(&realm, 4).unwrap().is_none(), "the factory's is newer");
        state.put_keyset(&[old.verifying_key().clone()], &frame).unwrap();
        assert!(state.keyset(&realm, 1).is_err(), "not signed by a root that was trusted");
    }

    #[test]
    fn bundles_wait_until_they_are_settled() {
        let home = tempfile::tempdir().unwrap();
        let state = StateFolder::open(home.path()).unwrap();
        let (a, b) = (MatchId::from_bytes([0xa; 16]), MatchId::from_bytes([0xb; 16]));
        state.put_bundle(&b, b"longer").unwrap();
        state.put_bundle(&a, b"bundle").unwrap();
        std::fs::write(state.outbox().join("notes.txt"), "mine").unwrap();
        assert_eq!(list_outbox(&state.outbox()).unwrap(), [(a, 6), (b, 6)]);
        assert_eq!(read_bundle(&state.outbox(), &b).unwrap().unwrap(), b"longer");
        state.drop_bundle(&b).unwrap();
        state.drop_bundle(&b).unwrap();
        assert_eq!(read_bundle(&state.outbox(), &b).unwrap(), None);
        assert_eq!(parse_match("zz"), None);
    }
}
