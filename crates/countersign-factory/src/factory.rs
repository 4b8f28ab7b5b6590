//! The folder of a station.

use crate::batch::{Batch, BatchError, text};
use crate::config::{FactoryConfig, Settings, SettingsError, text_of};
use countersign::keyset::KeysetError;
use countersign::{Fingerprint, Keyset, Realm, Signer, SigningKey};
use countersign_keys::disk::{self, Access, DiskError, Lock};
use countersign_keys::{KeyFileError, Role, key_file};
use countersign_provision::KEYSET_FILE;
use std::path::{Path, PathBuf};

const CONFIG_FILE: &str = "factory.toml";
const KEY_FILE: &str = "factory.key";
const PLACES_FILE: &str = "places";
/// Most folders outside of the station's in which batches may lie.
const PLACES_MAX: usize = 64;

/// A station: its settings, and the server's keys as it knows them.
#[derive(Debug)]
pub struct Factory {
    path: PathBuf,
    /// The settings.
    pub config: FactoryConfig,
    /// Whom everything is signed for.
    pub realm: Realm,
    /// The server's keys; may have expired.
    pub keyset: Keyset,
    /// Their frame, as devices get it.
    pub keyset_frame: Vec<u8>,
}

/// Why there is no station.
#[derive(Debug, thiserror::Error)]
pub enum FactoryError {
    /// Nothing is overwritten.
    #[error("{} is a factory already; nothing was changed", .0.display())]
    Exists(PathBuf),
    /// Nothing there.
    #[error("there is no factory in {dir}; make one with `countersign factory init {dir} …`", dir = .0.display())]
    NotThere(PathBuf),
    /// Settings that cannot be.
    #[error("{}: {source}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SettingsError,
    },
    /// The key set is not the server's.
    #[error(
        "the key set is not to be believed ({0}); check realm and roots, or fetch it again with \
         `countersign factory refresh`"
    )]
    Keyset(#[from] KeysetError),
    /// The file was swapped.
    #[error("{} holds the key {found}, but {CONFIG_FILE} names {expected}", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// What the file holds.
        found: Fingerprint,
        /// What the settings name.
        expected: Fingerprint,
    },
    /// Batches are elsewhere, and that place is not there now.
    #[error(
        "batches were made in {}, which is not there now; mount it, so that no serial is used twice \
         (or take its line out of the factory's file `{PLACES_FILE}` if it is gone for good)", .0.display()
    )]
    Place(PathBuf),
    /// The list cannot grow.
    #[error("batches lie in {PLACES_MAX} folders already; use one of them")]
    Places,
    /// The secret key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// A batch cannot be read.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Factory {
    /// Makes a station with a key of its own. The settings are written last: an interrupted run is completed by the next, and a key
    /// that is there is used again.
    pub fn init(
        path: &Path,
        settings: &Settings,
        keyset_frame: &[u8],
    ) -> Result<Self, FactoryError> {
        Keyset::open(&settings.realm, &settings.roots, 0, keyset_frame)?;
        disk::make_folder(path)?;
        let _lock = disk::lock(path)?;
        let config_path = path.join(CONFIG_FILE);
        if config_path.symlink_metadata().is_ok() {
            return Err(FactoryError::Exists(path.to_owned()));
        }
        let key = read_or_make_key(&path.join(KEY_FILE))?;
        let text = text_of(settings, key.verifying_key());
        FactoryConfig::parse(&text)
            .map_err(|source| FactoryError::Settings { path: config_path.clone(), source })?;
        disk::replace(&path.join(KEYSET_FILE), keyset_frame, Access::Public)?;
        disk::replace(&config_path, text.as_bytes(), Access::Public)?;
        Self::open(path)
    }

    /// Reads a station; its secret key is not touched.
    pub fn open(path: &Path) -> Result<Self, FactoryError> {
        let config_path = path.join(CONFIG_FILE);
        let not_there = || FactoryError::NotThere(path.to_owned());
        let settings = |source| FactoryError::Settings { path: config_path.clone(), source };
        let text = text(&config_path, 64 * 1024)?.ok_or_else(not_there)?;
        let config = FactoryConfig::parse(&text).map_err(settings)?;
        let realm = config.realm().map_err(settings)?;
        let frame = disk::read(&path.join(KEYSET_FILE))?.ok_or_else(not_there)?.content.to_vec();
        let keyset = Keyset::open(&realm, &config.server.roots, 0, &frame)?;
        Ok(Self { path: path.to_owned(), config, realm, keyset, keyset_frame: frame })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps other commands out until it is dropped.
    pub fn lock(&self) -> Result<Lock, FactoryError> {
        Ok(disk::lock(&self.path)?)
    }

    /// The secret key.
    pub fn key(&self) -> Result<SigningKey, FactoryError> {
        let path = self.path.join(KEY_FILE);
        let key = key_file::read(&path, Role::Factory)?;
        let (found, expected) = (key.verifying_key().fingerprint(), self.config.key.fingerprint());
        if found == expected {
            return Ok(key);
        }
        Err(FactoryError::OtherKey { path, found: *found, expected: *expected })
    }

    /// Takes a newer key set in; an older one is refused.
    pub fn refresh(&mut self, frame: &[u8]) -> Result<(), FactoryError> {
        let _lock = self.lock()?;
        let known = self.keyset.content.version;
        let keyset = Keyset::open(&self.realm, &self.config.server.roots, known, frame)?;
        disk::replace(&self.path.join(KEYSET_FILE), frame, Access::Public)?;
        (self.keyset, self.keyset_frame) = (keyset, frame.to_vec());
        Ok(())
    }

    /// All batches, in the station's folder and wherever else it has made some.
    pub fn batches(&self) -> Result<Vec<Batch>, FactoryError> {
        let mut batches = Batch::all_in(&self.path)?;
        for place in self.places()? {
            if !place.is_dir() {
                return Err(FactoryError::Place(place));
            }
            batches.extend(Batch::all_in(&place)?);
        }
        Ok(batches)
    }

    /// Remembers a folder in which batches are made.
    pub(crate) fn remember_place(&self, place: &Path) -> Result<PathBuf, FactoryError> {
        disk::make_folder(place)?;
        let absolute = |path: &Path| {
            path.canonicalize().map_err(|e| FactoryError::Disk(disk::failed(path, "found")(e)))
        };
        let (place, home) = (absolute(place)?, absolute(&self.path)?);
        let mut places = self.places()?;
        if place == home || places.contains(&place) {
            return Ok(place);
        }
        if places.len() == PLACES_MAX {
            return Err(FactoryError::Places);
        }
        places.push(place.clone());
        let lines: String = places.iter().map(|place| format!("{}\n", place.display())).collect();
        disk::replace(&self.path.join(PLACES_FILE), lines.as_bytes(), Access::Public)?;
        Ok(place)
    }

    fn places(&self) -> Result<Vec<PathBuf>, FactoryError> {
        let text = text(&self.path.join(PLACES_FILE), 64 * 1024)?.unwrap_or_default();
        Ok(text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).collect())
    }
}

fn read_or_make_key(path: &Path) -> Result<SigningKey, KeyFileError> {
    match key_file::read(path, Role::Factory) {
        Err(KeyFileError::Missing { .. }) => {
            let key = key_file::generate()?;
            key_file::write_new(path, Role::Factory, &key)?;
            Ok(key)
        }
        other => other,
    }
}
