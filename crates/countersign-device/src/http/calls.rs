//! The calls of phones.

use super::App;
use super::problem::{self, Problem};
use crate::disk::{list_outbox, parse_match, read_bundle};
use crate::master::MasterHalf;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use countersign_league::device::Token;
use countersign_listen::{ConnectionInfo, read_body};
use std::sync::Arc;
use std::time::Duration;

/// Longest body.
const BODY_MAX: usize = 64 * 1024;
/// Time for a whole body to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// A view is waited for so long.
const VIEW_WAIT: Duration = Duration::from_secs(25);
/// Who waits for a view is alive; the device hears it so often.
const ALIVE: Duration = Duration::from_secs(4);
/// The token of somebody who only watches.
pub(super) const NOBODY: Token = [0; 16];

pub(super) type Shared = State<Arc<App>>;
pub(super) type Outcome = Result<Response, Problem>;

pub(super) async fn certificate(State(app): Shared) -> Outcome {
    let frame = app.handle.call(|half, _| half.device.certificate().map(<[u8]>::to_vec)).await?;
    Ok(bytes(frame.ok_or(problem::NO_CERTIFICATE)?))
}

pub(super) async fn prove(State(app): Shared, body: Body) -> Outcome {
    let body = read(body).await?;
    let challenge: [u8; 32] =
        body[..].try_into().map_err(|_| Problem::malformed("The body is 32 random bytes."))?;
    let proof = app.handle.call(move |half, now| half.device.prove(challenge, now)).await?;
    Ok(bytes(proof.ok_or(problem::NO_LOBBY)?))
}

pub(super) async fn join(
    State(app): Shared,
    Extension(info): Extension<ConnectionInfo>,
    body: Body,
) -> Outcome {
    let body = read(body).await?;
    let parts = take(&body).and_then(|(ticket, rest)| {
        let (act, rest) = take(rest)?;
        rest.is_empty().then(|| (ticket.to_vec(), act.to_vec()))
    });
    let (ticket, act) = parts.ok_or(Problem::malformed(
        "The body is the ticket and the signed act of joining, each after its length in two bytes.",
    ))?;
    let radio = app.radios.of(info.peer);
    let token =
        app.handle.call(move |half, now| half.device.join(&ticket, &act, radio, now)).await?;
    Ok(bytes(token?.to_vec()))
}

pub(super) async fn act(State(app): Shared, body: Body) -> Outcome {
    let frame = read(body).await?;
    app.handle.call(move |half, now| half.device.say(&frame, now)).await??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn inbox(State(app): Shared, body: Body) -> Outcome {
    let frame = read(body).await?;
    let taken = app.handle.call(move |half, now| half.device.inbox(&frame, now)).await??;
    Ok(json(&serde_json::json!({ "taken": taken.as_str() })))
}

pub(super) async fn outbox(State(app): Shared) -> Outcome {
    let folder = app.outbox.clone();
    let listed = tokio::task::spawn_blocking(move || list_outbox(&folder)).await;
    let waiting = listed.map_err(|_| problem::DISK)?.map_err(|_| problem::DISK)?;
    let lines: Vec<_> = waiting
        .into_iter()
        .map(|(id, bytes)| {
            serde_json::json!({ "id": hex::encode(id.as_bytes()), "kind": "bundle", "bytes": bytes })
        })
        .collect();
    Ok(json(&lines.into()))
}

pub(super) async fn bundle(State(app): Shared, Path(id): Path<String>) -> Outcome {
    let id = parse_match(&id).ok_or(problem::NO_BUNDLE)?;
    let folder = app.outbox.clone();
    let read = tokio::task::spawn_blocking(move || read_bundle(&folder, &id)).await;
    let bundle = read.map_err(|_| problem::DISK)?.map_err(|_| problem::DISK)?;
    Ok(bytes(bundle.ok_or(problem::NO_BUNDLE)?))
}

pub(super) async fn tls(State(app): Shared) -> Outcome {
    let asked = app.handle.call(|half, _| (half.device.tls_life(), half.wants_chain()));
    let (life, wants_chain) = asked.await?;
    Ok(json(&serde_json::json!({
        "not_before": life.map(|life| life.not_before.as_millis()),
        "not_after": life.map(|life| life.not_after.as_millis()),
        "request": wants_chain,
    })))
}

pub(super) async fn tls_request(State(app): Shared) -> Outcome {
    let frame = app.handle.call(MasterHalf::tls_request).await?;
    Ok(bytes(frame.ok_or(problem::NO_TLS)?))
}

/// The long-poll twin of the WebSocket.
pub(super) async fn view(State(app): Shared, body: Body) -> Outcome {
    let body = read(body).await?;
    let parts = body.split_first_chunk::<16>();
    let parts = parts.and_then(|(token, rest)| Some((*token, <[u8; 8]>::try_from(rest).ok()?)));
    let (token, after) = parts.ok_or(Problem::malformed(
        "The body is the lobby token, and the number of the newest known view in eight bytes.",
    ))?;
    let waited = tokio::time::timeout(VIEW_WAIT, newer(&app, token, u64::from_be_bytes(after)));
    match waited.await {
        Ok(frame) => Ok(bytes(frame?)),
        Err(_) => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The first view after this number. While it is waited for, the phone is there.
async fn newer(app: &App, token: Token, after: u64) -> Result<Bytes, Problem> {
    let (mut views, mut drops) = (app.views.clone(), app.drops.clone());
    loop {
        drops.borrow_and_update();
        if !is_known(app, token).await? {
            return Err(problem::NO_TOKEN);
        }
        let wait = async {
            tokio::select! {
                found = views.wait_for(|latest| latest.number > after && !latest.frame.is_empty()) => {
                    Some(found.map(|latest| latest.frame.clone()))
                }
                _ = drops.changed() => None,
            }
        };
        match tokio::time::timeout(ALIVE, wait).await {
            Ok(Some(Ok(frame))) => return Ok(frame),
            Ok(Some(Err(_))) => return Err(crate::actor::Busy::Ended.into()),
            Ok(None) | Err(_) => {}
        }
    }
}

/// Whether this token is good; a sign of life, if so.
pub(super) async fn is_known(app: &App, token: Token) -> Result<bool, crate::actor::Busy> {
    if token == NOBODY {
        return Ok(true);
    }
    app.handle.call(move |half, now| half.device.seen(&token, now)).await
}

pub(super) async fn read(body: Body) -> Result<Bytes, Problem> {
    Ok(read_body(body, BODY_MAX, BODY_TIME).await?)
}

/// `LP16 …`.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
}

fn bytes(body: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], body.into()).into_response()
}

pub(super) fn json(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
