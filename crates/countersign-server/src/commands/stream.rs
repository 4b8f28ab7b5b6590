//! Opening and polling push streams.

use super::{Stop, parse};
use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::push::{Event, Opened};
use crate::random;
use crate::reply::Reply;
use countersign::{ResultCode, StreamId};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// Longest time that a poll waits.
const WAIT_MAX: Duration = Duration::from_secs(25);
/// Most events in one answer.
const EVENTS_MAX: usize = 100;

pub(super) fn open<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    let opened = open_stream(app, admitted)?;
    Ok(opened_reply(app, &opened))
}

/// Opens the stream that the payload asks for; also the transports that keep it open do this.
pub(crate) fn open_stream<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Opened, Reply> {
    #[derive(Deserialize)]
    struct Open {
        stream_id: Option<String>,
        #[serde(default)]
        cursor: u64,
    }
    let expected = r#"expected {} or {"stream_id":"<hex>","cursor":<number>}"#;
    let Open { stream_id, cursor } = parse(admitted, expected)?;
    let resume = match stream_id {
        Some(id) => Some((id.parse().map_err(|_| Reply::invalid(expected))?, cursor)),
        None => None,
    };
    let fresh =
        StreamId::from_bytes(random::bytes().map_err(|_| Reply::error(ResultCode::INTERNAL))?);
    let session = &admitted.session;
    app.hub
        .open(session.device.id, session.user, resume, fresh, app.now())
        .map_err(|_| Reply::retry(ResultCode::OVERLOADED, Duration::from_secs(10)))
}

/// The answer to `stream.open`.
pub(crate) fn opened_reply<S: Backend>(app: &App<S>, opened: &Opened) -> Reply {
    Reply::json(&json!({
        "stream_id": opened.stream.id().to_string(),
        "cursor": opened.cursor,
        "resync": opened.resync,
        "server_time_ms": app.now().as_millis(),
    }))
}

pub(super) async fn poll<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    struct Poll {
        stream_id: String,
        cursor: u64,
        #[serde(default)]
        wait_ms: u64,
    }
    let expected = r#"expected {"stream_id":"<hex>","cursor":<number>,"wait_ms":<0 to 25000>}"#;
    let Poll { stream_id, cursor, wait_ms } = parse(admitted, expected)?;
    let id = stream_id.parse().map_err(|_| Reply::invalid(expected))?;
    let Some(stream) = app.hub.find(admitted.session.device.id, id) else {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    };
    let mut newest = stream.listen();
    let more = async {
        // Marks the present number as seen before looking, so that nothing slips in between.
        while newest.borrow_and_update().le(&cursor) && !stream.has_ended() {
            if newest.changed().await.is_err() {
                break;
            }
        }
    };
    let wait = Duration::from_millis(wait_ms).min(WAIT_MAX);
    tokio::select! {
        () = more => {}
        () = tokio::time::sleep(wait) => {}
        () = app.shutdown.cancelled() => {}
    }
    if !stream.has_ended() && !app.may_listen(stream.session()).await? {
        return Ok(Reply::error(ResultCode::UNAUTHENTICATED));
    }
    match stream.after(cursor, EVENTS_MAX, app.now()) {
        Some(events) => Ok(Reply::bytes(encode(cursor, &events))),
        None => Ok(Reply::error(ResultCode::NOT_FOUND)),
    }
}

/// `u64 next_cursor ‖ u32 n ‖ n × LP32(push frame)`.
fn encode(cursor: u64, events: &[Event]) -> Vec<u8> {
    let next = events.last().map_or(cursor, |event| event.seq);
    let mut out = next.to_be_bytes().to_vec();
    out.extend_from_slice(&(events.len() as u32).to_be_bytes());
    for event in events {
        out.extend_from_slice(&(event.frame.len() as u32).to_be_bytes());
        out.extend_from_slice(&event.frame);
    }
    out
}
