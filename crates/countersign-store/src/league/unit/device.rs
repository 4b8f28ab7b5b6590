//! Registering pairs, and their life.

use crate::AuditEvent;
use crate::league::{
    Device, NewPair, PairOutcome, StatusChange, StatusOutcome, Tables, may_become,
};
use countersign::Timestamp;
use countersign_league::evidence::DeviceStatus;

/// See [`crate::LeagueStore::register_pairs`].
pub fn register_pairs<T: Tables>(
    tables: &mut T,
    pairs: &[NewPair],
    now: Timestamp,
) -> Result<Vec<PairOutcome>, T::Error> {
    pairs.iter().map(|pair| register(tables, pair, now)).collect()
}

fn register<T: Tables>(
    tables: &mut T,
    pair: &NewPair,
    now: Timestamp,
) -> Result<PairOutcome, T::Error> {
    if let Some(known) = tables.device(pair.device)? {
        return Ok(match known.pair == *pair {
            true => PairOutcome::Known,
            false => PairOutcome::DeviceTaken,
        });
    }
    if pair.master_key == pair.slave_key {
        return Ok(PairOutcome::KeyTaken(pair.device));
    }
    for key in [&pair.master_key, &pair.slave_key] {
        if let Some(other) = tables.device_by_key(key)? {
            return Ok(PairOutcome::KeyTaken(other.pair.device));
        }
    }
    tables.put_device(&Device {
        pair: pair.clone(),
        status: DeviceStatus::Made,
        registered: now,
        changed: now,
        seq_high: 0,
        seq_missing: 0,
    })?;
    Ok(PairOutcome::Registered)
}

/// See [`crate::LeagueStore::set_device_status`].
pub fn set_device_status<T: Tables>(
    tables: &mut T,
    change: &StatusChange,
) -> Result<StatusOutcome, T::Error> {
    let Some(mut device) = tables.device(change.device)? else {
        return Ok(StatusOutcome::NoDevice);
    };
    let from = device.status;
    if from == change.to {
        return Ok(StatusOutcome::Same);
    }
    if !may_become(from, change.to) {
        return Ok(StatusOutcome::NotAllowed { from });
    }
    device.status = change.to;
    device.changed = change.now;
    tables.put_device(&device)?;
    tables.add_audit(AuditEvent {
        at: change.now,
        action: "device.status".to_owned(),
        user: change.by.map(|(user, _)| user),
        session: change.by.map(|(_, session)| session),
        detail: format!(
            r#"{{"device":"{}","from":"{}","to":"{}"}}"#,
            change.device,
            from.as_str(),
            change.to.as_str()
        ),
    })?;
    Ok(StatusOutcome::Changed { from })
}

/// Puts a device under suspicion if it is in use; what is revoked or at the workshop stays so.
pub(super) fn suspect<T: Tables>(
    tables: &mut T,
    device: countersign_league::DeviceId,
    now: Timestamp,
) -> Result<(), T::Error> {
    let change = StatusChange { device, to: DeviceStatus::Suspect, by: None, now };
    match tables.device(device)?.map(|device| device.status) {
        Some(DeviceStatus::Rma) | None => Ok(()),
        Some(_) => set_device_status(tables, &change).map(drop),
    }
}
