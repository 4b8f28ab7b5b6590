//! Profiles: one folder per server and account, with a state file and perhaps the key.

mod state;
mod text;

pub use state::{SessionState, State, StreamState, TlsState};

use crate::keystore::KeyStore;
use std::fs::DirBuilder;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use thiserror::Error;

/// Name of the state file in a profile's folder.
const STATE_FILE: &str = "state.json";

/// The name of a profile: 1 to 64 of `A-Z a-z 0-9 . _ -`, not starting with a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileName(String);

/// Text that is no profile name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a profile name; use 1 to 64 of A-Z a-z 0-9 . _ - and no dot in front")]
pub struct ProfileNameError(String);

impl FromStr for ProfileName {
    type Err = ProfileNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('.') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProfileNameError(text.to_owned()))
        }
    }
}

/// Why a profile cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// Neither `XDG_DATA_HOME` nor `HOME` says where.
    #[error("set XDG_DATA_HOME or HOME, so that there is a place for profiles")]
    NoHome,
    /// Nothing was saved under this name.
    #[error("there is no profile '{0}' yet; log in first: countersign login ADDRESS --server URL")]
    Absent(String),
    /// The file system refuses.
    #[error("{} cannot be used: {why}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What failed.
        why: String,
    },
    /// The state file holds something else.
    #[error("{} is damaged: {why}; delete it and log in again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// A profile's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: ProfileName,
    folder: PathBuf,
}

impl Profile {
    /// The profile below a data folder; nothing is read or made yet.
    pub fn below(data_home: &Path, name: ProfileName) -> Self {
        let folder = data_home.join("countersign").join(&name.0);
        Self { name, folder }
    }

    /// The data folder as the XDG base directory specification says.
    pub fn data_home() -> Result<PathBuf, ProfileError> {
        let absolute = |path: PathBuf| path.is_absolute().then_some(path);
        let xdg = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).and_then(absolute);
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"));
        xdg.or_else(|| home().and_then(absolute)).ok_or(ProfileError::NoHome)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name.0
    }

    /// Where its key lies.
    pub fn key_store(&self) -> KeyStore {
        KeyStore::new(&self.folder, &self.name.0)
    }

    /// Where the key lies that this device votes with as a judge.
    pub fn judge_key_store(&self) -> KeyStore {
        KeyStore::for_judging(&self.folder, &self.name.0)
    }

    /// Makes the folder, for this user only.
    pub fn create(&self) -> Result<(), ProfileError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder).map_err(|e| io(&self.folder, &e))
    }

    /// Reads the state.
    pub fn load(&self) -> Result<State, ProfileError> {
        let path = self.folder.join(STATE_FILE);
        let bytes = std::fs::read(&path).map_err(|error| {
            if error.kind() == ErrorKind::NotFound {
                ProfileError::Absent(self.name.0.clone())
            } else {
                io(&path, &error)
            }
        })?;
        serde_json::from_slice(&bytes)
            .map_err(|error| ProfileError::Damaged { path, why: error.to_string() })
    }

    /// Writes the state beside the old one and then swaps: a crash leaves the one or the other, never half of it.
    pub fn save(&self, state: &State) -> Result<(), ProfileError> {
        let path = self.folder.join(STATE_FILE);
        let failed = |error: std::io::Error| io(&path, &error);
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        let mut bytes = serde_json::to_vec_pretty(state).map_err(|e| failed(e.into()))?;
        bytes.push(b'\n');
        file.write_all(&bytes).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|e| failed(e.error))?;
        Ok(())
    }
}

fn io(path: &Path, error: &std::io::Error) -> ProfileError {
    ProfileError::Io { path: path.to_owned(), why: error.to_string() }
}
