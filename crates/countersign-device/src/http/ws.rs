//! WebSocket: views to the phone, acts from it.

use super::App;
use super::calls::{NOBODY, is_known};
use crate::actor::Busy;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::Response;
use bytes::Bytes;
use countersign_league::device::{SayError, Token};
use countersign_listen::{ConnectionInfo, ShutdownSignal};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Acts and roll calls are much shorter.
const MESSAGE_MAX: usize = 4096;
/// The first message has to come within this time.
const FIRST: Duration = Duration::from_secs(10);
/// A phone that answers is alive.
const PING: Duration = Duration::from_secs(5);
/// Pings without an answer.
const SILENT_PINGS: u32 = 4;
/// A phone that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(10);
/// How long the peer may take to answer a close.
const GOODBYE: Duration = Duration::from_secs(1);

const CLOSE_AWAY: u16 = 1001;
const CLOSE_UNSUPPORTED: u16 = 1003;
const CLOSE_AGAIN: u16 = 1013;
const CLOSE_NOT_IN_LOBBY: u16 = 4001;

/// Why a connection ends, for the peer; `None`: the peer is gone.
type Goodbye = Option<(u16, &'static str)>;

const ENDING: Goodbye = Some((CLOSE_AWAY, "the device is ending"));

pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(info): Extension<ConnectionInfo>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .max_message_size(MESSAGE_MAX)
        .max_frame_size(MESSAGE_MAX)
        .on_upgrade(move |socket| serve(app, socket, info.shutdown))
}

async fn serve(app: Arc<App>, mut socket: WebSocket, shutdown: ShutdownSignal) {
    let first = tokio::time::timeout(FIRST, first_message(&mut socket)).await;
    let Ok(Some(token)) = first else {
        return close(socket, CLOSE_UNSUPPORTED, "the first message is the lobby token").await;
    };
    let Err(goodbye) = talk(&app, &mut socket, token, &shutdown).await;
    if token != NOBODY {
        // A device that is ending does not mind.
        let _ = app.handle.call(move |half, now| half.device.closed(&token, now)).await;
    }
    if let Some((code, reason)) = goodbye {
        close(socket, code, reason).await;
    }
}

async fn talk(
    app: &App,
    socket: &mut WebSocket,
    token: Token,
    shutdown: &ShutdownSignal,
) -> Result<Infallible, Goodbye> {
    let (mut views, mut drops) = (app.views.clone(), app.drops.clone());
    let mut ping = tokio::time::interval(PING);
    let mut silent = 0;
    // What is there already is new to this phone.
    views.mark_changed();
    drops.mark_changed();
    loop {
        tokio::select! {
            changed = drops.changed() => {
                changed.map_err(|_| ENDING)?;
                show_life(app, token).await?;
            }
            changed = views.changed() => {
                changed.map_err(|_| ENDING)?;
                let frame = views.borrow_and_update().frame.clone();
                if !frame.is_empty() {
                    send(socket, Message::Binary(frame)).await?;
                }
            }
            received = socket.recv() => {
                silent = 0;
                match received {
                    Some(Ok(Message::Binary(frame))) => say(app, socket, frame).await?,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => show_life(app, token).await?,
                    Some(Ok(Message::Text(_))) => {
                        return Err(Some((CLOSE_UNSUPPORTED, "messages are binary")));
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(None),
                }
            }
            _ = ping.tick() => {
                silent += 1;
                if silent > SILENT_PINGS {
                    return Err(None);
                }
                send(socket, Message::Ping(Bytes::new())).await?;
            }
            () = shutdown.begun() => return Err(Some((CLOSE_AWAY, "the device is restarting"))),
        }
    }
}

/// The connection ends if its token is not good any more.
async fn show_life(app: &App, token: Token) -> Result<(), Goodbye> {
    match is_known(app, token).await {
        Ok(true) | Err(Busy::Full) => Ok(()),
        Ok(false) => {
            Err(Some((CLOSE_NOT_IN_LOBBY, "this place in the lobby is not known any more")))
        }
        Err(Busy::Ended) => Err(ENDING),
    }
}

/// An act or an answer to the roll call. What is refused is answered.
async fn say(app: &App, socket: &mut WebSocket, frame: Bytes) -> Result<(), Goodbye> {
    let said = app.handle.call(move |half, now| match half.device.say(&frame, now) {
        Ok(()) => None,
        Err(error) => {
            let code = match error {
                SayError::Refused(refusal) => refusal.code(),
                SayError::Evidence(_) => 0,
            };
            Some(serde_json::json!({ "code": code, "detail": error.to_string() }).to_string())
        }
    });
    match said.await {
        Ok(None) => Ok(()),
        Ok(Some(refusal)) => send(socket, Message::Text(refusal.into())).await,
        Err(Busy::Full) => Err(Some((CLOSE_AGAIN, "too much to do; try again soon"))),
        Err(Busy::Ended) => Err(ENDING),
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Goodbye> {
    match tokio::time::timeout(STUCK, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(None),
    }
}

/// The token, or nothing that we understand.
async fn first_message(socket: &mut WebSocket) -> Option<Token> {
    loop {
        match socket.recv().await? {
            Ok(Message::Binary(token)) => return token[..].try_into().ok(),
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Text(_) | Message::Close(_)) | Err(_) => return None,
        }
    }
}

async fn close(mut socket: WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    if send(&mut socket, Message::Close(Some(frame))).await.is_err() {
        return;
    }
    // Bytes that nobody read would make the kernel reset the connection, and the peer lose the code.
    let rest = async { while let Some(Ok(_)) = socket.recv().await {} };
    drop(tokio::time::timeout(GOODBYE, rest).await);
}
