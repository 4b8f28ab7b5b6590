//! The folder `keys/`: what is where, and how the current set is replaced.

use crate::ceremony::{CeremonyError, Unsigned};
use crate::disk::{self, Access, DiskError, Lock};
use crate::key_file::{self, KeyFileError, Role};
use crate::lifecycle::{self, id_of};
use crate::utc::Utc;
use countersign::keyset::{KeysetError, decode};
use countersign::{
    Fingerprint, Frame, KeyState, Keyset, KeysetContent, Realm, ServerKeyId, Signer, SigningKey,
    Timestamp, VerifyingKey,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const REALM_FORMAT: &str = "countersign-realm-v1";
const FRAME: &str = "keyset.frame";
const HISTORY: &str = "keyset-history";

/// Most former sets that [`read_history`] reads. A client asks for a quarter of that.
pub const HISTORY_MAX: usize = 1024;

/// The current set, checked, with the bytes that clients fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKeyset {
    /// What it says.
    pub keyset: Keyset,
    /// What clients fetch.
    pub frame: Vec<u8>,
}

/// Why the current set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not there.
    #[error("there is no key set in {}; make one with `countersign keys init`", .0.display())]
    Missing(PathBuf),
    /// Keys of another deployment.
    #[error(
        "the keys in {} are for the app {found_app} and the audience {found_audience}, \
         not for {app} and {audience}", folder.display()
    )]
    OtherRealm {
        /// The folder.
        folder: PathBuf,
        /// Whose keys they are.
        found_app: String,
        /// Whose keys they are.
        found_audience: String,
        /// Whose keys were wanted.
        app: String,
        /// Whose keys were wanted.
        audience: String,
    },
    /// The file that says whose keys they are is damaged, or missing where it is needed.
    #[error("{} should have the line \"countersign-realm-v1 <app> <audience>\"", .0.display())]
    RealmFile(PathBuf),
    /// The bytes are no set of these roots.
    #[error("{} is not valid: {source}", path.display())]
    Keyset {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeysetError,
    },
    /// An old file came back, for example from a backup. Clients that saw the newer one refuse it.
    #[error(
        "{} has version {found}, but the history holds version {known}, which clients may have seen; \
         restore the newest set, or sign one with a version above {known}", path.display()
    )]
    Rollback {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest version of the history.
        known: u64,
    },
    /// Not to be read.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a new set does not become the current one. The current one stays.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// A client that has the current set would refuse it.
    #[error("the new key set is refused: {0}")]
    Refused(#[from] KeysetError),
    /// Already there, or made before the current one.
    #[error(
        "the new key set has version {found}, but version {current} is in place; \
         repeat the step, it starts from the current set then"
    )]
    NotNewer {
        /// Its version.
        found: u64,
        /// The current version.
        current: u64,
    },
    /// Clients would fetch it in vain.
    #[error("the new key set expired at {}; repeat the step with a later expiry", Utc(*.0))]
    Expired(Timestamp),
    /// Nothing would sign answers.
    #[error("the new key set has no active key; activate a prepared one in it")]
    NoActiveKey,
    /// Clients find keys by these four bytes.
    #[error("the new key set has two keys {0}; leave one out")]
    Duplicate(ServerKeyId),
    /// A key came back, or a burnt one is whole again.
    #[error("key {id} is {} now and would become {} again; no key goes back",
        lifecycle::state_name(*.from), lifecycle::state_name(*.to))]
    Backwards {
        /// Which key.
        id: ServerKeyId,
        /// Its state now.
        from: KeyState,
        /// Its state in the new set.
        to: KeyState,
    },
    /// The server could not sign with the key that the set activates.
    #[error("the new key set activates a key that this folder cannot use: {0}")]
    KeyFile(#[from] KeyFileError),
    /// Not a root of the current set.
    #[error(
        "the root {found} is not trusted by the current key set, so clients would refuse what it signs; \
         use the key of one of: {trusted}"
    )]
    UntrustedRoot {
        /// The root at hand.
        found: Fingerprint,
        /// The roots of the current set.
        trusted: String,
    },
    /// The result of signing is not a set.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// Not to be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The folder, locked against other commands, with its current set.
#[derive(Debug)]
pub struct KeyFolder {
    path: PathBuf,
    realm: Realm,
    current: StoredKeyset,
    _lock: Lock,
}

impl KeyFolder {
    /// Locks the folder and reads its current set.
    pub fn open(path: &Path, realm: &Realm) -> Result<Self, ReadError> {
        if !path.is_dir() {
            return Err(ReadError::Missing(path.to_owned()));
        }
        let lock = disk::lock(path)?;
        let current = read_keyset(path, realm)?;
        Ok(Self { path: path.to_owned(), realm: realm.clone(), current, _lock: lock })
    }

    /// What the current set says.
    pub fn content(&self) -> &KeysetContent {
        &self.current.keyset.content
    }

    /// A fresh online key whose four bytes no key of the current set has. Not written yet.
    pub fn generate_online(&self) -> Result<SigningKey, KeyFileError> {
        loop {
            let key = key_file::generate()?;
            let id = id_of(key.verifying_key());
            if self.content().keys.iter().all(|known| id_of(&known.key) != id) {
                return Ok(key);
            }
        }
    }

    /// Writes an online key's file. Do it before a set that names the key is installed.
    pub fn store_online(&self, key: &SigningKey) -> Result<PathBuf, KeyFileError> {
        let path = online_path(&self.path, key.verifying_key().fingerprint());
        key_file::write_new(&path, Role::Online, key)?;
        Ok(path)
    }

    /// The next set as a root elsewhere signs it.
    pub fn export(&self, next: KeysetContent) -> Unsigned {
        Unsigned { realm: self.realm.clone(), content: next }
    }

    /// Whether clients that have the current set believe what this root signs.
    pub fn check_root(&self, root: &VerifyingKey) -> Result<(), InstallError> {
        let roots = &self.content().roots;
        if roots.contains(root) {
            return Ok(());
        }
        let trusted: Vec<_> = roots.iter().map(|root| root.fingerprint().to_string()).collect();
        let trusted = trusted.join(", ");
        Err(InstallError::UntrustedRoot { found: *root.fingerprint(), trusted })
    }

    /// Signs the next set with a root at hand and makes it the current one.
    pub fn sign_and_install(
        &mut self,
        next: KeysetContent,
        root: &SigningKey,
        now: Timestamp,
    ) -> Result<(), InstallError> {
        self.check_root(root.verifying_key())?;
        let frame = self.export(next).sign(root)?;
        self.install(&frame, now)
    }

    /// Makes a signed set the current one, if a client that has the current one would take it.
    pub fn install(&mut self, frame: &[u8], now: Timestamp) -> Result<(), InstallError> {
        let current = self.content();
        let keyset = Keyset::open(&self.realm, &current.roots, 0, frame)?;
        check_step(current, &keyset.content, now)?;
        for online in newly_active(current, &keyset.content) {
            let fingerprint = online.fingerprint();
            key_file::read_online(&online_path(&self.path, fingerprint), fingerprint)?;
        }
        // The former set goes to the history first: after a crash in between it is in both places.
        disk::make_folder(&self.path.join(HISTORY))?;
        disk::replace(
            &former_path(&self.path, current.version),
            &self.current.frame,
            Access::Public,
        )?;
        disk::replace(&self.path.join(FRAME), frame, Access::Public)?;
        self.current = StoredKeyset { keyset, frame: frame.to_vec() };
        Ok(())
    }
}

/// Reads and checks the current set without locking; replacing it is atomic.
pub fn read_keyset(folder: &Path, realm: &Realm) -> Result<StoredKeyset, ReadError> {
    if let Some(found) = read_realm(folder)? {
        check_realm(folder, &found, realm)?;
    }
    let path = folder.join(FRAME);
    let bytes = disk::read(&path)?.ok_or_else(|| ReadError::Missing(folder.to_owned()))?.content;
    let invalid = |source| ReadError::Keyset { path: path.clone(), source };
    let content = peek(&bytes).map_err(invalid)?;
    let former = former_versions(folder)?;
    if let Some(known) = former.last().copied().filter(|known| content.version < *known) {
        return Err(ReadError::Rollback { path, found: content.version, known });
    }
    // A set that changes the root is signed by a root of the set before it. After a crash, the history may hold the current
    // set as well: that one does not vouch for itself.
    let mut roots = content.roots;
    if let Some(before) = former.into_iter().rev().find(|version| *version < content.version) {
        roots.extend(read_former(folder, before)?.roots);
    }
    let keyset = Keyset::open(realm, &roots, 0, &bytes).map_err(invalid)?;
    Ok(StoredKeyset { keyset, frame: bytes.to_vec() })
}

/// The newest former sets, by version. A file that is no set of its version is left out: clients could not use it.
pub fn read_history(folder: &Path) -> Result<BTreeMap<u64, Vec<u8>>, DiskError> {
    let mut sets = BTreeMap::new();
    for version in former_versions(folder)?.into_iter().rev().take(HISTORY_MAX) {
        let Some(file) = disk::read(&former_path(folder, version))? else { continue };
        if peek(&file.content).is_ok_and(|content| content.version == version) {
            sets.insert(version, file.content.to_vec());
        }
    }
    Ok(sets)
}

/// For whom the keys of a folder are, if it says so.
pub fn read_realm(folder: &Path) -> Result<Option<Realm>, ReadError> {
    let path = folder.join("realm");
    let Some(file) = disk::read(&path)? else { return Ok(None) };
    let text = core::str::from_utf8(&file.content).unwrap_or_default();
    let realm = match *text.split_whitespace().collect::<Vec<_>>() {
        [REALM_FORMAT, app, audience] => Realm::new(app, audience).ok(),
        _ => None,
    };
    realm.map(Some).ok_or(ReadError::RealmFile(path))
}

/// Where the private half of an online key lies.
pub fn online_path(folder: &Path, fingerprint: &Fingerprint) -> PathBuf {
    folder.join(format!("online-{}.key", fingerprint.server_key_id()))
}

/// Where a root lies until it is moved away.
pub fn root_path(folder: &Path) -> PathBuf {
    folder.join("root.key")
}

/// Writes the first set of a folder, and whose it is.
pub(crate) fn write_first(folder: &Path, realm: &Realm, frame: &[u8]) -> Result<(), DiskError> {
    let line = format!("{REALM_FORMAT} {} {}\n", realm.app(), realm.audience());
    disk::replace(&folder.join("realm"), line.as_bytes(), Access::Public)?;
    disk::replace(&folder.join(FRAME), frame, Access::Public)
}

/// Whether a folder has, or had, a set.
pub(crate) fn has_keyset(folder: &Path) -> Result<bool, DiskError> {
    Ok(folder.join(FRAME).symlink_metadata().is_ok() || !former_versions(folder)?.is_empty())
}

/// Online key files of a folder, by name.
pub(crate) fn online_files(folder: &Path) -> Result<Vec<String>, DiskError> {
    let names = disk::names(folder)?;
    let online = |name: &String| name.starts_with("online-") && name.ends_with(".key");
    Ok(names.into_iter().filter(online).collect())
}

/// What no step, and no root, may do to a set.
fn check_step(
    current: &KeysetContent,
    next: &KeysetContent,
    now: Timestamp,
) -> Result<(), InstallError> {
    if next.version <= current.version {
        return Err(InstallError::NotNewer { found: next.version, current: current.version });
    }
    if next.expires <= now {
        return Err(InstallError::Expired(next.expires));
    }
    if !next.keys.iter().any(|online| online.state == KeyState::Active) {
        return Err(InstallError::NoActiveKey);
    }
    for (index, online) in next.keys.iter().enumerate() {
        let id = id_of(&online.key);
        if next.keys[..index].iter().any(|other| id_of(&other.key) == id) {
            return Err(InstallError::Duplicate(id));
        }
        let known = current.keys.iter().find(|known| known.key == online.key);
        if let Some(from) =
            known.map(|known| known.state).filter(|from| *from as u8 > online.state as u8)
        {
            return Err(InstallError::Backwards { id, from, to: online.state });
        }
    }
    Ok(())
}

fn newly_active<'s>(
    current: &'s KeysetContent,
    next: &'s KeysetContent,
) -> impl Iterator<Item = &'s VerifyingKey> {
    let was_active = |key: &VerifyingKey| {
        current.keys.iter().any(|known| known.key == *key && known.state == KeyState::Active)
    };
    let active = next.keys.iter().filter(|online| online.state == KeyState::Active);
    active.map(|online| &online.key).filter(move |key| !was_active(key))
}

fn check_realm(folder: &Path, found: &Realm, wanted: &Realm) -> Result<(), ReadError> {
    if found == wanted {
        return Ok(());
    }
    Err(ReadError::OtherRealm {
        folder: folder.to_owned(),
        found_app: found.app().into(),
        found_audience: found.audience().into(),
        app: wanted.app().into(),
        audience: wanted.audience().into(),
    })
}

/// What a frame says, without trusting it yet.
fn peek(frame: &[u8]) -> Result<KeysetContent, KeysetError> {
    Ok(decode(Frame::split(frame)?.header)?.0)
}

fn read_former(folder: &Path, version: u64) -> Result<KeysetContent, ReadError> {
    let path = former_path(folder, version);
    let bytes = disk::read(&path)?.ok_or_else(|| ReadError::Missing(path.clone()))?.content;
    peek(&bytes).map_err(|source| ReadError::Keyset { path, source })
}

fn former_path(folder: &Path, version: u64) -> PathBuf {
    folder.join(HISTORY).join(format!("{version:020}.frame"))
}

/// Versions in the history, oldest first. Anything else that lies there is not ours.
fn former_versions(folder: &Path) -> Result<Vec<u64>, DiskError> {
    let names = disk::names(&folder.join(HISTORY))?;
    let version =
        |name: &String| name.strip_suffix(".frame").filter(|n| n.len() == 20)?.parse().ok();
    let mut versions: Vec<u64> = names.iter().filter_map(version).collect();
    versions.sort_unstable();
    Ok(versions)
}
