//! What a restart must not lose, on disk: replaced as a whole, so that a power cut leaves the old or the new.

use countersign_keys::disk::{
    Access, DiskError, Lock, failed, lock, make_folder, read_up_to, replace,
};
use countersign_mesh::{RelayConfig, Role};
use std::path::{Path, PathBuf};

/// Bytes of the largest snapshot; the relay's limits keep it far below.
const MAX: usize = 8 << 20;

/// A node's folder, locked against a second node.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: Lock,
}

impl Folder {
    /// Makes it if it is not there. Each event has a file of its own.
    pub(crate) fn open(folder: &Path, config: &RelayConfig) -> Result<Self, DiskError> {
        make_folder(folder)?;
        let lock = lock(folder)?;
        let name = match &config.role {
            Role::Keyless { .. } => "relay-keyless.snapshot".to_owned(),
            Role::Member { keys, .. } => match keys.first() {
                Some(keys) => format!("relay-{}.snapshot", keys.event_tag()),
                None => "relay.snapshot".to_owned(),
            },
        };
        Ok(Self { path: folder.join(name), _lock: lock })
    }

    /// The last snapshot.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, DiskError> {
        Ok(read_up_to(&self.path, MAX)?.map(|file| file.content.to_vec()))
    }

    /// Puts an unreadable one aside, for whoever wants to know why.
    pub(crate) fn put_aside(&self) -> Result<PathBuf, DiskError> {
        let aside = self.path.with_extension("damaged");
        std::fs::rename(&self.path, &aside).map_err(failed(&self.path, "put aside"))?;
        Ok(aside)
    }

    /// What a task on another thread needs to replace it.
    pub(crate) fn writer(&self) -> impl FnOnce(Vec<u8>) -> Result<(), DiskError> + Send + 'static {
        let path = self.path.clone();
        move |content| replace(&path, &content, Access::Private)
    }
}
