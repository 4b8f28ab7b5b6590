//! `console.devices`, `console.device`, `console.device_set`: goal-line pairs and their life.

use super::proof::Desk;
use super::{Stop, conflict, id, limit, not_found};
use crate::app::Backend;
use crate::desk::device::{find, status, view};
use crate::reply::Reply;
use countersign_league::DeviceId;
use countersign_league::evidence::DeviceStatus;
use countersign_store::league::{DeviceFilter, StatusChange, StatusOutcome};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest serial that is looked for, in bytes: none is longer.
const SERIAL_MAX: usize = 32;

pub(super) async fn list<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        status: Option<String>,
        find: Option<String>,
        after: Option<String>,
        limit: Option<u32>,
    }
    let expected = r#"expected {"status":"suspect","after":"<hex>","limit":<1 to 200>}, each optional, or {"find":"<id or serial>"}"#;
    let wish: Wish = desk.payload(expected)?;
    let limit = limit(wish.limit)?;
    if let Some(given) = wish.find {
        if given.len() > SERIAL_MAX {
            return Err(Reply::invalid(expected).into());
        }
        let found = find(desk.store(), &given).await?;
        let devices: Vec<Value> = found.iter().take(limit as usize).map(view).collect();
        return Ok(Reply::json(&json!({ "devices": devices, "next": null })));
    }
    let status = wish.status.map(|name| known(&name)).transpose()?;
    let after: Option<DeviceId> = wish.after.map(|after| id(&after, "after")).transpose()?;
    let filter = DeviceFilter { status, ..DeviceFilter::default() };
    let devices = desk.store().list_devices(filter, after, limit).await?;
    let last = devices.last().filter(|_| devices.len() == limit as usize);
    let next = last.map(|last| last.pair.device.to_string());
    let devices: Vec<Value> = devices.iter().map(view).collect();
    Ok(Reply::json(&json!({ "devices": devices, "next": next })))
}

pub(super) async fn show<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        device: String,
    }
    let Wish { device } = desk.payload(r#"expected {"device":"<hex>"}"#)?;
    let device = desk.store().find_device(id(&device, "device")?).await?;
    Ok(Reply::json(&view(&device.ok_or_else(not_found)?)))
}

pub(super) async fn set<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        device: String,
        status: String,
        reason: String,
    }
    let Wish { device, status, reason } =
        desk.payload(r#"expected {"device":"<hex>","status":"suspect","reason":"<text>"}"#)?;
    let (device, to) = (id::<DeviceId>(&device, "device")?, known(&status)?);
    let detail = json!({ "device": device.to_string(), "to": to.as_str() });
    let (app, by) = desk.act(&reason, detail).await?.into_parts();
    let change = StatusChange { device, to, by: Some(by), now: app.now() };
    let from = match app.store.set_device_status(change).await? {
        StatusOutcome::Changed { from } => from,
        StatusOutcome::Same => to,
        StatusOutcome::NotAllowed { from } => {
            let (from, to) = (from.as_str(), to.as_str());
            return Ok(conflict(&format!("a device that is {from} cannot become {to}")));
        }
        StatusOutcome::NoDevice => return Err(not_found()),
    };
    let said = json!({ "from": from.as_str(), "to": to.as_str(), "changed": from != to });
    Ok(Reply::json(&said))
}

fn known(name: &str) -> Result<DeviceStatus, Reply> {
    let expected = "status is made, sold, active, suspect, rma or revoked";
    status(name).ok_or_else(|| Reply::invalid(expected))
}
