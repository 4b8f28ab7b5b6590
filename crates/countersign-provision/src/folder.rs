//! The folder of one half.

use crate::config::{ConfigError, DeviceConfig, Half, SecretPlace};
use countersign::keyset::KeysetError;
use countersign::{Keyset, Realm, Signer, SigningKey};
use countersign_keys::disk::{self, Access, DiskError, SmallFile};
use countersign_keys::{KeyFileError, key_file};
use countersign_league::evidence::{EvidenceError, PairCertificate, Signed, open};
use countersign_league::{DeviceId, Params};
use std::path::{Path, PathBuf};

/// Name of the settings.
pub const CONFIG_FILE: &str = "device.toml";
/// Name of the pair certificate.
pub const PAIR_FILE: &str = "pair.cert";
/// Name of the key set.
pub const KEYSET_FILE: &str = "keyset.bin";

/// Name of the file with a half's secret key: `master.key` or `slave.key`.
pub const fn key_file_name(half: Half) -> &'static str {
    match half {
        Half::Master => "master.key",
        Half::Slave => "slave.key",
    }
}

/// The first label of a device's DNS name, before the deployment's domain: the first 16 hexadecimal digits of its id. Factory and
/// server derive it alike.
pub fn host_label(device: &DeviceId) -> String {
    let mut label = device.to_string();
    label.truncate(16);
    label
}

/// What is written into a folder.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The settings.
    pub config: &'a DeviceConfig,
    /// The secret key, unless it lives in a chip.
    pub key: Option<&'a SigningKey>,
    /// Frame of the pair certificate.
    pub pair: &'a [u8],
    /// Frame of the key set.
    pub keyset: &'a [u8],
}

/// The secret key of a half.
#[derive(Debug)]
pub enum OwnKey {
    /// Read from the folder.
    File(Box<SigningKey>),
    /// In the chip; ask it to sign.
    Chip,
}

/// A folder that was read and passed every check.
#[derive(Debug)]
#[non_exhaustive]
pub struct Provision {
    /// The settings.
    pub config: DeviceConfig,
    /// The realm of everything signed.
    pub realm: Realm,
    /// The rules that it plays by.
    pub params: Params,
    /// The pair, as the factory signed it.
    pub pair: Signed<PairCertificate>,
    /// The frame of the pair certificate, to be shown to others.
    pub pair_frame: Vec<u8>,
    /// The key set. It may have expired on the shelf: phones bring newer ones.
    pub keyset: Keyset,
    /// The frame of the key set.
    pub keyset_frame: Vec<u8>,
    /// The secret key.
    pub key: OwnKey,
}

/// Why a folder makes no device.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// A part is not there.
    #[error("{} is missing; copy the whole folder of this half from the factory's batch", .0.display())]
    Missing(PathBuf),
    /// Settings that cannot be.
    #[error("{}: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ConfigError,
    },
    /// The certificate is not the factory's.
    #[error("{} is no pair certificate of the factory key in {CONFIG_FILE}: {source}", path.display())]
    Pair {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: EvidenceError,
    },
    /// Settings and certificate are of different devices, or one was changed.
    #[error("{}: {field} is {found}, but the pair certificate says {expected}", path.display())]
    Differs {
        /// The settings.
        path: PathBuf,
        /// Which setting.
        field: &'static str,
        /// What the settings say.
        found: String,
        /// What the certificate says.
        expected: String,
    },
    /// The key set is not one of the roots.
    #[error("{} is not valid: {source}", path.display())]
    Keyset {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeysetError,
    },
    /// The secret key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Provision {
    /// Writes the parts into a new folder that its owner alone may enter. A crash may leave half of it: write it below a folder
    /// that is put in place when it is whole.
    pub fn write(folder: &Path, parts: Parts<'_>) -> Result<(), ProvisionError> {
        let path = folder.join(CONFIG_FILE);
        let config = |source| ProvisionError::Config { path: path.clone(), source };
        let text = parts.config.to_text().map_err(config)?;
        disk::make_folder(folder)?;
        if let Some(key) = parts.key {
            let role = parts.config.role;
            key_file::write_new(&folder.join(key_file_name(role)), role.key_role(), key)?;
        }
        disk::create(&folder.join(PAIR_FILE), parts.pair, Access::Public)?;
        disk::create(&folder.join(KEYSET_FILE), parts.keyset, Access::Public)?;
        disk::create(&path, text.as_bytes(), Access::Private)?;
        Ok(disk::sync_folder(folder)?)
    }

    /// Reads a folder and checks every part against the others.
    pub fn read(folder: &Path) -> Result<Self, ProvisionError> {
        let config = read_config(folder)?;
        let at = |source| ProvisionError::Config { path: folder.join(CONFIG_FILE), source };
        let (realm, params) = (config.realm().map_err(at)?, config.params().map_err(at)?);
        let (path, pair_frame) = required(folder, PAIR_FILE)?;
        let pair = open::<PairCertificate>(&realm, &config.keys.factory, &pair_frame)
            .map_err(|source| ProvisionError::Pair { path, source })?;
        compare(folder, &config, &pair.value)?;
        let (path, keyset_frame) = required(folder, KEYSET_FILE)?;
        let keyset = Keyset::open(&realm, &config.server.roots, 0, &keyset_frame)
            .map_err(|source| ProvisionError::Keyset { path, source })?;
        let key = match config.keys.secret {
            SecretPlace::File => OwnKey::File(Box::new(read_key(folder, &config)?)),
            SecretPlace::Chip => OwnKey::Chip,
        };
        Ok(Self { config, realm, params, pair, pair_frame, keyset, keyset_frame, key })
    }
}

fn read_config(folder: &Path) -> Result<DeviceConfig, ProvisionError> {
    let path = folder.join(CONFIG_FILE);
    let SmallFile { file, content } =
        disk::read(&path)?.ok_or_else(|| ProvisionError::Missing(path.clone()))?;
    key_file::check_mode(&path, &file)?;
    let text = core::str::from_utf8(&content)
        .map_err(|_| ConfigError::Value("the file is not UTF-8"))
        .and_then(DeviceConfig::parse);
    text.map_err(|source| ProvisionError::Config { path, source })
}

fn required(folder: &Path, name: &str) -> Result<(PathBuf, Vec<u8>), ProvisionError> {
    let path = folder.join(name);
    match disk::read(&path)? {
        Some(file) => Ok((path, file.content.to_vec())),
        None => Err(ProvisionError::Missing(path)),
    }
}

fn read_key(folder: &Path, config: &DeviceConfig) -> Result<SigningKey, ProvisionError> {
    let path = folder.join(key_file_name(config.role));
    let key = key_file::read(&path, config.role.key_role())?;
    if *key.verifying_key() == config.keys.own {
        return Ok(key);
    }
    Err(differs(&path, "the public half", key.verifying_key().fingerprint(), {
        config.keys.own.fingerprint()
    }))
}

fn compare(
    folder: &Path,
    config: &DeviceConfig,
    pair: &PairCertificate,
) -> Result<(), ProvisionError> {
    let path = folder.join(CONFIG_FILE);
    let (own, partner) = match config.role {
        Half::Master => (&pair.master, &pair.slave),
        Half::Slave => (&pair.slave, &pair.master),
    };
    let same = |field, found: &dyn ToString, expected: &dyn ToString| {
        let (found, expected) = (found.to_string(), expected.to_string());
        match found == expected {
            true => Ok(()),
            false => Err(differs(&path, field, &found, &expected)),
        }
    };
    same("device", &config.device, &pair.device)?;
    same("batch", &config.batch, &pair.batch)?;
    same("serial", &config.serial, &pair.serial)?;
    same("mark", &config.mark, &pair.mark)?;
    same("max_players", &config.max_players, &pair.max_players)?;
    same("keys.own", config.keys.own.fingerprint(), own.fingerprint())?;
    same("keys.partner", config.keys.partner.fingerprint(), partner.fingerprint())
}

fn differs(
    path: &Path,
    field: &'static str,
    found: &impl ToString,
    expected: &impl ToString,
) -> ProvisionError {
    let (found, expected) = (found.to_string(), expected.to_string());
    ProvisionError::Differs { path: path.to_owned(), field, found, expected }
}
