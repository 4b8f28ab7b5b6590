//! The side that connects, and connects again.

use super::{MTU, Said, Say, carry};
use crate::link::{Links, Place};
use crate::random;
use bytes::Bytes;
use core::fmt;
use core::str::FromStr;
use futures_util::{SinkExt, StreamExt};
use std::future::ready;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// From the first packet to the end of the handshake.
const CONNECT: Duration = Duration::from_secs(10);
/// Pause after the first failure; doubled up to the longest. The last half of each is random.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// A node to connect to: `ws://192.0.2.7:7868/mesh`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client(String);

/// Why a text is no address of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL, or another scheme.
    #[error("`{0}` is no address of a node: it should look like ws://192.0.2.7:7868/mesh")]
    Shape(String),
    /// Packets are sealed and checked by themselves.
    #[error("wss is not spoken between nodes: packets carry their own seals; use ws://")]
    Tls,
}

impl FromStr for Client {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let shape = || UrlError::Shape(text.to_owned());
        let uri: axum::http::Uri = text.parse().map_err(|_| shape())?;
        match uri.scheme_str() {
            Some("ws") if uri.host().is_some_and(|host| !host.is_empty()) => {
                Ok(Self(text.to_owned()))
            }
            Some("wss") => Err(UrlError::Tls),
            Some(_) | None => Err(shape()),
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Client {
    /// Keeps a connection until the node ends.
    pub async fn carry(self, links: Links) {
        tokio::select! {
            () = self.again_and_again(&links) => {}
            () = links.ended() => {}
        }
    }

    async fn again_and_again(&self, links: &Links) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.connect().await {
                Ok(socket) => {
                    pause = FIRST_PAUSE;
                    self.exchange(links, socket).await;
                    tracing::info!(node = %self, "the connection has ended");
                }
                Err(error) => tracing::debug!(node = %self, %error, "no connection"),
            }
            tokio::time::sleep(jittered(pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn connect(
        &self,
    ) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, tungstenite::Error> {
        let config =
            WebSocketConfig::default().max_message_size(Some(MTU)).max_frame_size(Some(MTU));
        let connecting = connect_async_with_config(&self.0, Some(config), true);
        let late = |_| tungstenite::Error::Io(std::io::ErrorKind::TimedOut.into());
        let (socket, _) = tokio::time::timeout(CONNECT, connecting).await.map_err(late)??;
        Ok(socket)
    }

    async fn exchange(&self, links: &Links, socket: WebSocketStream<MaybeTlsStream<TcpStream>>) {
        let (sink, stream) = socket.split();
        let heard = stream.map(|message| match message {
            Ok(Message::Binary(frame)) => Said::Frame(frame),
            Ok(Message::Ping(_) | Message::Pong(_)) => Said::Alive,
            Ok(Message::Text(_) | Message::Frame(_)) => Said::Foreign,
            Ok(Message::Close(_)) | Err(_) => Said::Closed,
        });
        let said = sink.with(|say| {
            ready(Ok::<_, tungstenite::Error>(match say {
                Say::Frame(frame) => Message::Binary(frame.into()),
                Say::Ping => Message::Ping(Bytes::new()),
            }))
        });
        carry(links, Place::new("ws to", self), heard, said).await;
    }
}

/// Between a half and the whole, so that a hub's restart is not followed by everybody at once.
fn jittered(pause: Duration) -> Duration {
    let part = f64::from(u16::from_be_bytes(random::bytes())) / f64::from(u16::MAX);
    pause.mul_f64(0.5 + part / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Link, Weight, ws};
    use countersign_listen::{ListenConfig, Listener};
    use std::net::SocketAddr;
    use tokio::sync::{mpsc, oneshot};
    use tokio_tungstenite::connect_async;

    const DEADLINE: Duration = Duration::from_secs(30);

    struct Server {
        addr: SocketAddr,
        arriving: mpsc::Receiver<Link>,
        stop: oneshot::Sender<()>,
        runs: tokio::task::JoinHandle<()>,
    }

    fn server(addr: SocketAddr) -> Server {
        let (links, arriving) = Links::new();
        let config = ListenConfig { shutdown_grace: Duration::ZERO, ..ListenConfig::default() };
        let listener = Listener::plain(addr, config).unwrap();
        let addr = listener.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let runs = tokio::spawn(async move {
            listener.serve(ws::router(links), async { drop(stopped.await) }).await;
        });
        Server { addr, arriving, stop, runs }
    }

    async fn soon<T>(future: impl Future<Output = Option<T>>) -> T {
        tokio::time::timeout(DEADLINE, future).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_connection_carries_frames_both_ways_and_comes_again_after_a_restart() {
        let mut first = server("127.0.0.1:0".parse().unwrap());
        let client: Client = format!("ws://{}/mesh", first.addr).parse().unwrap();
        let (links, mut of_client) = Links::new();
        tokio::spawn(client.carry(links));
        let mut up = soon(of_client.recv()).await;
        let mut down = soon(first.arriving.recv()).await;
        up.said.send(Weight::Packet, vec![1; MTU]);
        assert_eq!(soon(down.heard.recv()).await.frame, vec![1; MTU]);
        down.said.send(Weight::Packet, b"down".to_vec());
        assert_eq!(soon(up.heard.recv()).await.frame, b"down");

        first.stop.send(()).unwrap();
        tokio::time::timeout(DEADLINE, first.runs).await.unwrap().unwrap();
        assert_eq!(tokio::time::timeout(DEADLINE, up.heard.recv()).await.unwrap(), None);
        let mut second = server(first.addr);
        let up = soon(of_client.recv()).await;
        let mut down = soon(second.arriving.recv()).await;
        up.said.send(Weight::Packet, b"again".to_vec());
        assert_eq!(soon(down.heard.recv()).await.frame, b"again");
    }

    #[tokio::test]
    async fn too_long_or_foreign_messages_end_the_connection() {
        let mut server = server("127.0.0.1:0".parse().unwrap());
        for message in [Message::Binary(vec![0; MTU + 1].into()), Message::Text("hello".into())] {
            let url = format!("ws://{}/mesh", server.addr);
            let (mut socket, _) = connect_async(url).await.unwrap();
            let mut link = soon(server.arriving.recv()).await;
            socket.send(message).await.unwrap();
            let heard = tokio::time::timeout(DEADLINE, link.heard.recv()).await.unwrap();
            assert_eq!(heard, None);
        }
    }

    #[tokio::test]
    async fn a_silent_neighbour_is_gone() {
        tokio::time::pause();
        let (links, mut arriving) = Links::new();
        // The future that never says anything.
        let quiet = futures_util::stream::pending();
        let deaf = futures_util::sink::drain();
        let carried = tokio::spawn(async move {
            carry(&links, Place::new("test", 1), quiet, deaf).await;
        });
        let mut link = arriving.recv().await.unwrap();
        assert_eq!(link.heard.recv().await, None);
        carried.await.unwrap();
    }

    #[test]
    fn addresses_say_what_they_should_be() {
        for (text, says) in [
            ("wss://a/mesh", "use ws://"),
            ("http://a/mesh", "should look like"),
            ("a", "should look like"),
            ("", "should look like"),
        ] {
            assert!(text.parse::<Client>().unwrap_err().to_string().contains(says), "{text}");
        }
        assert!("ws://192.0.2.7:7868/mesh".parse::<Client>().is_ok());
    }
}
