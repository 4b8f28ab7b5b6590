//! Server-sent events: a signed `stream.open`, then frames in base64url.

use super::caller::Caller;
use super::http::{finish, sealed};
use super::read;
use crate::app::{App, Backend};
use crate::commands::{open_stream, opened_reply};
use crate::gateway::{Admitted, Refusal};
use crate::problem::Problem;
use crate::push::Stream;
use crate::reply::Reply;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use countersign::ResultCode;
use futures_util::StreamExt;
use futures_util::stream;
use http::{HeaderName, HeaderValue, header};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Proxies cut idle streams after 60 to 100 s.
const PING: Duration = Duration::from_secs(15);
const EVENTS_AT_ONCE: usize = 100;

pub(super) async fn open<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    body: Body,
) -> Response {
    let frame = match read(&app, body, app.limits.frame_max).await {
        Ok(frame) => frame,
        Err(problem) => return problem.into_response(),
    };
    if app.failed.is_set() {
        return Problem::Unavailable("The server's clock or disk cannot be trusted.")
            .into_response();
    }
    match app.gateway.verify(frame, ip).await {
        Ok(admitted) => streamed(app, &admitted),
        Err(Refusal::Signed(reply_to, reply)) => sealed(&app, &reply_to, reply),
        Err(Refusal::Unsigned(problem)) => problem.into_response(),
    }
}

fn streamed<S: Backend>(app: Arc<App<S>>, admitted: &Admitted) -> Response {
    if admitted.request.header.message_type.as_str() != "stream.open" {
        return sealed(&app, &admitted.reply_to, Reply::error(ResultCode::UNKNOWN_TYPE));
    }
    app.metrics.business_call("stream.open");
    let opened = match open_stream(&app, admitted) {
        Ok(opened) => opened,
        Err(reply) => return sealed(&app, &admitted.reply_to, reply),
    };
    let first = app.gateway.seal(&admitted.reply_to, opened_reply(&app, &opened));
    let first =
        Bytes::from(format!("event: open\ndata: {}\n\n", BASE64_URL_SAFE_NO_PAD.encode(&first)));
    let feed =
        Feed { newest: opened.stream.listen(), stream: opened.stream, cursor: opened.cursor, app };
    let events = stream::once(async { first })
        .chain(stream::unfold(feed, Feed::next))
        .map(Ok::<_, Infallible>);
    let mut response = Body::from_stream(events).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    finish(headers);
    response
}

struct Feed<S> {
    app: Arc<App<S>>,
    stream: Arc<Stream>,
    newest: watch::Receiver<u64>,
    cursor: u64,
}

impl<S: Backend> Feed<S> {
    /// The next piece of the stream; `None` ends it.
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            // Marked as seen before looking, so that nothing slips in between.
            self.newest.borrow_and_update();
            let events = self.stream.after(self.cursor, EVENTS_AT_ONCE, self.app.now())?;
            if let Some(last) = events.last() {
                let session = self.stream.session();
                if !self.stream.has_ended() && !self.app.may_listen(session).await.ok()? {
                    return None;
                }
                self.cursor = last.seq;
                let text: String = events
                    .iter()
                    .map(|e| {
                        format!(
                            "event: push\nid: {}\ndata: {}\n\n",
                            e.seq,
                            BASE64_URL_SAFE_NO_PAD.encode(&e.frame)
                        )
                    })
                    .collect();
                return Some((text.into(), self));
            }
            if self.stream.has_ended() {
                return None;
            }
            tokio::select! {
                changed = self.newest.changed() => changed.ok()?,
                () = tokio::time::sleep(PING) => {
                    // Says so on the stream if not.
                    if self.app.may_listen(self.stream.session()).await.ok()? {
                        return Some((Bytes::from_static(b": ping\n\n"), self));
                    }
                }
                () = self.app.shutdown.cancelled() => return None,
            }
        }
    }
}
