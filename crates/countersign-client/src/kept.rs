//! The folder in which an app core keeps what must survive a restart: one file per name.

use std::io::{Error, Write};
use std::path::PathBuf;

/// Largest thing that is kept: an event's bundle.
const FILE_MAX: u64 = 1024 * 1024;

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct FolderError {
    /// The path.
    pub path: PathBuf,
    /// What is wrong.
    pub why: String,
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// Makes the folder if it is not there.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, FolderError> {
        let kept = Self { folder };
        std::fs::create_dir_all(&kept.folder).map_err(|error| kept.failed(&error))?;
        Ok(kept)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.folder
    }

    /// Everything that was kept, by name.
    pub(crate) fn all(&self) -> Result<Vec<(String, Vec<u8>)>, FolderError> {
        self.read().map_err(|error| self.failed(&error))
    }

    fn read(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let Ok(file) = entry.file_name().into_string() else { continue };
            let metadata = entry.metadata()?;
            // Temporary files of a run that was killed start with a dot.
            if file.starts_with('.') || !metadata.is_file() || metadata.len() > FILE_MAX {
                continue;
            }
            all.push((file.replacen('.', "/", 1), std::fs::read(entry.path())?));
        }
        Ok(all)
    }

    /// Beside the old one and then swapped: a crash leaves the one or the other. Only this user can read it.
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(self.path_of(name))?;
            std::fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error: Error| self.failed(&error))
    }

    /// What is not there is forgotten already.
    pub(crate) fn forget(&self, name: &str) {
        drop(std::fs::remove_file(self.path_of(name)));
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(name.replace('/', "."))
    }

    fn failed(&self, error: &Error) -> FolderError {
        FolderError { path: self.folder.clone(), why: error.to_string() }
    }
}
