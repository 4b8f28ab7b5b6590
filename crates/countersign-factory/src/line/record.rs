//! The sealed record of one chip, from the folder that its half would get if it ran Linux.

use super::vault::ChipKeySet;
use crate::batch::BatchError;
use crate::random::{RandomError, random};
use countersign::{Signer, VerifyingKey};
use countersign_chip::identity::{self, SoftwareHmac};
use countersign_chip::record::{CheckError, MAX, OpenError, SealError, Sealed};
use countersign_chip::{AccessPoint, Content, DeviceRecord};
use countersign_keys::disk::{self, Access, DiskError};
use countersign_league::DeviceId;
use countersign_provision::{Half, Provision, ProvisionError};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file in a half's folder.
pub(super) const RECORD_FILE: &str = "record.bin";

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not there yet.
    #[error("{} is missing; make it again with `countersign factory chip make --records`", .0.display())]
    Missing(PathBuf),
    /// The file is of another chip, or was changed.
    #[error("{}: {source}; make it again with `countersign factory chip make --records`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: OpenError,
    },
    /// The chip would refuse it.
    #[error("the chip would refuse its record: {0}")]
    Check(#[from] CheckError),
    /// Too long.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The half's folder cannot be read.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The batch cannot be used.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Not to be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The public half of the key that this chip derives.
pub(super) fn device_key(keys: &ChipKeySet) -> VerifyingKey {
    match identity::device_key(&mut hmac(keys)) {
        Ok(key) => key.verifying_key().clone(),
        Err(never) => match never {},
    }
}

fn hmac(keys: &ChipKeySet) -> SoftwareHmac {
    SoftwareHmac::new(keys.identity.clone(), keys.record.clone())
}

fn record_key(keys: &ChipKeySet) -> countersign_chip::RecordKey {
    match identity::record_key(&mut hmac(keys)) {
        Ok(key) => key,
        Err(never) => match never {},
    }
}

/// Writes the record of a half, unless the one that is there says the same. Returns whether it was written.
pub(super) fn write(folder: &Path, keys: &ChipKeySet) -> Result<bool, RecordError> {
    let provision = Provision::read(folder)?;
    let record = checked(&provision, keys)?;
    let path = folder.join(RECORD_FILE);
    if let Some(file) = disk::read_up_to(&path, MAX)?
        && opened(&path, &file.content, keys, &provision.config.device).ok().as_ref()
            == Some(&record.content)
    {
        return Ok(false);
    }
    let sealed = record.seal(&record_key(keys), random()?)?;
    disk::replace(&path, &sealed, Access::Public)?;
    Ok(true)
}

/// The record of a half, opened and checked as its chip would do it, in its whole sector.
pub(super) fn read(folder: &Path, keys: &ChipKeySet) -> Result<(Provision, Vec<u8>), RecordError> {
    let provision = Provision::read(folder)?;
    let path = folder.join(RECORD_FILE);
    let file = disk::read_up_to(&path, MAX)?.ok_or_else(|| RecordError::Missing(path.clone()))?;
    let content = opened(&path, &file.content, keys, &provision.config.device)?;
    content.check(&provision.config.device, &device_key(keys))?;
    let mut sector = file.content.to_vec();
    sector.resize(MAX, 0xff);
    Ok((provision, sector))
}

fn opened(
    path: &Path,
    sealed: &[u8],
    keys: &ChipKeySet,
    device: &DeviceId,
) -> Result<Content, RecordError> {
    let open = || Sealed::read(sealed)?.open(&record_key(keys), device);
    open().map_err(|source| RecordError::Open { path: path.to_owned(), source })
}

fn checked(provision: &Provision, keys: &ChipKeySet) -> Result<DeviceRecord, RecordError> {
    let config = &provision.config;
    let (half, access_point) = match config.role {
        Half::Slave => (countersign_chip::Half::Slave, None),
        Half::Master => (
            countersign_chip::Half::Master,
            Some(AccessPoint {
                name: config.wifi.name.as_str().to_owned(),
                passphrase: Zeroizing::new(config.wifi.passphrase.expose().to_owned()),
                address: config.network.address,
                http: config.network.http,
                https: config.network.https,
                host: config.network.host.clone(),
            }),
        ),
    };
    let content = Content {
        half,
        realm: provision.realm.clone(),
        server: config.server.url.clone(),
        roots: config.server.roots.clone(),
        factory: config.keys.factory.clone(),
        ruleset: config.ruleset.clone(),
        pair: provision.pair_frame.clone(),
        keyset: provision.keyset_frame.clone(),
        access_point,
    };
    Ok(content.check(&config.device, &device_key(keys))?)
}
