//! New firmware for a slave that is a chip: a phone brings it, the link carries it, the slave judges it.

use super::App;
use super::calls::{Outcome, Shared, json, read};
use super::problem::{self, Problem};
use axum::body::Body;
use axum::extract::State;
use countersign_chip::update::{Progress, Reply, Request};

/// A signed release; the answer says which chunk comes next.
pub(super) async fn release(State(app): Shared, body: Body) -> Outcome {
    let frame = read(body).await?;
    ask(&app, &Request::Release(&frame)).await
}

/// `u32 number ‖ hashes ‖ chunk`; the same answer.
pub(super) async fn chunk(State(app): Shared, body: Body) -> Outcome {
    let body = read(body).await?;
    let (number, bytes) = body.split_first_chunk::<4>().ok_or(Problem::malformed(
        "The body is the number of the chunk in four bytes, the hashes of its block, and the chunk.",
    ))?;
    ask(&app, &Request::Chunk { number: u32::from_be_bytes(*number), bytes }).await
}

async fn ask(app: &App, request: &Request<'_>) -> Outcome {
    let parcel = request.encode();
    let answer = app.handle.call(move |half, now| half.bring(&parcel, now)).await??;
    // The link gives up by itself, and tells.
    let answer = answer.await.ok().flatten().ok_or(problem::SILENT_SLAVE)?;
    match Reply::decode(&answer).map_err(|_| problem::SILENT_SLAVE)? {
        Reply::Progress(Progress::Wanted { chunk, of }) => {
            Ok(json(&serde_json::json!({ "chunk": chunk, "of": of, "ready": false })))
        }
        Reply::Progress(Progress::Ready) => Ok(json(&serde_json::json!({ "ready": true }))),
        Reply::Refused(why) => Err(Problem::update(why)),
        Reply::NoUpdates => Err(problem::NO_UPDATES),
    }
}
