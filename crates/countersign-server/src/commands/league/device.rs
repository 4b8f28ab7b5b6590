//! `league.device_verify`, `league.device`: what the server says of a device.

use super::{Call, Stop, id, parse};
use crate::app::{App, Backend};
use crate::reply::Reply;
use countersign::{RecordHeader, ResultCode, Timestamp, VerifyingKey};
use countersign_league::DeviceId;
use countersign_league::evidence::{
    DeviceCertificate, DeviceProof, DeviceStatus, EvidenceError, Received,
};
use countersign_provision::host_label;
use countersign_store::StoreError;
use countersign_store::league::{Device, StatusChange, StatusOutcome};
use serde::Deserialize;

/// A device that proved itself to a phone: its certificate. The first one makes a device that was sold active.
pub(super) async fn verify<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let frame = call.admitted.request.content.clone();
    let invalid = |error: EvidenceError| Reply::invalid(&format!("the proof: {error}"));
    let signer = Received::<DeviceProof>::decode(&frame).map_err(invalid)?.signer();
    let known = call.app.store.find_device_by_key(signer).await?;
    let Some(mut device) = known.filter(|device| device.pair.master_key == signer) else {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    };
    let (master, realm) = (key(&device.pair.master)?, call.app.sealer.realm().clone());
    let checked = move || Received::<DeviceProof>::decode(&frame)?.verify(&realm, &master);
    let proof = call.app.gateway.compute(checked).await;
    let proof = proof.map_err(|_| super::not_ready(crate::league::NotReady))?.map_err(invalid)?;
    if proof.value.device != device.pair.device {
        return Err(Reply::invalid("the proof: it names another device than its key's").into());
    }
    if device.status == DeviceStatus::Sold {
        device = activate(call, device).await?;
    }
    certified(call, &device)
}

/// A fresh certificate for whoever carries it to the device. Changes nothing.
pub(super) async fn certificate<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        device: String,
    }
    let Wish { device } = parse(call.admitted, r#"expected {"device":"<hex>"}"#)?;
    let device: DeviceId = id(&device, "device", 32)?;
    match call.app.store.find_device(device).await? {
        Some(device) => certified(call, &device),
        None => Ok(Reply::error(ResultCode::NOT_FOUND)),
    }
}

/// Its status as it is now, also if somebody else was quicker.
async fn activate<S: Backend>(call: Call<'_, S>, device: Device) -> Result<Device, StoreError> {
    let session = &call.admitted.session;
    let change = StatusChange {
        device: device.pair.device,
        to: DeviceStatus::Active,
        by: Some((session.user, session.device.id)),
        now: call.app.now(),
    };
    let status = match call.app.store.set_device_status(change).await? {
        StatusOutcome::Changed { .. } | StatusOutcome::Same => DeviceStatus::Active,
        StatusOutcome::NotAllowed { from } => from,
        StatusOutcome::NoDevice => device.status,
    };
    Ok(Device { status, ..device })
}

fn certified<S: Backend>(call: Call<'_, S>, device: &Device) -> Result<Reply, Stop> {
    let host = match call.league.settings.device_domain.as_str() {
        "" => String::new(),
        domain => format!("{}.{domain}", host_label(&device.pair.device)),
    };
    let expires = call.app.now().plus(call.league.settings.certificate);
    Ok(Reply::bytes(sealed(call.app, device, host, expires)?))
}

/// Whose keys signed a match. It has expired when it is made, so that it serves as evidence, and no phone ever believes it.
pub(super) fn evidence<S: Backend>(app: &App<S>, device: &Device) -> Result<Vec<u8>, Stop> {
    sealed(app, device, String::new(), app.now())
}

/// The certificate's frame.
fn sealed<S: Backend>(
    app: &App<S>,
    device: &Device,
    host: String,
    expires: Timestamp,
) -> Result<Vec<u8>, Stop> {
    let pair = &device.pair;
    let certificate = DeviceCertificate {
        device: pair.device,
        master: key(&pair.master)?,
        slave: key(&pair.slave)?,
        status: device.status,
        max_players: pair.max_players,
        serial: pair.serial.clone(),
        mark: pair.mark.clone(),
        host,
        expires,
    };
    app.sealer.record(&certificate, RecordHeader::FIRST, app.now()).map_err(unsigned)
}

pub(super) fn unsigned(error: crate::gateway::RecordUnsigned) -> Stop {
    tracing::error!(%error, "a record could not be signed");
    Reply::error(ResultCode::INTERNAL).into()
}

/// A key out of the store, which only keys that were taken in get into.
pub(super) fn key(bytes: &[u8; 32]) -> Result<VerifyingKey, StoreError> {
    VerifyingKey::from_vouched(bytes)
        .map_err(|error| StoreError::Damaged(format!("key of a device: {error}")))
}
