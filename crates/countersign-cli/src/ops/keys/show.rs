//! A key set as people, and programs, read it.

use super::super::{OpsError, Output};
use countersign::{KeysetContent, OnlineKey, Realm, Timestamp};
use countersign_keys::folder::{online_path, read_keyset};
use countersign_keys::lifecycle::{id_of, signing_key, state_name};
use countersign_keys::{Utc, warnings};
use countersign_server::desk::keys;
use serde_json::Value;
use std::path::Path;

pub(super) fn text(
    folder: &Path,
    realm: &Realm,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let set = read_keyset(folder, realm)?.keyset.content;
    content(realm, &set, out)?;
    if let Some(online) = signing_key(&set.keys, now) {
        out.line(format_args!("Now signing: {}", id_of(&online.key)))?;
    }
    for warning in warnings(folder, realm, now)? {
        out.line(format_args!("Warning: {warning}."))?;
    }
    Ok(())
}

/// What a set makes clients believe.
pub(super) fn content(
    realm: &Realm,
    set: &KeysetContent,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    out.line(format_args!(
        "Key set version {} for {} at {}",
        set.version,
        realm.app(),
        realm.audience()
    ))?;
    out.line(format_args!("  issued   {}", Utc(set.issued)))?;
    out.line(format_args!("  expires  {}", Utc(set.expires)))?;
    out.line(format_args!("  clients speak protocol version {} or later", set.min_protocol))?;
    out.line("Online keys")?;
    for online in &set.keys {
        let OnlineKey { key, state, not_before, not_after } = online;
        let (id, state) = (id_of(key), state_name(*state));
        out.line(format_args!("  {id}  {state:8}  {} to {}", Utc(*not_before), Utc(*not_after)))?;
    }
    out.line("Root keys that clients trust from this version on")?;
    for root in &set.roots {
        out.line(format_args!("  {}", hex::encode(root.as_bytes())))?;
    }
    if !set.pins.is_empty() {
        out.line("TLS keys that clients accept (SHA-256 of SubjectPublicKeyInfo)")?;
    }
    for pin in &set.pins {
        out.line(format_args!("  {}", hex::encode(pin)))?;
    }
    Ok(())
}

pub(super) fn json(
    folder: &Path,
    realm: &Realm,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let set = read_keyset(folder, realm)?.keyset.content;
    let warnings: Vec<_> =
        warnings(folder, realm, now)?.iter().map(|warning| warning.to_string()).collect();
    let mut said = keys::view(&set, now);
    said["app"] = realm.app().into();
    said["audience"] = realm.audience().into();
    said["keys"] = set.keys.iter().map(|online| key(folder, online)).collect();
    said["warnings"] = warnings.into();
    out.json(&said)?;
    Ok(())
}

fn key(folder: &Path, online: &OnlineKey) -> Value {
    let mut said = keys::key(online);
    let path = online_path(folder, online.key.fingerprint());
    said["file_present"] = path.is_file().into();
    said
}
