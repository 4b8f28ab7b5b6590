//! Files that survive a crash: written aside, synced, renamed, and the folder synced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file that is read here; a full key set has less than 4 KiB.
const FILE_MAX: usize = 64 * 1024;

/// What the file system refused.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// The system said no.
    #[error("{} cannot be {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was to be done with it.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Larger than anything that belongs there.
    #[error("{} is too large to be what it should be", .0.display())]
    TooLarge(PathBuf),
    /// Two commands at once would fork the versions.
    #[error("another command is working in {}; try again when it has ended", .0.display())]
    Busy(PathBuf),
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner only.
    Private,
    /// Whoever may enter the folder.
    Public,
}

/// A file that was read, still open, so that its permissions are those of what was read.
pub struct SmallFile {
    /// For asking about its permissions.
    pub file: File,
    /// Wiped when dropped.
    pub content: Zeroizing<Vec<u8>>,
}

/// The lock on a folder; given back when dropped.
#[derive(Debug)]
pub struct Lock(File);

impl Drop for Lock {
    /// Closing the file would not do: a process that is being started holds every open file of ours until it runs its own program,
    /// and a lock belongs to all who hold the file.
    fn drop(&mut self) {
        // It is closed next in any case.
        drop(self.0.unlock());
    }
}

/// Locks a folder against other commands; readers need no lock.
pub fn lock(folder: &Path) -> Result<Lock, DiskError> {
    let path = folder.join(".lock");
    let file = options(Access::Private)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed(&path, "opened"))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(DiskError::Busy(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(&path, "locked")(source)),
    }
}

/// Makes a folder that only its owner may enter, with its parents.
pub fn make_folder(path: &Path) -> Result<(), DiskError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed(path, "created"))
}

/// Replaces a file, or makes it, so that a crash leaves the old content or the new one.
pub fn replace(path: &Path, content: &[u8], access: Access) -> Result<(), DiskError> {
    let aside = aside(path);
    // A command that was killed may have left one, with another mode.
    match fs::remove_file(&aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&aside, "removed")(error)),
    }
    let mut file =
        options(access).create_new(true).open(&aside).map_err(failed(&aside, "created"))?;
    file.write_all(content).map_err(failed(&aside, "written"))?;
    file.sync_all().map_err(failed(&aside, "synced"))?;
    fs::rename(&aside, path).map_err(failed(path, "replaced"))?;
    sync_parent(path)
}

/// Writes a file that is not there yet, in a folder that [`publish`] shows to others later. A crash may leave half of it.
pub fn create(path: &Path, content: &[u8], access: Access) -> Result<(), DiskError> {
    let mut file = options(access).create_new(true).open(path).map_err(failed(path, "created"))?;
    file.write_all(content).map_err(failed(path, "written"))?;
    file.sync_all().map_err(failed(path, "synced"))
}

/// Gives a folder its final name, so that a crash leaves it whole or not there. The name must be free, or an empty folder's.
pub fn publish(aside: &Path, path: &Path) -> Result<(), DiskError> {
    fs::rename(aside, path).map_err(failed(path, "put in place"))?;
    sync_parent(path)
}

/// Reads a small file whole, into memory that is wiped; `None` if there is none. 64 KiB at most.
pub fn read(path: &Path) -> Result<Option<SmallFile>, DiskError> {
    read_up_to(path, FILE_MAX)
}

/// The same with another limit, in bytes.
pub fn read_up_to(path: &Path, max: usize) -> Result<Option<SmallFile>, DiskError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, "opened")(error)),
    };
    let metadata = file.metadata().map_err(failed(path, "inspected"))?;
    // A pipe does not know how much will come.
    let len = if metadata.is_file() { metadata.len() } else { max as u64 };
    let fits = usize::try_from(len).ok().filter(|len| *len <= max);
    let len = fits.ok_or_else(|| DiskError::TooLarge(path.to_owned()))?;
    // Reserved at once: a growing vector would leave copies of a secret behind.
    let mut content = Zeroizing::new(Vec::with_capacity(len + 1));
    (&file).take(len as u64 + 1).read_to_end(&mut content).map_err(failed(path, "read"))?;
    if content.len() > len {
        return Err(DiskError::TooLarge(path.to_owned()));
    }
    Ok(Some(SmallFile { file, content }))
}

/// Names of the files in a folder; none if there is no folder.
pub fn names(folder: &Path) -> Result<Vec<String>, DiskError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, "listed")(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed(folder, "listed"))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// For `map_err`: names the file and what was to be done with it ("read", "written").
pub fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> DiskError {
    move |source| DiskError::Io { path: path.to_owned(), action, source }
}

fn aside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

fn options(access: Access) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match access {
            Access::Private => 0o600,
            Access::Public => 0o644,
        },
    );
    #[cfg(not(unix))]
    let _ = access;
    options
}

fn sync_parent(path: &Path) -> Result<(), DiskError> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        Some(_) | None => sync_folder(Path::new(".")),
    }
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub fn sync_folder(path: &Path) -> Result<(), DiskError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(failed(path, "synced"))
}

/// Other systems keep names without being asked, and cannot open a folder.
#[cfg(not(unix))]
pub fn sync_folder(_: &Path) -> Result<(), DiskError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{DiskError, lock};

    #[test]
    fn a_lock_ends_with_its_holder_though_another_process_is_being_started() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        assert!(matches!(lock(folder.path()), Err(DiskError::Busy(_))));
        // What a child has between fork and exec.
        let of_child = held.0.try_clone().unwrap();
        drop(held);
        drop(lock(folder.path()).unwrap());
        drop(of_child);
    }
}
