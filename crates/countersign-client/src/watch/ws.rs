//! The WebSocket: signed frames both ways over one connection.

use super::WatchOptions;
use super::link::{LinkError, Opening, opening, system};
use super::sse::lost;
use crate::client::Client;
use crate::transport::{Transport, TransportError};
use countersign::client::Sent;
use countersign::{Frame, Kind};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use std::collections::VecDeque;
use std::fmt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Largest message: PROTOCOL.md, section 12.
const MESSAGE_MAX: usize = 1 << 20;

trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// An open WebSocket on which a stream was opened.
pub(super) struct WsLink {
    socket: WebSocketStream<Box<dyn Bytes>>,
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
            let connecting = tokio::time::timeout(limit, connect(transport)).await;
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

async fn connect(transport: &Transport) -> Result<WebSocketStream<Box<dyn Bytes>>, LinkError> {
    let base = transport.base();
    let refused = |why: String| lost(TransportError::Connect { server: transport.server(), why });
    let tcp =
        TcpStream::connect((base.host(), base.port())).await.map_err(|e| refused(e.to_string()))?;
    let stream: Box<dyn Bytes> = if base.is_tls() {
        let name =
            ServerName::try_from(base.host().to_owned()).map_err(|e| refused(e.to_string()))?;
        let connecting = TlsConnector::from(transport.tls()).connect(name, tcp).await;
        Box::new(connecting.map_err(|error| {
            lost(transport.explain_tls(&error).unwrap_or_else(|| transport.broken(&error)))
        })?)
    } else {
        Box::new(tcp)
    };
    let uri = base.websocket().parse().map_err(|_| refused("an impossible URL".to_owned()))?;
    let request = ClientRequestBuilder::new(uri).with_sub_protocol("countersign.v1");
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX));
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        // The server, or a proxy before it, answers but does not switch: another carrier will do.
        Err(error @ (WsError::Http(_) | WsError::Protocol(_) | WsError::HttpFormat(_))) => {
            Err(LinkError::Unsupported(error.to_string()))
        }
        Err(
            error @ (WsError::ConnectionClosed
            | WsError::AlreadyClosed
            | WsError::Io(_)
            | WsError::Tls(_)
            | WsError::Capacity(_)
            | WsError::WriteBufferFull(_)
            | WsError::Utf8(_)
            | WsError::AttackAttempt
            | WsError::Url(_)),
        ) => Err(broken(&error)),
    }
}

fn broken(error: &WsError) -> LinkError {
    LinkError::Lost(format!("the WebSocket broke: {error}"))
}
