//! The secret without which stored MACs of codes say nothing.

use crate::code::{RandomError, fill_random};
use crate::mac::MacKey;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const LEN: usize = 32;

/// 32 secret bytes, kept in a file beside the database and never in it. Replicas share one.
#[derive(Clone)]
pub struct Pepper(MacKey);

/// Why there is no pepper.
#[derive(Debug, thiserror::Error)]
pub enum PepperError {
    /// The file cannot be read or written.
    #[error("the pepper file {path} cannot be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others could read it.
    #[error("the pepper file {path} can be read by other users; its mode must be 0600")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("the pepper file {path} does not hold 64 hexadecimal digits")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// No random bytes for a new one.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl Pepper {
    /// Wraps given bytes: for tests, and for operators who keep the pepper elsewhere.
    pub const fn from_bytes(bytes: [u8; LEN]) -> Self {
        Self(MacKey::from_32(bytes))
    }

    /// Reads the pepper, or makes one at the first start.
    ///
    /// Losing the file costs the codes that are on their way, nothing else.
    pub fn load_or_create(path: &Path) -> Result<Self, PepperError> {
        let failed = |source| PepperError::Io { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => Self::read(path, file),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut bytes = Zeroizing::new([0; LEN]);
                fill_random(bytes.as_mut_slice())?;
                match publish(path, &bytes) {
                    // Another process that starts at the same time may have been first: its file counts for both.
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
                    Ok(()) | Err(_) => Self::read(path, File::open(path).map_err(failed)?),
                }
            }
            Err(error) => Err(failed(error)),
        }
    }

    pub(crate) fn key(&self) -> &MacKey {
        &self.0
    }

    fn read(path: &Path, file: File) -> Result<Self, PepperError> {
        let failed = |source| PepperError::Io { path: path.to_owned(), source };
        if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
            return Err(PepperError::Exposed { path: path.to_owned() });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(1024).read_to_string(&mut text).map_err(failed)?;
        let mut bytes = Zeroizing::new([0; LEN]);
        hex::decode_to_slice(text.trim_end(), bytes.as_mut_slice())
            .map_err(|_| PepperError::Malformed { path: path.to_owned() })?;
        Ok(Self::from_bytes(*bytes))
    }
}

impl core::fmt::Debug for Pepper {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pepper(..)")
    }
}

/// Writes the whole file under another name first, so that nobody ever reads half a pepper, and gives it its name
/// only if there is none yet.
fn publish(path: &Path, bytes: &[u8; LEN]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = PathBuf::from(draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let text = Zeroizing::new(hex::encode(bytes) + "\n");
    let linked = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    linked?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;

    #[test]
    fn the_first_start_makes_a_private_file_and_later_starts_read_it() -> Result<(), Box<dyn Error>>
    {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("pepper");
        let made = Pepper::load_or_create(&path)?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        assert_eq!(Pepper::load_or_create(&path)?.key().mac(&[]), made.key().mac(&[]));
        assert_ne!(made.key().mac(&[]), Pepper::from_bytes([0; LEN]).key().mac(&[]));
        assert_eq!(fs::read_dir(directory.path())?.count(), 1);
        assert_eq!(format!("{made:?}"), "Pepper(..)");
        Ok(())
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_damaged_is_refused() -> Result<(), Box<dyn Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("pepper");
        fs::write(&path, "00".repeat(LEN))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640))?;
        assert!(matches!(Pepper::load_or_create(&path), Err(PepperError::Exposed { .. })));
        fs::write(&path, "00".repeat(LEN - 1))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        assert!(matches!(Pepper::load_or_create(&path), Err(PepperError::Malformed { .. })));
        Ok(())
    }
}
