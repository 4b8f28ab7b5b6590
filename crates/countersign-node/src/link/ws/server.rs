//! The side that was connected to.

use super::{MTU, Said, Say, carry};
use crate::link::{Links, Place};
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use countersign_listen::{ConnectionInfo, ShutdownSignal};
use futures_util::{SinkExt, StreamExt};
use std::future::ready;
use std::net::IpAddr;

/// Where nodes serve the mesh.
pub const PATH: &str = "/mesh";

/// A service with the mesh at [`PATH`] and nothing else. Connections are limited by the listener that serves it.
pub fn router(links: Links) -> Router {
    Router::new().route(PATH, get(answer)).with_state(links)
}

async fn answer(
    State(links): State<Links>,
    Extension(info): Extension<ConnectionInfo>,
    request: WebSocketUpgrade,
) -> Response {
    upgrade(request, links, info)
}

/// Answers an upgrade that another program's router took, with the limits of [`serve`].
pub fn upgrade(request: WebSocketUpgrade, links: Links, info: ConnectionInfo) -> Response {
    let (from, shutdown) = (info.client_ip, info.shutdown);
    request
        .max_message_size(MTU)
        .max_frame_size(MTU)
        .on_upgrade(move |socket| serve(socket, links, from, shutdown))
}

/// Carries frames over an upgraded socket until either side is gone or the listener shuts down. Whoever upgraded it has
/// limited the size of its messages.
pub async fn serve(socket: WebSocket, links: Links, from: IpAddr, shutdown: ShutdownSignal) {
    let (sink, stream) = socket.split();
    let heard = stream.map(|message| match message {
        Ok(Message::Binary(frame)) => Said::Frame(frame),
        Ok(Message::Ping(_) | Message::Pong(_)) => Said::Alive,
        Ok(Message::Text(_)) => Said::Foreign,
        Ok(Message::Close(_)) | Err(_) => Said::Closed,
    });
    let said = sink.with(|say| {
        ready(Ok::<_, axum::Error>(match say {
            Say::Frame(frame) => Message::Binary(frame.into()),
            Say::Ping => Message::Ping(Bytes::new()),
        }))
    });
    tokio::select! {
        () = carry(&links, Place::new("ws from", from), heard, said) => {}
        () = shutdown.begun() => {}
    }
}
