//! The WebSocket: signed frames both ways over one connection.

use super::WatchOptions;
use super::link::{LinkError, Opening, opening, system};
use super::sse::lost;
use crate::client::Client;
use crate::websocket::{self, Socket, WebSocketError};
use countersign::client::Sent;
use countersign::{Frame, Kind};
use futures_util::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::fmt;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

/// An open WebSocket on which a stream was opened.
pub(super) struct WsLink {
    socket: Socket,
    /// Pushes that overtook the answer to `stream.open`.
    early: VecDeque<Vec<u8>>,
}

impl fmt::Debug for WsLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WsLink")
    }
}

impl WsLink {
    pub(super) async fn open(
        client: &Client,
        options: &WatchOptions,
        payload: &[u8],
    ) -> Result<(Self, Opening), LinkError> {
        let transport = &client.server.transport;
        let limit = transport.limits().connect;
        let mut before: Option<Sent> = None;
        // The second round only if the server asks for another signature. It closes the connection then, so each has its own.
        for _ in 0..2 {
            let url = transport.base().websocket();
            let connecting = websocket::connect(transport, &url, Some("countersign.v1"));
            let connecting = tokio::time::timeout(limit, connecting).await;
            let socket = connecting.map_err(|_| lost(transport.timeout(limit)))??;
            let mut link = Self { socket, early: VecDeque::new() };
            let (frame, sent) = client
                .sign(system("stream.open")?, payload.to_vec(), before)
                .map_err(|e| LinkError::Fatal(e.into()))?;
            link.socket.send(Message::binary(frame)).await.map_err(|e| broken(&e))?;
            let answer = link.answer(options).await?;
            match opening(client, &sent, &answer).await? {
                Some(opening) => return Ok((link, opening)),
                None => before = Some(sent),
            }
        }
        Err(LinkError::Lost("the server keeps asking for another signature".to_owned()))
    }

    pub(super) async fn receive(
        &mut self,
        options: &WatchOptions,
    ) -> Result<Vec<Vec<u8>>, LinkError> {
        match self.early.pop_front() {
            Some(push) => Ok(vec![push]),
            None => Ok(vec![self.message(options).await?]),
        }
    }

    async fn answer(&mut self, options: &WatchOptions) -> Result<Vec<u8>, LinkError> {
        loop {
            let message = self.message(options).await?;
            let kind = Frame::split(&message).ok().and_then(|frame| Kind::of(frame.header));
            if kind != Some(Kind::Push) {
                return Ok(message);
            }
            self.early.push_back(message);
        }
    }

    /// The next binary message. Pings are answered by the library as they are read.
    async fn message(&mut self, options: &WatchOptions) -> Result<Vec<u8>, LinkError> {
        loop {
            let next = tokio::time::timeout(options.silence, self.socket.next()).await;
            let Ok(next) = next else {
                let seconds = options.silence.as_secs_f64();
                return Err(LinkError::Lost(format!("the server was silent for {seconds} s")));
            };
            match next {
                None => return Err(LinkError::Lost("the WebSocket was closed".to_owned())),
                Some(Err(error)) => return Err(broken(&error)),
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.map_or(1005, |frame| u16::from(frame.code));
                    return Err(LinkError::Lost(format!("the WebSocket was closed ({code})")));
                }
                Some(Ok(
                    Message::Ping(_) | Message::Pong(_) | Message::Text(_) | Message::Frame(_),
                )) => {}
            }
        }
    }
}

impl From<WebSocketError> for LinkError {
    fn from(error: WebSocketError) -> Self {
        match error {
            WebSocketError::Unsupported(why) => Self::Unsupported(why),
            WebSocketError::Transport(error) => lost(error),
            WebSocketError::Broken(error) => broken(&error),
        }
    }
}

fn broken(error: &WsError) -> LinkError {
    LinkError::Lost(format!("the WebSocket broke: {error}"))
}
