//! What has been issued, on disk: one file per device, and the log that the limits count.
//!
//! ```text
//!   tls/account-1f2e3d4c.json     the account at an authority, named by its directory; its key is in it
//!   tls/issued.json               what was issued within the last week
//!   tls/chains/<device>.json      the newest chain of each device
//! ```

use crate::issued::Issued;
use countersign::Timestamp;
use countersign_keys::disk::{self, Access, DiskError};
use countersign_league::DeviceId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest log; a hundred thousand lines.
const LOG_MAX: usize = 8 * 1024 * 1024;
/// Largest file of one device.
const CHAIN_FILE_MAX: usize = 16 * 1024;

/// A chain with what else is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) issued: Issued,
    /// When to renew it: a third of its life before its end, or when its authority says.
    pub(crate) renew_at: Timestamp,
    /// Whether its authority says when (RFC 9773): then it may be named in the next order.
    pub(crate) is_advised: bool,
}

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct ChainFile {
    host: String,
    spki: String,
    renew_at_ms: u64,
    is_advised: bool,
    chain: String,
}

#[derive(Serialize, Deserialize)]
struct LogLine {
    device: String,
    at_ms: u64,
}

impl Shelf {
    /// Opens the folder, and makes it if there is none.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, DiskError> {
        disk::make_folder(&folder.join("chains"))?;
        Ok(Self { folder })
    }

    /// The newest chain of a device. A file that cannot be read as one counts as none: the next order replaces it.
    pub(crate) fn chain(&self, device: &DeviceId) -> Result<Option<Kept>, DiskError> {
        let file = disk::read_up_to(&self.chain_path(device), CHAIN_FILE_MAX)?;
        Ok(file.and_then(|file| read_chain(&file.content)))
    }

    pub(crate) fn put_chain(&self, device: &DeviceId, kept: &Kept) -> Result<(), DiskError> {
        let file = ChainFile {
            host: kept.issued.host.clone(),
            spki: hex::encode(kept.issued.spki),
            renew_at_ms: kept.renew_at.as_millis(),
            is_advised: kept.is_advised,
            chain: kept.issued.chain.clone(),
        };
        replace(&self.chain_path(device), &file, Access::Public)
    }

    pub(crate) fn log(&self) -> Result<Vec<(DeviceId, Timestamp)>, DiskError> {
        let Some(file) = disk::read_up_to(&self.log_path(), LOG_MAX)? else {
            return Ok(Vec::new());
        };
        let lines: Vec<LogLine> = serde_json::from_slice(&file.content).unwrap_or_default();
        let line =
            |line: &LogLine| Some((line.device.parse().ok()?, Timestamp::from_millis(line.at_ms)));
        Ok(lines.iter().filter_map(line).collect())
    }

    pub(crate) fn put_log(&self, log: &[(DeviceId, Timestamp)]) -> Result<(), DiskError> {
        let line = |(device, at): &(DeviceId, Timestamp)| LogLine {
            device: device.to_string(),
            at_ms: at.as_millis(),
        };
        let lines: Vec<_> = log.iter().map(line).collect();
        replace(&self.log_path(), &lines, Access::Public)
    }

    /// The account at this authority, as JSON with its key in it.
    pub(crate) fn account(&self, directory: &str) -> Result<Option<Zeroizing<Vec<u8>>>, DiskError> {
        Ok(disk::read(&self.account_path(directory))?.map(|file| file.content))
    }

    pub(crate) fn put_account(&self, directory: &str, json: &[u8]) -> Result<(), DiskError> {
        disk::replace(&self.account_path(directory), json, Access::Private)
    }

    fn chain_path(&self, device: &DeviceId) -> PathBuf {
        self.folder.join("chains").join(format!("{device}.json"))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("issued.json")
    }

    /// An account is worth nothing at another authority.
    fn account_path(&self, directory: &str) -> PathBuf {
        let digest = Sha256::digest(directory);
        self.folder.join(format!("account-{}.json", hex::encode(&digest[..4])))
    }
}

/// The chain is read as if it had just come: name, key and life are taken from the certificate itself.
fn read_chain(json: &[u8]) -> Option<Kept> {
    let file: ChainFile = serde_json::from_slice(json).ok()?;
    let mut spki = [0; 32];
    hex::decode_to_slice(&file.spki, &mut spki).ok()?;
    let issued = Issued::read(file.chain, &file.host, spki).ok()?;
    let renew_at = Timestamp::from_millis(file.renew_at_ms);
    Some(Kept { issued, renew_at, is_advised: file.is_advised })
}

fn replace(path: &Path, value: &impl Serialize, access: Access) -> Result<(), DiskError> {
    let json = serde_json::to_vec(value).map_err(|error| DiskError::Io {
        path: path.to_owned(),
        action: "written",
        source: error.into(),
    })?;
    disk::replace(path, &json, access)
}
