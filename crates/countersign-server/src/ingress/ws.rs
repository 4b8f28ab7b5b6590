//! WebSocket: signed frames both ways on one connection.

use super::caller::Caller;
use super::http::answer;
use super::is_within;
use crate::app::{App, Backend};
use crate::commands::{open_stream, opened_reply};
use crate::gateway::Refusal;
use crate::push::{Opened, Stream};
use crate::reply::Reply;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use bytes::Bytes;
use countersign::ResultCode;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

const SUBPROTOCOL: &str = "countersign.v1";
/// The first frame has to open a stream within this time.
const FIRST_FRAME: Duration = Duration::from_secs(5);
/// Proxies cut idle connections; a peer that is silent for two pings is gone.
const PING: Duration = Duration::from_secs(20);
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// Requests of one connection that may be under way.
const CONCURRENCY: usize = 16;
const EVENTS_AT_ONCE: usize = 100;
/// How long the peer may take to answer a close.
const GOODBYE: Duration = Duration::from_secs(2);

const CLOSE_UNAUTHENTICATED: u16 = 4401;
const CLOSE_ENDED: u16 = 4403;
const CLOSE_RESYNC: u16 = 4409;
const CLOSE_GOING_AWAY: u16 = 1001;

pub(super) async fn upgrade<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    upgrade: WebSocketUpgrade,
) -> Response {
    let max = app.limits.large_max;
    upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(max)
        .max_frame_size(max)
        .on_upgrade(move |socket| serve(app, socket, ip))
}

/// Echoes whatever comes, for conformance suites.
#[cfg(feature = "conformance")]
pub(super) async fn echo(upgrade: WebSocketUpgrade) -> Response {
    let limit = 32 * 1024 * 1024;
    upgrade.max_message_size(limit).max_frame_size(limit).on_upgrade(|mut socket| async move {
        while let Some(Ok(message)) = socket.recv().await {
            match message {
                message @ (Message::Text(_) | Message::Binary(_)) => {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                Message::Close(_) => return,
            }
        }
    })
}

async fn serve<S: Backend>(app: Arc<App<S>>, mut socket: WebSocket, ip: IpAddr) {
    let Ok(Some(first)) = tokio::time::timeout(FIRST_FRAME, next_frame(&mut socket)).await else {
        return close(socket, CLOSE_UNAUTHENTICATED, "the first frame has to be stream.open").await;
    };
    match open(&app, first, ip).await {
        Ok((answer, opened)) => {
            if socket.send(Message::Binary(answer)).await.is_ok() {
                run(app, socket, opened, ip).await;
            }
        }
        Err(answer) => {
            if let Some(answer) = answer {
                drop(socket.send(Message::Binary(answer)).await);
            }
            close(socket, CLOSE_UNAUTHENTICATED, "the first frame has to be stream.open").await;
        }
    }
}

/// Opens the stream that the first frame asks for; an error may carry a signed refusal.
async fn open<S: Backend>(
    app: &App<S>,
    first: Bytes,
    ip: IpAddr,
) -> Result<(Bytes, Opened), Option<Bytes>> {
    if !is_within(app, &first) {
        return Err(None);
    }
    let admitted = match app.gateway.verify(first, ip).await {
        Ok(admitted) => admitted,
        Err(Refusal::Signed(reply_to, reply)) => {
            return Err(Some(app.gateway.seal(&reply_to, reply)));
        }
        Err(Refusal::Unsigned(_)) => return Err(None),
    };
    let seal = |reply| app.gateway.seal(&admitted.reply_to, reply);
    if admitted.request.header.message_type.as_str() != "stream.open" {
        return Err(Some(seal(Reply::error(ResultCode::UNAUTHENTICATED))));
    }
    app.metrics.business_call("stream.open");
    match open_stream(app, &admitted) {
        Ok(opened) => Ok((seal(opened_reply(app, &opened)), opened)),
        Err(reply) => Err(Some(seal(reply))),
    }
}

async fn run<S: Backend>(app: Arc<App<S>>, mut socket: WebSocket, opened: Opened, ip: IpAddr) {
    let Opened { stream, mut cursor, .. } = opened;
    let mut newest = stream.listen();
    let (answers, mut ready) = mpsc::channel::<Bytes>(CONCURRENCY);
    let slots = Arc::new(Semaphore::new(CONCURRENCY));
    let mut ping = tokio::time::interval(PING);
    let mut heard = crate::clock::instant();
    loop {
        newest.borrow_and_update();
        match push_after(&app, &stream, &mut cursor, &mut socket).await {
            Pushed::All => {}
            Pushed::Ended => return close(socket, CLOSE_ENDED, "the session has ended").await,
            Pushed::Lost => return close(socket, CLOSE_RESYNC, "open the stream again").await,
            Pushed::Gone => return,
        }
        tokio::select! {
            changed = newest.changed() => if changed.is_err() { return },
            Some(answer) = ready.recv() => if socket.send(Message::Binary(answer)).await.is_err() { return },
            // While all slots are taken nothing is read, but answers go on being sent.
            received = socket.recv(), if slots.available_permits() > 0 => {
                heard = crate::clock::instant();
                match received {
                    Some(Ok(Message::Binary(frame))) => {
                        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { return };
                        let (app, answers) = (Arc::clone(&app), answers.clone());
                        tokio::spawn(async move {
                            if let Ok((reply_to, reply)) = answer(&app, frame, ip).await {
                                answers.send(app.gateway.seal(&reply_to, reply)).await.ok();
                            }
                            drop(slot);
                        });
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Text(_))) => return close(socket, 1003, "frames are binary").await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
            }
            _ = ping.tick() => {
                // Says so on the stream if not.
                if matches!(app.may_listen(stream.session()).await, Ok(false)) {
                    continue;
                }
                if heard.elapsed() > SILENCE_MAX || socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return;
                }
            }
            () = app.shutdown.cancelled() => return close(socket, CLOSE_GOING_AWAY, "the server is restarting").await,
        }
    }
}

enum Pushed {
    All,
    /// The session was revoked.
    Ended,
    /// The client was too slow: events it has not seen are not kept any more.
    Lost,
    /// The connection broke.
    Gone,
}

async fn push_after<S: Backend>(
    app: &App<S>,
    stream: &Stream,
    cursor: &mut u64,
    socket: &mut WebSocket,
) -> Pushed {
    loop {
        let Some(events) = stream.after(*cursor, EVENTS_AT_ONCE, app.now()) else {
            return if stream.has_ended() { Pushed::Ended } else { Pushed::Lost };
        };
        if events.is_empty() {
            return if stream.has_ended() { Pushed::Ended } else { Pushed::All };
        }
        if !stream.has_ended() {
            match app.may_listen(stream.session()).await {
                Ok(true) => {}
                Ok(false) => return Pushed::Ended,
                Err(_) => return Pushed::Lost,
            }
        }
        for event in events {
            if socket.send(Message::Binary(event.frame)).await.is_err() {
                return Pushed::Gone;
            }
            *cursor = event.seq;
        }
    }
}

/// The next binary message; `None` if there will be none.
async fn next_frame(socket: &mut WebSocket) -> Option<Bytes> {
    loop {
        match socket.recv().await? {
            Ok(Message::Binary(frame)) => return Some(frame),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Text(_) | Message::Close(_)) | Err(_) => return None,
        }
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    if socket.send(Message::Close(Some(frame))).await.is_err() {
        return;
    }
    // Bytes that nobody read would make the kernel reset the connection, and the peer lose what was sent last: the code
    // above, or the event before it.
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    drop(tokio::time::timeout(GOODBYE, rest).await);
}
