//! A WebSocket over TCP or TLS, as the transport's base URL says.

use crate::transport::{Transport, TransportError};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Largest message: PROTOCOL.md, section 12.
const MESSAGE_MAX: usize = 1 << 20;

/// TCP or TLS.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Bytes for T {}

/// An open WebSocket.
pub(crate) type Socket = WebSocketStream<Box<dyn Bytes>>;

/// Why there is none.
#[derive(Debug)]
pub(crate) enum WebSocketError {
    /// The server, or a proxy before it, answers but does not switch: another carrier will do.
    Unsupported(String),
    /// The connection did not stand, or broke.
    Transport(TransportError),
    /// It broke during the handshake.
    Broken(WsError),
}

/// Opens one.
pub(crate) async fn connect(
    transport: &Transport,
    url: &str,
    protocol: Option<&str>,
) -> Result<Socket, WebSocketError> {
    let stream = dial(transport).await.map_err(WebSocketError::Transport)?;
    let impossible = || TransportError::Request(format!("'{url}' is no URL of a WebSocket"));
    let uri = url.parse().map_err(|_| WebSocketError::Transport(impossible()))?;
    let mut request = ClientRequestBuilder::new(uri);
    if let Some(protocol) = protocol {
        request = request.with_sub_protocol(protocol);
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX));
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(error @ (WsError::Http(_) | WsError::Protocol(_) | WsError::HttpFormat(_))) => {
            Err(WebSocketError::Unsupported(error.to_string()))
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
        ) => Err(WebSocketError::Broken(error)),
    }
}

async fn dial(transport: &Transport) -> Result<Box<dyn Bytes>, TransportError> {
    let base = transport.base();
    let refused = |why: String| TransportError::Connect { server: transport.server(), why };
    let tcp =
        TcpStream::connect((base.host(), base.port())).await.map_err(|e| refused(e.to_string()))?;
    if !base.is_tls() {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::try_from(base.host().to_owned()).map_err(|e| refused(e.to_string()))?;
    let connecting = TlsConnector::from(transport.tls()).connect(name, tcp).await;
    let tls = connecting.map_err(|error| {
        transport.explain_tls(&error).unwrap_or_else(|| transport.broken(&error))
    })?;
    Ok(Box::new(tls))
}
