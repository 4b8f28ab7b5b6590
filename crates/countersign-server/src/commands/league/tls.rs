//! `league.tls_request`, `league.tls_chain`: any phone brings a device's request, and takes the chain back.

use super::device::{key, unsigned};
use super::{Call, Stop, conflict, id, not_ready, parse};
use crate::app::Backend;
use crate::league::NotReady;
use crate::reply::Reply;
use countersign::{RecordHeader, ResultCode, Timestamp};
use countersign_broker::{RequestError, State};
use countersign_league::DeviceId;
use countersign_league::evidence::{DeviceStatus, EvidenceError, Received, TlsChain, TlsRequest};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Pause for a phone whose request found the broker full.
const FULL: Duration = Duration::from_secs(300);

/// The payload is the frame that the device's master signed.
pub(super) async fn request<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let Some(broker) = &call.app.tls else { return Ok(Reply::error(ResultCode::UNKNOWN_TYPE)) };
    let frame = call.admitted.request.content.clone();
    let invalid = |error: EvidenceError| Reply::invalid(&format!("the request: {error}"));
    let signer = Received::<TlsRequest>::decode(&frame).map_err(invalid)?.signer();
    let known = call.app.store.find_device_by_key(signer).await?;
    let Some(device) = known.filter(|device| device.pair.master_key == signer) else {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    };
    let (master, realm) = (key(&device.pair.master)?, call.app.sealer.realm().clone());
    let checked = move || Received::<TlsRequest>::decode(&frame)?.verify(&realm, &master);
    let signed = call.app.gateway.compute(checked).await;
    let signed = signed.map_err(|_| not_ready(NotReady))?.map_err(invalid)?;
    if signed.value.device != device.pair.device {
        return Ok(Reply::invalid("the request: it names another device than its key's"));
    }
    if device.status == DeviceStatus::Revoked {
        return Ok(conflict("this device was withdrawn"));
    }
    Ok(match broker.request(&signed.value, call.app.now()) {
        Ok(state) => answer(&state),
        Err(error @ (RequestError::Host { .. } | RequestError::Csr(_))) => {
            Reply::invalid(&error.to_string())
        }
        Err(RequestError::Full) => Reply::retry(ResultCode::OVERLOADED, FULL),
        Err(RequestError::Disk(error)) => unreadable(&error),
    })
}

/// The newest chain of a device, signed for it.
pub(super) fn chain<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        device: String,
    }
    let (app, now) = (call.app, call.app.now());
    let Some(broker) = &app.tls else { return Ok(Reply::error(ResultCode::UNKNOWN_TYPE)) };
    let Wish { device } = parse(call.admitted, r#"expected {"device":"<hex>"}"#)?;
    let device: DeviceId = id(&device, "device", 32)?;
    let issued = match broker.chain(&device, now) {
        Ok(Some(issued)) => issued,
        Ok(None) => return Ok(Reply::error(ResultCode::NOT_FOUND)),
        Err(error) => return Ok(unreadable(&error)),
    };
    let chain = TlsChain {
        device,
        not_before: issued.not_before,
        not_after: issued.not_after,
        spki: issued.spki,
        chain: issued.chain,
    };
    let frame = app.sealer.record(&chain, RecordHeader::FIRST, now).map_err(unsigned)?;
    Ok(Reply::bytes(frame))
}

fn unreadable(error: &dyn core::fmt::Display) -> Reply {
    tracing::error!(%error, "a device's chain could not be read");
    Reply::error(ResultCode::INTERNAL)
}

fn answer(state: &State) -> Reply {
    let millis = |at: &Timestamp| at.as_millis();
    Reply::json(&match state {
        State::Ready { not_after } => json!({ "state": "ready", "not_after": millis(not_after) }),
        State::Ordered { not_after } => {
            json!({ "state": "ordered", "not_after": not_after.as_ref().map(millis) })
        }
        State::Failed { not_after, retry, why } => json!({
            "state": "failed",
            "not_after": not_after.as_ref().map(millis),
            "retry": millis(retry),
            "detail": why,
        }),
    })
}
