//! Where the private key lies while no program runs.

use countersign::SigningKey;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;
use zeroize::Zeroizing;

/// Name of the key file in a profile's folder.
const KEY_FILE: &str = "key.seed";
/// The same for the key that a judge's votes are signed with: one key, one purpose.
const JUDGE_KEY_FILE: &str = "judge.seed";

/// Which place the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyPlacePreference {
    /// The desktop's key store if there is one, else a file.
    #[default]
    Best,
    /// A file that only this user can read.
    File,
}

/// Where a key lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyPlace {
    /// Secret Service, Keychain, or Credential Manager.
    Keyring,
    /// A file with mode 0600 in the profile's folder.
    File,
}

/// Where a key was put, and why not somewhere better.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPut {
    /// The place.
    pub place: KeyPlace,
    /// Why a file had to do although a key store was wanted.
    pub fallback: Option<String>,
}

/// Why a key cannot be kept, read or deleted. Never contains key bytes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyStoreError {
    /// Not there.
    #[error("there is no key in {0}; log in again")]
    Absent(String),
    /// The place is there but does not work.
    #[error("the key in {place} cannot be used: {why}")]
    Broken {
        /// The place.
        place: String,
        /// What failed.
        why: String,
    },
    /// Others can read the file.
    #[error("the key file {} can be read by others (mode {mode:o}); run: chmod 600 {0}", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// The key store of one profile.
#[derive(Debug, Clone)]
pub struct KeyStore {
    folder: PathBuf,
    profile: String,
    file: &'static str,
}

impl KeyStore {
    pub(crate) fn new(folder: &Path, profile: &str) -> Self {
        Self { folder: folder.to_owned(), profile: profile.to_owned(), file: KEY_FILE }
    }

    /// The place of the key that signs votes.
    pub(crate) fn for_judging(folder: &Path, profile: &str) -> Self {
        // A profile's name has no blank, so this is nobody's.
        let profile = format!("{profile} judge");
        Self { folder: folder.to_owned(), profile, file: JUDGE_KEY_FILE }
    }

    /// Keeps a key in the best place there is.
    pub fn put(
        &self,
        key: &SigningKey,
        preference: KeyPlacePreference,
    ) -> Result<KeyPut, KeyStoreError> {
        let fallback = match preference {
            KeyPlacePreference::File => None,
            KeyPlacePreference::Best => match desktop::put(&self.profile, key) {
                Ok(()) => return Ok(KeyPut { place: KeyPlace::Keyring, fallback: None }),
                Err(why) => Some(why),
            },
        };
        self.write_file(key)?;
        Ok(KeyPut { place: KeyPlace::File, fallback })
    }

    /// Reads the key back.
    pub fn get(&self, place: KeyPlace) -> Result<SigningKey, KeyStoreError> {
        let seed = match place {
            KeyPlace::Keyring => desktop::get(&self.profile)?,
            KeyPlace::File => self.read_file()?,
        };
        let name = || self.name(place);
        let seed: Option<&[u8; 32]> = seed.as_slice().try_into().ok();
        let wrong = || KeyStoreError::Broken { place: name(), why: "it has not 32 bytes".into() };
        Ok(SigningKey::from_seed(seed.ok_or_else(wrong)?))
    }

    /// Deletes the key. Call it after a verified logout only. A key that is not there is no error.
    pub fn delete(&self, place: KeyPlace) -> Result<(), KeyStoreError> {
        match place {
            KeyPlace::Keyring => desktop::delete(&self.profile),
            KeyPlace::File => match std::fs::remove_file(self.path()) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(self.broken(&error)),
                Ok(()) | Err(_) => Ok(()),
            },
        }
    }

    /// The place in words.
    pub fn name(&self, place: KeyPlace) -> String {
        match place {
            KeyPlace::Keyring => "the desktop's key store".to_owned(),
            KeyPlace::File => self.path().display().to_string(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(self.file)
    }

    fn broken(&self, why: &std::io::Error) -> KeyStoreError {
        KeyStoreError::Broken { place: self.name(KeyPlace::File), why: why.to_string() }
    }

    /// The file is made with its mode, not changed to it: there is no moment at which others could open it.
    fn write_file(&self, key: &SigningKey) -> Result<(), KeyStoreError> {
        self.delete(KeyPlace::File)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(self.path()).map_err(|e| self.broken(&e))?;
        file.write_all(&*key.to_seed()).and_then(|()| file.sync_all()).map_err(|e| self.broken(&e))
    }

    fn read_file(&self) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        let path = self.path();
        self.check_mode(&path)?;
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Zeroizing::new(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(KeyStoreError::Absent(self.name(KeyPlace::File)))
            }
            Err(error) => Err(self.broken(&error)),
        }
    }

    #[cfg(unix)]
    fn check_mode(&self, path: &Path) -> Result<(), KeyStoreError> {
        use std::os::unix::fs::PermissionsExt;
        let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
        match metadata.permissions().mode() & 0o777 {
            mode if mode & 0o077 != 0 => {
                Err(KeyStoreError::Exposed { path: path.to_owned(), mode })
            }
            _ => Ok(()),
        }
    }

    #[cfg(not(unix))]
    fn check_mode(&self, _path: &Path) -> Result<(), KeyStoreError> {
        Ok(())
    }
}

#[cfg(feature = "keyring")]
mod desktop {
    //! The desktop's key store. Any failure is a sentence, so that the file can take over.

    use super::{KeyPlace, KeyStoreError};
    use countersign::SigningKey;
    use keyring::{Entry, Error};
    use zeroize::Zeroizing;

    const SERVICE: &str = "countersign";

    /// Writes the key and reads it back: a store that takes a secret and does not give it back is worse than none.
    pub(super) fn put(profile: &str, key: &SigningKey) -> Result<(), String> {
        Entry::store_status().as_ref().map_err(ToString::to_string)?;
        let entry = Entry::new(SERVICE, profile).map_err(|e| e.to_string())?;
        let seed = key.to_seed();
        entry.set_secret(&*seed).map_err(|e| e.to_string())?;
        match entry.get_secret().map(Zeroizing::new) {
            Ok(back) if back.as_slice() == seed.as_slice() => Ok(()),
            Ok(_) => Err("it gave back other bytes than it was given".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) fn get(profile: &str) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        let entry = Entry::new(SERVICE, profile).map_err(|e| explain(&e))?;
        entry.get_secret().map(Zeroizing::new).map_err(|e| explain(&e))
    }

    pub(super) fn delete(profile: &str) -> Result<(), KeyStoreError> {
        let deleted = Entry::new(SERVICE, profile).and_then(|entry| entry.delete_credential());
        match deleted.map_err(|e| explain(&e)) {
            Ok(()) | Err(KeyStoreError::Absent(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn explain(error: &Error) -> KeyStoreError {
        let place = super::KeyStore::new("".as_ref(), "").name(KeyPlace::Keyring);
        if matches!(error, Error::NoEntry) {
            return KeyStoreError::Absent(place);
        }
        KeyStoreError::Broken { place, why: error.to_string() }
    }
}

#[cfg(not(feature = "keyring"))]
mod desktop {
    //! This build has no desktop key store.

    use super::KeyStoreError;
    use countersign::SigningKey;
    use zeroize::Zeroizing;

    const ABSENT: &str = "this program was built without it";

    pub(super) fn put(_profile: &str, _key: &SigningKey) -> Result<(), String> {
        Err(ABSENT.to_owned())
    }

    pub(super) fn get(_profile: &str) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        Err(absent())
    }

    pub(super) fn delete(_profile: &str) -> Result<(), KeyStoreError> {
        Err(absent())
    }

    fn absent() -> KeyStoreError {
        KeyStoreError::Broken { place: "the desktop's key store".into(), why: ABSENT.into() }
    }
}
