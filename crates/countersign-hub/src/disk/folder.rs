//! What is where in the hub's folder.

use super::event_key;
use super::secret::{self, SecretError};
use super::{Found, LogFile};
use crate::random::{self, NoRandom};
use countersign::{Signer, SigningKey};
use countersign_judging::package::Package;
use countersign_keys::disk::{self, Access, DiskError, Lock};
use countersign_keys::{KeyFileError, Role, key_file};
use countersign_mesh::EventCode;
use countersign_mesh::seal::HubSealSecret;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest name of a hub, in characters.
const NAME_MAX: usize = 64;

/// Why a hub's folder is of no use.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system said no.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A key file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// Another secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No randomness for keys.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// No hub was made here.
    #[error("there is no hub in {}; make one with `countersign hub init`", .0.display())]
    NoHub(PathBuf),
    /// There is one already.
    #[error("{} holds a hub already; its keys are never overwritten", .0.display())]
    Exists(PathBuf),
    /// A name that people cannot read on a page.
    #[error("a hub's name has 1 to 64 characters, and no line break")]
    Name,
    /// A file that somebody changed.
    #[error("{} cannot be read: {why}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// A hub's folder, locked for this program: two hubs on one log would acknowledge two truths.
pub struct Folder {
    path: PathBuf,
    /// What people call the hub.
    pub(crate) name: String,
    _lock: Lock,
}

/// The public halves of a hub's keys: what the organiser puts into the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubPublic {
    /// What people call it.
    pub name: String,
    /// Verifies its receipts and its log; 64 hexadecimal digits.
    pub key: String,
    /// Votes are sealed to this; 64 hexadecimal digits.
    pub sealing: String,
}

impl HubPublic {
    /// As `event.toml` has it.
    pub fn to_toml(&self) -> String {
        let name = toml::Value::String(self.name.clone());
        let (key, sealing) = (&self.key, &self.sealing);
        format!("[[hub]]\nname = {name}\nkey = \"{key}\"\nsealing_key = \"{sealing}\"\n")
    }
}

impl Folder {
    /// Makes the folder and the hub's keys.
    pub fn init(path: &Path, name: &str) -> Result<HubPublic, FolderError> {
        if !is_name(name) {
            return Err(FolderError::Name);
        }
        disk::make_folder(path)?;
        let _lock = disk::lock(path)?;
        let config = path.join("hub.toml");
        let is_there =
            ["hub.toml", "hub.key", "sealing.key"].iter().any(|it| path.join(it).exists());
        if is_there {
            return Err(FolderError::Exists(path.to_owned()));
        }
        let key = key_file::generate()?;
        let sealing = random::bytes::<32>()?;
        key_file::write_new(&path.join("hub.key"), Role::Hub, &key)?;
        secret::write(&path.join("sealing.key"), SEALING, &sealing)?;
        let name_line = format!("name = {}\n", toml::Value::String(name.to_owned()));
        // Last: what has this file has everything.
        disk::replace(&config, name_line.as_bytes(), Access::Public)?;
        Ok(public(name, &key, &HubSealSecret::from_bytes(*sealing)))
    }

    /// Opens and locks a folder that [`Self::init`] made.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let config = path.join("hub.toml");
        let Some(file) = disk::read(&config)? else {
            return Err(FolderError::NoHub(path.to_owned()));
        };
        let lock = disk::lock(path)?;
        let text = core::str::from_utf8(&file.content).unwrap_or_default();
        let found = toml::from_str::<Config>(text);
        let found = found.map_err(|error| content(&config, &error))?;
        if !is_name(&found.name) {
            return Err(content(&config, &FolderError::Name));
        }
        Ok(Self { path: path.to_owned(), name: found.name, _lock: lock })
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The hub's own key.
    pub(crate) fn key(&self) -> Result<SigningKey, FolderError> {
        Ok(key_file::read(&self.path.join("hub.key"), Role::Hub)?)
    }

    /// What opens votes that are sealed to this hub.
    pub(crate) fn sealing(&self) -> Result<HubSealSecret, FolderError> {
        let path = self.path.join("sealing.key");
        let secret = secret::read(&path, SEALING)?;
        let secret = secret.ok_or_else(|| content(&path, &"it is not there"))?;
        Ok(HubSealSecret::from_bytes(*secret))
    }

    /// The token of the organiser's page; made at the first call.
    pub(crate) fn token(&self) -> Result<Zeroizing<[u8; 32]>, FolderError> {
        let path = self.path.join("organiser.key");
        if let Some(token) = secret::read(&path, TOKEN)? {
            return Ok(token);
        }
        let token = random::bytes::<32>()?;
        secret::write(&path, TOKEN, &token)?;
        Ok(token)
    }

    /// The event's present key, if there is one yet.
    pub(crate) fn code(&self) -> Result<Option<EventCode>, FolderError> {
        Ok(event_key::read(&self.path.join("event.key"))?)
    }

    /// Another one in its place; durable when it returns.
    pub(crate) fn put_code(&self, current: &EventCode) -> Result<(), FolderError> {
        Ok(event_key::write(&self.path.join("event.key"), current)?)
    }

    /// The event's packages by the version of their bundles, the oldest first; none if no event was started here.
    pub(crate) fn packages(&self) -> Result<Vec<Package>, FolderError> {
        read_packages(&self.path.join(PACKAGES))
    }

    /// Keeps a package that was believed.
    pub(crate) fn put_package(&self, version: u32, package: &Package) -> Result<(), FolderError> {
        let folder = self.path.join(PACKAGES);
        disk::make_folder(&folder)?;
        let path = folder.join(package_name(version));
        Ok(disk::replace(&path, &package.encode(), Access::Private)?)
    }

    /// The log, and what is in it.
    pub(crate) fn log(&self) -> Result<(LogFile, Found), FolderError> {
        Ok(LogFile::open(&self.path.join("log.bin"))?)
    }

    /// Counts a start of the hub; from 1. Sequence numbers rise over restarts by it.
    pub(crate) fn count_boot(&self) -> Result<u32, FolderError> {
        let path = self.path.join("boot");
        let last = match disk::read(&path)? {
            None => 0,
            Some(file) => {
                let text = core::str::from_utf8(&file.content).ok();
                let number = text.and_then(|text| text.trim().parse::<u32>().ok());
                number.ok_or_else(|| content(&path, &"it holds no number"))?
            }
        };
        let boot = last.saturating_add(1);
        disk::replace(&path, format!("{boot}\n").as_bytes(), Access::Private)?;
        Ok(boot)
    }

    /// The public halves again.
    pub fn public(&self) -> Result<HubPublic, FolderError> {
        Ok(public(&self.name, &self.key()?, &self.sealing()?))
    }
}

/// Most versions of an event in a folder.
const PACKAGES_MAX: usize = 1_024;

/// Where packages lie, here and in an export.
pub(crate) const PACKAGES: &str = "packages";

/// Ten digits, so that names sort as versions do.
pub(crate) fn package_name(version: u32) -> String {
    format!("{version:010}.package")
}

/// The packages in a folder, by version; nothing in them is verified.
pub(crate) fn read_packages(folder: &Path) -> Result<Vec<Package>, FolderError> {
    let mut names = disk::names(folder)?;
    names.retain(|name| name.ends_with(".package") && !name.starts_with('.'));
    if names.len() > PACKAGES_MAX {
        return Err(content(folder, &"it holds more than 1,024 versions of the event"));
    }
    let read = |name: &String| {
        let path = folder.join(name);
        let file = disk::read_up_to(&path, Package::MAX)?;
        let file = file.ok_or_else(|| content(&path, &"it is gone"))?;
        Package::decode(&file.content).map_err(|error| content(&path, &error))
    };
    names.iter().map(read).collect()
}

const SEALING: &str = "sealing";
const TOKEN: &str = "organiser";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    name: String,
}

fn is_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

fn public(name: &str, key: &SigningKey, sealing: &HubSealSecret) -> HubPublic {
    let digits = |bytes: &[u8]| {
        let pairs = bytes.iter().flat_map(|byte| countersign::id::hex_digits(*byte));
        pairs.map(char::from).collect::<String>()
    };
    HubPublic {
        name: name.to_owned(),
        key: digits(key.verifying_key().as_bytes()),
        sealing: digits(sealing.public().as_bytes()),
    }
}

fn content(path: &Path, why: &dyn core::fmt::Display) -> FolderError {
    FolderError::Content { path: path.to_owned(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_the_folder_is_one_programs() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("hub");
        assert!(matches!(Folder::open(&path), Err(FolderError::NoHub(_))));
        let made = Folder::init(&path, "Hall \"A\"").unwrap();
        assert!(made.to_toml().starts_with("[[hub]]\nname = "));
        let read: toml::Table = made.to_toml().parse().unwrap();
        assert_eq!(read["hub"][0]["name"].as_str(), Some("Hall \"A\""));
        assert!(matches!(Folder::init(&path, "B"), Err(FolderError::Exists(_))));
        let folder = Folder::open(&path).unwrap();
        assert_eq!(folder.public().unwrap(), made);
        assert!(matches!(Folder::open(&path), Err(FolderError::Disk(DiskError::Busy(_)))));
        assert_eq!((folder.count_boot().unwrap(), folder.count_boot().unwrap()), (1, 2));
        assert_eq!(folder.token().unwrap(), folder.token().unwrap());
    }

    #[test]
    fn only_the_owner_reads_secrets() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        Folder::init(home.path(), "A").unwrap();
        let folder = Folder::open(home.path()).unwrap();
        folder.token().unwrap();
        for file in ["hub.key", "sealing.key", "organiser.key"] {
            let mode = std::fs::metadata(home.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
