//! Packages: what hubs and third parties get, with the key sets by which a root vouches for the bundle.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::EventError;
use super::desk::Desk;
use countersign::{EventId, Realm};
use countersign_hub::Package;
use countersign_keys::ReadError;
use countersign_keys::folder::{read_history, read_keyset};
use countersign_store::event::{EventStore, StoredBundle};
use serde_json::json;
use std::io::Write as _;
use std::path::Path;

/// Key sets in a package at most.
const SETS_MAX: usize = 16;

/// The bundle and the key sets behind it: the current one, and former ones for keys that are not listed any more.
pub(super) fn package(
    realm: &Realm,
    bundle: &StoredBundle,
    desk: &Desk<'_>,
) -> Result<Package, EventError> {
    let current = read_keyset(&desk.keys(), realm)?;
    let history = read_history(&desk.keys()).map_err(ReadError::from)?;
    let version = current.keyset.content.version;
    let former = history.into_iter().rev().filter(|(number, _)| *number < version);
    let sets = [current.frame].into_iter().chain(former.map(|(_, frame)| frame));
    Ok(Package {
        app: realm.app().to_owned(),
        audience: realm.audience().to_owned(),
        sets: sets.take(SETS_MAX).collect(),
        bundle: bundle.frame.clone(),
    })
}

pub(super) fn write(
    event: EventId,
    version: Option<u32>,
    bare: bool,
    file: &Path,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    desk.event(event)?;
    let bundle = wait(desk.store.find_bundle(event, version))?;
    let none = || version.map_or(EventError::NotPublished(event), EventError::NoVersion);
    let bundle = bundle.ok_or_else(none)?;
    let bytes = match bare {
        true => bundle.frame.clone(),
        false => package(&desk.realm()?, &bundle, desk)?.encode(),
    };
    let mut to = std::fs::File::create_new(file).map_err(OpsError::file(file, "written"))?;
    to.write_all(&bytes).map_err(OpsError::file(file, "written"))?;
    let (file, version, bytes) = (file.display(), bundle.version, bytes.len());
    if desk.json {
        let (file, digest) = (file.to_string(), bundle.digest.to_string());
        let said = json!({ "file": file, "version": version, "digest": digest, "bytes": bytes });
        return Ok(out.json(&said)?);
    }
    out.line(format_args!("{file} holds version {version} of {event}, {bytes} bytes."))?;
    Ok(())
}
