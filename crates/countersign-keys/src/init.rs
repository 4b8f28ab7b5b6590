//! The first keys of a deployment.

use crate::ceremony::{CeremonyError, Unsigned};
use crate::disk::{self, DiskError};
use crate::folder;
use crate::key_file::{self, KeyFileError, Role};
use crate::lifecycle::{LifecycleError, checked_pins};
use core::time::Duration;
use countersign::{
    KeyState, KeysetContent, OnlineKey, Realm, Signer, SigningKey, Timestamp, VerifyingKey, wire,
};
use std::path::{Path, PathBuf};

const DAY: Duration = Duration::from_secs(86_400);

/// How the first set is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitOptions {
    /// How long the first online key may sign.
    pub online_life: Duration,
    /// After how long clients must have fetched a newer set.
    pub keyset_life: Duration,
    /// How far the first online key reaches into the past, for devices whose clock is behind.
    pub lead: Duration,
    /// Lowest protocol version that clients may speak.
    pub min_protocol: u8,
    /// SHA-256 of the SubjectPublicKeyInfo of each TLS key: none, or two and more.
    pub pins: Vec<[u8; 32]>,
    /// Where the root lies: used if it is there, made if not. `None`: `root.key` in the folder.
    pub root: Option<PathBuf>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialised {
    /// What clients embed.
    pub root: VerifyingKey,
    /// Where its private half lies.
    pub root_path: PathBuf,
    /// What signs answers.
    pub online: VerifyingKey,
}

/// Why there are no first keys.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Clients trust what is there.
    #[error(
        "{} has keys already, and clients may trust them: nothing was changed; \
         use the other `keys` commands, or another folder", .0.display()
    )]
    Exists(PathBuf),
    /// A life of zero, or a protocol that does not exist.
    #[error("the first key set would be of no use: {0}")]
    Options(&'static str),
    /// Pins that would lock clients out.
    #[error(transparent)]
    Pins(#[from] LifecycleError),
    /// A key cannot be made, read or written.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The set cannot be signed.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// Not to be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Makes a root, one active online key, and version 1 of the key set. Refuses a folder that has or had a set.
///
/// The set is written last. What an interrupted run left behind is completed: a root that is there is used again.
pub fn init(
    folder: &Path,
    realm: &Realm,
    now: Timestamp,
    options: &InitOptions,
) -> Result<Initialised, InitError> {
    check(options)?;
    let pins = checked_pins(&options.pins)?;
    disk::make_folder(folder)?;
    let _lock = disk::lock(folder)?;
    if folder::has_keyset(folder)? {
        return Err(InitError::Exists(folder.to_owned()));
    }
    let root_path = options.root.clone().unwrap_or_else(|| folder::root_path(folder));
    let root = read_or_make_root(&root_path)?;
    let online = key_file::generate()?;
    let fingerprint = online.verifying_key().fingerprint();
    key_file::write_new(&folder::online_path(folder, fingerprint), Role::Online, &online)?;
    let content = KeysetContent {
        version: 1,
        issued: now,
        expires: now.plus(options.keyset_life),
        min_protocol: options.min_protocol,
        keys: vec![OnlineKey {
            key: online.verifying_key().clone(),
            state: KeyState::Active,
            not_before: now.minus(options.lead),
            not_after: now.plus(options.online_life),
        }],
        roots: vec![root.verifying_key().clone()],
        pins,
    };
    let frame = Unsigned { realm: realm.clone(), content }.sign(&root)?;
    folder::write_first(folder, realm, &frame)?;
    let (root, online) = (root.verifying_key().clone(), online.verifying_key().clone());
    Ok(Initialised { root, root_path, online })
}

impl Default for InitOptions {
    /// An online key for a year, a set for half a year, no pins, the root beside them.
    fn default() -> Self {
        Self {
            online_life: 365 * DAY,
            keyset_life: 180 * DAY,
            lead: Duration::from_secs(3600),
            min_protocol: wire::VERSION,
            pins: Vec::new(),
            root: None,
        }
    }
}

fn check(options: &InitOptions) -> Result<(), InitError> {
    if options.online_life.is_zero() || options.keyset_life.is_zero() {
        return Err(InitError::Options("it and its key have to live longer than no time"));
    }
    if options.min_protocol == 0 || options.min_protocol > wire::VERSION {
        return Err(InitError::Options("the lowest protocol version has to be 1"));
    }
    Ok(())
}

fn read_or_make_root(path: &Path) -> Result<SigningKey, KeyFileError> {
    match key_file::read(path, Role::Root) {
        Err(KeyFileError::Missing { .. }) => {
            let root = key_file::generate()?;
            key_file::write_new(path, Role::Root, &root)?;
            Ok(root)
        }
        other => other,
    }
}
