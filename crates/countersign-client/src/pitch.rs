//! A goal-line device, from a phone's side: calls and views. Nothing that it says is believed here; see `countersign-app`.

use crate::base::BaseUrl;
use crate::tls::{Identity, TlsOptions, TlsSetupError};
use crate::transport::{HttpAnswer, Limits, Outgoing, Transport, TransportError};
use crate::websocket::{self, Socket, WebSocketError};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// Longest wait for a view; the device answers after 25 s at the latest.
const VIEW_WAIT: Duration = Duration::from_secs(35);
/// A WebSocket on which nothing was heard for so long is taken for dead; the device pings every 5 s.
const SILENCE: Duration = Duration::from_secs(20);
/// Bytes that a device sends and receives.
const BYTES: &str = "application/octet-stream";

/// Why views ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewsEnded {
    /// The connection; open them again.
    #[error(transparent)]
    Lost(#[from] TransportError),
    /// The device does not know the token (any more).
    #[error("the device does not know this place in its lobby any more")]
    NotInLobby,
    /// Nobody listens to them.
    #[error("nobody listens")]
    Unheard,
}

/// A device within reach.
#[derive(Debug)]
pub struct Pitch {
    transport: Transport,
}

impl Pitch {
    /// Prepares to talk; nothing is sent yet.
    pub fn new(base: BaseUrl) -> Result<Self, TlsSetupError> {
        let tls = TlsOptions { identity: Identity::Evidence, ..TlsOptions::default() };
        let limits = Limits {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            max_answer: 256 * 1024,
        };
        Ok(Self { transport: Transport::new(base, tls, limits)? })
    }

    /// The frame of its certificate; `None` if it was never online.
    pub async fn certificate(&self) -> Result<Option<Vec<u8>>, TransportError> {
        let answer = self.get("/league/certificate").await?;
        match answer.status {
            404 => Ok(None),
            _ => self.body(answer).map(Some),
        }
    }

    /// Its proof for this challenge.
    pub async fn prove(&self, challenge: [u8; 32]) -> Result<Vec<u8>, TransportError> {
        self.post("/league/prove", challenge.to_vec()).await
    }

    /// Joins its lobby: `LP16 ticket ‖ LP16 act`. The answer is the lobby token.
    pub async fn join(&self, body: Vec<u8>) -> Result<Vec<u8>, TransportError> {
        self.post("/league/join", body).await
    }

    /// Sends an act or an answer to the roll call.
    pub async fn act(&self, frame: Vec<u8>) -> Result<(), TransportError> {
        self.post("/league/act", frame).await.map(drop)
    }

    /// What waits for a courier.
    pub async fn outbox(&self) -> Result<Vec<[u8; 16]>, TransportError> {
        #[derive(Deserialize)]
        struct Line {
            id: String,
        }
        let body = self.body(self.get("/league/outbox").await?)?;
        let lines: Vec<Line> = serde_json::from_slice(&body).map_err(|_| self.foreign("outbox"))?;
        lines
            .iter()
            .map(|line| {
                let mut id = [0; 16];
                hex::decode_to_slice(&line.id, &mut id).map_err(|_| self.foreign("outbox"))?;
                Ok(id)
            })
            .collect()
    }

    /// One bundle.
    pub async fn fetch(&self, id: [u8; 16]) -> Result<Vec<u8>, TransportError> {
        let answer = self.get(&format!("/league/outbox/{}", hex::encode(id))).await?;
        self.body(answer)
    }

    /// Begin and end of its certificate for browsers in milliseconds, 8 bytes each, zeros if it has none; empty if it does not
    /// want one.
    pub async fn tls(&self) -> Result<Vec<u8>, TransportError> {
        #[derive(Deserialize)]
        struct Tls {
            not_before: Option<u64>,
            not_after: Option<u64>,
            request: bool,
        }
        let body = self.body(self.get("/league/tls").await?)?;
        let tls: Tls = serde_json::from_slice(&body).map_err(|_| self.foreign("TLS state"))?;
        let life = [tls.not_before, tls.not_after].map(|at| at.unwrap_or(0).to_be_bytes());
        Ok(if tls.request { life.concat() } else { Vec::new() })
    }

    /// The frame by which it asks for the next one.
    pub async fn tls_request(&self) -> Result<Vec<u8>, TransportError> {
        let answer = self.get("/league/tls/request").await?;
        self.body(answer)
    }

    /// Brings a receipt, a certificate, a chain or a key set.
    pub async fn deliver(&self, frame: Vec<u8>) -> Result<(), TransportError> {
        self.post("/league/inbox", frame).await.map(drop)
    }

    /// Sends every view into `views` until the connection ends, by WebSocket, or by long poll where that does not work.
    pub async fn watch(&self, token: [u8; 16], views: &mpsc::Sender<Vec<u8>>) -> ViewsEnded {
        let url = self.transport.base().websocket().replace("/ws", "/league/ws");
        let connecting = websocket::connect(&self.transport, &url, None);
        let limit = self.transport.limits().connect;
        match tokio::time::timeout(limit, connecting).await {
            Ok(Ok(socket)) => self.watch_socket(socket, token, views).await,
            Ok(Err(WebSocketError::Unsupported(_))) => self.poll(token, views).await,
            Ok(Err(WebSocketError::Transport(error))) => error.into(),
            Ok(Err(WebSocketError::Broken(error))) => self.transport.broken(&error).into(),
            Err(_) => self.transport.timeout(limit).into(),
        }
    }

    async fn watch_socket(
        &self,
        mut socket: Socket,
        token: [u8; 16],
        views: &mpsc::Sender<Vec<u8>>,
    ) -> ViewsEnded {
        if let Err(error) = socket.send(Message::binary(token.to_vec())).await {
            return self.transport.broken(&error).into();
        }
        loop {
            let message = match tokio::time::timeout(SILENCE, socket.next()).await {
                Err(_) | Ok(None) => return self.transport.timeout(SILENCE).into(),
                Ok(Some(Err(error))) => return self.transport.broken(&error).into(),
                Ok(Some(Ok(message))) => message,
            };
            match message {
                Message::Binary(frame) => {
                    if views.send(frame.to_vec()).await.is_err() {
                        return ViewsEnded::Unheard;
                    }
                }
                Message::Close(Some(close)) if u16::from(close.code) == 4001 => {
                    return ViewsEnded::NotInLobby;
                }
                Message::Close(_) => return self.transport.timeout(SILENCE).into(),
                Message::Ping(_) | Message::Pong(_) | Message::Text(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn poll(&self, token: [u8; 16], views: &mpsc::Sender<Vec<u8>>) -> ViewsEnded {
        let mut after = 0u64;
        loop {
            let body = [&token[..], &after.to_be_bytes()].concat();
            let answer = match self.send_within("/league/view", body, VIEW_WAIT).await {
                Ok(answer) => answer,
                Err(error) => return error.into(),
            };
            match answer.status {
                204 => {}
                200 => {
                    after = number_of(&answer.body).unwrap_or(after);
                    if views.send(answer.body.to_vec()).await.is_err() {
                        return ViewsEnded::Unheard;
                    }
                }
                401 | 404 => return ViewsEnded::NotInLobby,
                _ => return self.transport.unsigned(&answer).into(),
            }
        }
    }

    async fn get(&self, path: &str) -> Result<HttpAnswer, TransportError> {
        let url = self.transport.base().join(path);
        self.transport
            .send(Outgoing { method: "GET", url, accept: BYTES, ..Outgoing::default() })
            .await
    }

    async fn post(&self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, TransportError> {
        let answer = self.send_within(path, body, self.transport.limits().answer).await?;
        self.body(answer)
    }

    async fn send_within(
        &self,
        path: &str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<HttpAnswer, TransportError> {
        let outgoing = Outgoing {
            method: "POST",
            url: self.transport.base().join(path),
            content_type: BYTES,
            accept: BYTES,
            body,
            ..Outgoing::default()
        };
        self.transport.send_within(outgoing, limit).await
    }

    fn body(&self, answer: HttpAnswer) -> Result<Vec<u8>, TransportError> {
        match answer.status {
            200 | 204 => Ok(answer.body.to_vec()),
            _ => Err(self.transport.unsigned(&answer)),
        }
    }

    fn foreign(&self, what: &str) -> TransportError {
        TransportError::Foreign { server: self.transport.server(), what: what.to_owned() }
    }
}

/// The number of a view, unverified: only says from where on to ask.
fn number_of(frame: &[u8]) -> Option<u64> {
    let frame = countersign::Frame::split(frame).ok()?;
    countersign::PushHeader::decode(frame.header).ok().map(|header| header.seq)
}
