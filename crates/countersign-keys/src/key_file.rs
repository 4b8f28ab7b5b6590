//! Private keys in files.
//!
//! ```text
//! countersign-key-v1 ed25519 online
//! 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
//! ```

use crate::disk::{self, Access, DiskError, SmallFile};
use core::fmt;
use countersign::{Fingerprint, Signer, SigningKey};
use std::fs::File;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FORMAT: &str = "countersign-key-v1 ed25519";

/// What a key may be used for. The file says it, so that none is used for the other by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Signs key sets; belongs on an offline medium.
    Root,
    /// Signs answers; lies on the server.
    Online,
    /// Signs the certificates of devices; lies at a factory's station.
    Factory,
    /// The identity of a device's master; lies on the device.
    Master,
    /// The identity of a device's slave; lies on the device.
    Slave,
    /// Signs receipts and the log of an event; lies on the venue's hub.
    Hub,
}

impl Role {
    const ALL: [Self; 6] =
        [Self::Root, Self::Online, Self::Factory, Self::Master, Self::Slave, Self::Hub];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Online => "online",
            Self::Factory => "factory",
            Self::Master => "master",
            Self::Slave => "slave",
            Self::Hub => "hub",
        }
    }
}

/// Why a key file cannot be used. Never shows its content.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Not there.
    #[error("the {role} key file {} is missing", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// What it should be.
        role: Role,
    },
    /// It would overwrite a key.
    #[error("{} exists; a key is never overwritten: move it away or choose another name", .0.display())]
    Exists(PathBuf),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Others can read it, so others may have read it.
    #[error(
        "{} can be read by others (mode {mode:04o}); if nobody did, run: chmod 600 {} \
         (on a FAT stick, mount it with umask=077)", path.display(), path.display()
    )]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Something else.
    #[error(
        "{} is no key file: it should have the line \"countersign-key-v1 ed25519 root\" (or online, factory, master, \
         slave, hub) and a line of 64 hexadecimal digits", .0.display()
    )]
    Format(PathBuf),
    /// A key for another use.
    #[error("{} holds a key for another use: this needs a key of the role {expected}", path.display())]
    Role {
        /// The file.
        path: PathBuf,
        /// What was needed.
        expected: Role,
    },
    /// The file was swapped.
    #[error("{} holds the key {found}, but the key set names {expected}", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// What the key set says.
        expected: Fingerprint,
        /// What the file holds.
        found: Fingerprint,
    },
    /// The system has no randomness.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
}

/// A fresh key from the system's generator.
pub fn generate() -> Result<SigningKey, KeyFileError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(KeyFileError::Random)?;
    Ok(SigningKey::from_seed(&seed))
}

/// Reads a private key that only its owner can read.
pub fn read(path: &Path, role: Role) -> Result<SigningKey, KeyFileError> {
    let SmallFile { file, content } =
        disk::read(path)?.ok_or_else(|| KeyFileError::Missing { path: path.to_owned(), role })?;
    check_mode(path, &file)?;
    let (found, seed) = parse(&content).ok_or_else(|| KeyFileError::Format(path.to_owned()))?;
    if found != role {
        return Err(KeyFileError::Role { path: path.to_owned(), expected: role });
    }
    Ok(SigningKey::from_seed(&seed))
}

/// Reads an online key that has to be the one with this fingerprint.
pub fn read_online(path: &Path, expected: &Fingerprint) -> Result<SigningKey, KeyFileError> {
    let key = read(path, Role::Online)?;
    let found = *key.verifying_key().fingerprint();
    if found == *expected {
        Ok(key)
    } else {
        Err(KeyFileError::OtherKey { path: path.to_owned(), expected: *expected, found })
    }
}

/// Writes a private key, readable by its owner only. Never overwrites.
pub fn write_new(path: &Path, role: Role, key: &SigningKey) -> Result<(), KeyFileError> {
    if path.symlink_metadata().is_ok() {
        return Err(KeyFileError::Exists(path.to_owned()));
    }
    let mut content = Zeroizing::new(Vec::with_capacity(128));
    content.extend_from_slice(format!("{FORMAT} {role}\n").as_bytes());
    let start = content.len();
    content.resize(start + 64, 0);
    let digits = hex::encode_to_slice(key.to_seed().as_slice(), &mut content[start..]);
    digits.map_err(|_| KeyFileError::Format(path.to_owned()))?;
    content.push(b'\n');
    Ok(disk::replace(path, &content, Access::Private)?)
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn parse(content: &[u8]) -> Option<(Role, Zeroizing<[u8; 32]>)> {
    let text = core::str::from_utf8(content).ok()?;
    let mut lines = text.lines();
    let named = lines.next()?.strip_prefix(FORMAT)?.strip_prefix(' ')?;
    let role = Role::ALL.into_iter().find(|role| role.as_str() == named)?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(lines.next()?, seed.as_mut_slice()).ok()?;
    lines.next().is_none().then_some((role, seed))
}

/// Refuses a file that others than its owner can read. Asks the open file, not the path: the path could be swapped in between.
#[cfg(unix)]
pub fn check_mode(path: &Path, file: &File) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(disk::failed(path, "inspected"))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyFileError::TooOpen { path: path.into(), mode }) }
}

/// Other systems have no such bits; the folder's access list protects the file there.
#[cfg(not(unix))]
pub fn check_mode(_: &Path, _: &File) -> Result<(), KeyFileError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_parses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let key = SigningKey::from_seed(&[0x5e; 32]);
        write_new(&path, Role::Online, &key).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("countersign-key-v1 ed25519 online\n{}\n", "5e".repeat(32)));
        assert_eq!(read(&path, Role::Online).unwrap().to_seed(), key.to_seed());
        assert!(matches!(read(&path, Role::Root), Err(KeyFileError::Role { .. })));
        assert!(matches!(write_new(&path, Role::Root, &key), Err(KeyFileError::Exists(_))));
        for bad in [
            "".to_owned(),
            text.replace("v1", "v2"),
            text.replace("ed25519", "es256"),
            text.replace("online", "both"),
            text.replace("5e5e", "5e"),
            text.replacen("5e", "5g", 1),
            format!("{text}more\n"),
        ] {
            assert!(parse(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(parse(text.replace('\n', "\r\n").as_bytes()).is_some());
    }

    #[test]
    fn errors_never_show_the_seed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        std::fs::write(&path, format!("{FORMAT} online\n{}!", "5e".repeat(32))).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        }
        let error = read(&path, Role::Online).unwrap_err();
        assert!(matches!(error, KeyFileError::Format(_)));
        assert!(!format!("{error} {error:?}").contains("5e5e"));
    }
}
