//! Certificates for devices: any phone brings a device's request, and takes the chain back.

use super::{Stop, parse};
use crate::app::App;
use crate::gateway::Admitted;
use crate::random;
use crate::reply::Reply;
use countersign::{RecordHeader, RecordId, ResultCode, VerifyingKey};
use countersign_broker::{RequestError, State};
use countersign_league::evidence::{
    DeviceStatus, EvidenceError, Received, Stamp, TlsChain, TlsRequest, seal,
};
use countersign_store::Store;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// The message type that brings a device's request.
pub(super) const REQUEST: &str = "league.tls_request";
/// The message type that asks for the chain.
pub(super) const CHAIN: &str = "league.tls_chain";

/// Pause for a phone whose request found the broker full.
const FULL: Duration = Duration::from_secs(300);

/// The payload is the frame that the device's master signed.
pub(super) async fn request<S: Store>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    let Some(tls) = &app.tls else { return Ok(Reply::error(ResultCode::UNKNOWN_TYPE)) };
    let frame = &admitted.request.content[..];
    let received = Received::<TlsRequest>::decode(frame).map_err(invalid)?;
    let Some(device) = tls.device_of(received.signer()).await? else {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    };
    let Ok(master) = VerifyingKey::from_bytes(&device.pair.master) else {
        return Ok(Reply::error(ResultCode::INTERNAL));
    };
    let signed = received.verify(app.sealer.realm(), &master).map_err(invalid)?;
    if signed.value.device != device.pair.device || device.status == DeviceStatus::Revoked {
        return Ok(Reply::error(ResultCode::FORBIDDEN));
    }
    Ok(match tls.broker.request(&signed.value, app.now()) {
        Ok(state) => answer(&state),
        Err(error @ (RequestError::Host { .. } | RequestError::Csr(_))) => {
            Reply::invalid(&error.to_string())
        }
        Err(RequestError::Full) => Reply::retry(ResultCode::OVERLOADED, FULL),
        Err(RequestError::Disk(error)) => {
            tracing::error!(%error, "a device's chain could not be read");
            Reply::error(ResultCode::INTERNAL)
        }
    })
}

/// The newest chain of a device, signed for it.
pub(super) fn chain<S: Store>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    struct Chain {
        device: String,
    }
    let Some(tls) = &app.tls else { return Ok(Reply::error(ResultCode::UNKNOWN_TYPE)) };
    let Chain { device } = parse(admitted, r#"expected {"device":"<hex>"}"#)?;
    let device = device.parse().map_err(|_| Reply::invalid("device has 32 hexadecimal digits"))?;
    let issued = match tls.broker.chain(&device, app.now()) {
        Ok(Some(issued)) => issued,
        Ok(None) => return Ok(Reply::error(ResultCode::NOT_FOUND)),
        Err(error) => {
            tracing::error!(%error, "a device's chain could not be read");
            return Ok(Reply::error(ResultCode::INTERNAL));
        }
    };
    let chain = TlsChain {
        device,
        not_before: issued.not_before,
        not_after: issued.not_after,
        spki: issued.spki,
        chain: issued.chain,
    };
    let Ok(id) = random::bytes() else { return Ok(Reply::error(ResultCode::INTERNAL)) };
    let stamp =
        Stamp { id: RecordId::from_bytes(id), created: app.now(), previous: RecordHeader::FIRST };
    match seal(app.sealer.realm(), &app.sealer.keys().signer, stamp, &chain) {
        Ok(frame) => Ok(Reply::bytes(frame)),
        Err(_) => Ok(Reply::error(ResultCode::INTERNAL)),
    }
}

fn answer(state: &State) -> Reply {
    let millis = |at: &countersign::Timestamp| at.as_millis();
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

fn invalid(error: EvidenceError) -> Reply {
    Reply::error_with(ResultCode::RECORD_INVALID, &[("message", error.to_string().into())])
}
