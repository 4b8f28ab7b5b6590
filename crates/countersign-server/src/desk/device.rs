//! Goal-line pairs and their life.

use countersign_league::DeviceId;
use countersign_league::evidence::DeviceStatus;
use countersign_store::Result;
use countersign_store::league::{Device, DeviceFilter, LeagueStore, may_become};
use serde_json::{Value, json};

/// All that a device can be, in the order of its life.
pub const STATUSES: [DeviceStatus; 6] = [
    DeviceStatus::Made,
    DeviceStatus::Sold,
    DeviceStatus::Active,
    DeviceStatus::Suspect,
    DeviceStatus::Revoked,
    DeviceStatus::Rma,
];

/// Devices that are read at once.
const PAGE: u32 = 200;

/// The status of this name.
pub fn status(name: &str) -> Option<DeviceStatus> {
    STATUSES.into_iter().find(|status| status.as_str() == name)
}

/// What a device of this status can become.
pub fn next(from: DeviceStatus) -> Vec<&'static str> {
    STATUSES.into_iter().filter(|to| may_become(from, *to)).map(DeviceStatus::as_str).collect()
}

/// The devices with this id or serial: none, one, or the several that share a serial. Reads all devices for a serial.
pub async fn find(store: &impl LeagueStore, given: &str) -> Result<Vec<Device>> {
    if let Ok(id) = given.parse::<DeviceId>() {
        return Ok(store.find_device(id).await?.into_iter().collect());
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_devices(DeviceFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = Some(last.pair.device);
        found.extend(page.into_iter().filter(|device| device.pair.serial == given));
    }
}

/// A device as programs read it.
pub fn view(device: &Device) -> Value {
    let Device { pair, status, registered, changed, seq_high, seq_missing } = device;
    json!({
        "device": pair.device.to_string(),
        "batch": pair.batch.to_string(),
        "serial": pair.serial,
        "mark": pair.mark,
        "status": status.as_str(),
        "can_become": next(*status),
        "registered_ms": registered.as_millis(),
        "changed_ms": changed.as_millis(),
        "max_players": pair.max_players,
        "master": pair.master_key.to_string(),
        "slave": pair.slave_key.to_string(),
        "certificate": pair.digest.to_string(),
        "matches": seq_high,
        "missing": seq_missing,
    })
}
