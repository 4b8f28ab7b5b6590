//! Secrets of 32 bytes in files that only their owner can read: what they are on the first line, 64 digits on the second.

use countersign_keys::disk::{self, Access, DiskError};
use countersign_keys::key_file::{self, KeyFileError};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FORMAT: &str = "countersign-secret-v1";

/// Why a secret cannot be used. Never shows it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The system said no.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Others can read it.
    #[error(transparent)]
    Mode(#[from] KeyFileError),
    /// Something else.
    #[error(
        "{} cannot be read: its first line should say \"{what}\", its second should hold the secret; put the file back from a backup",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        what: String,
    },
}

/// Reads a secret; `None` if there is no file.
pub(super) fn read(path: &Path, what: &str) -> Result<Option<Zeroizing<[u8; 32]>>, SecretError> {
    let Some(file) = disk::read(path)? else { return Ok(None) };
    key_file::check_mode(path, &file.file)?;
    let wrong = || SecretError::Format { path: path.to_owned(), what: what.to_owned() };
    parse(&file.content, what).map(Some).ok_or_else(wrong)
}

/// Writes a secret, or another one in its place.
pub(super) fn write(path: &Path, what: &str, secret: &[u8; 32]) -> Result<(), SecretError> {
    let mut content = Zeroizing::new(Vec::with_capacity(160));
    content.extend_from_slice(format!("{FORMAT} {what}\n").as_bytes());
    for byte in secret {
        content.extend_from_slice(&countersign::id::hex_digits(*byte));
    }
    content.push(b'\n');
    Ok(disk::replace(path, &content, Access::Private)?)
}

fn parse(content: &[u8], what: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut lines = core::str::from_utf8(content).ok()?.lines();
    let named = lines.next()?.strip_prefix(FORMAT)?.strip_prefix(' ')?;
    let mut secret = Zeroizing::new([0; 32]);
    let is_good = countersign::id::parse_hex(lines.next()?, secret.as_mut_slice());
    (named == what && is_good && lines.next().is_none()).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_written_is_read_by_its_owner_and_as_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        assert_eq!(read(&path, "sealing").unwrap(), None);
        write(&path, "sealing", &[0x5e; 32]).unwrap();
        assert_eq!(*read(&path, "sealing").unwrap().unwrap(), [0x5e; 32]);
        let error = read(&path, "event").unwrap_err();
        assert!(matches!(error, SecretError::Format { .. }));
        assert!(!format!("{error} {error:?}").contains("5e5e"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(read(&path, "sealing"), Err(SecretError::Mode(_))));
    }
}
