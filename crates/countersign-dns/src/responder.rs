//! The sockets: UDP and TCP on one port.

use crate::zone::{QUERY_MAX, Transport, Zone, ZoneError};
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 32;
/// Questions on one connection.
const QUESTIONS: usize = 16;
/// Time for one question and its answer to get through.
const PATIENCE: Duration = Duration::from_secs(5);
/// A socket that is broken for good must not keep a core busy.
const AFTER_ERROR: Duration = Duration::from_millis(100);
/// Ports that are tried until one is free for both, where any will do.
const PORTS: usize = 16;

/// Why a responder does not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The sockets.
    #[error("DNS cannot listen on {address}: {source}")]
    Socket {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The names.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

/// A responder with its sockets bound, not yet answering.
#[derive(Debug)]
pub struct Responder {
    udp: UdpSocket,
    tcp: TcpListener,
    zone: Arc<Zone>,
}

impl Responder {
    /// A device's DNS: answers its own name with its own address, and refuses everything else.
    pub async fn own_name(
        listen: SocketAddr,
        host: &str,
        address: Ipv4Addr,
    ) -> Result<Self, BindError> {
        let zone = Arc::new(Zone::own(host, address)?);
        Self::bind(listen, zone).await
    }

    /// Binds UDP and TCP. Port 0: one that is free for both.
    pub async fn bind(listen: SocketAddr, zone: Arc<Zone>) -> Result<Self, BindError> {
        let mut tries = if listen.port() == 0 { PORTS } else { 1 };
        loop {
            tries -= 1;
            match Self::bind_both(listen).await {
                Ok((udp, tcp)) => return Ok(Self { udp, tcp, zone }),
                Err(source) if tries == 0 => {
                    return Err(BindError::Socket { address: listen, source });
                }
                Err(_) => {}
            }
        }
    }

    async fn bind_both(listen: SocketAddr) -> std::io::Result<(UdpSocket, TcpListener)> {
        let tcp = TcpListener::bind(listen).await?;
        let udp = UdpSocket::bind(tcp.local_addr()?).await?;
        Ok((udp, tcp))
    }

    /// Where it listens.
    pub fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.udp.local_addr()
    }

    /// Answers until `shutdown`; what is under way then is dropped.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        tokio::select! {
            () = shutdown => {}
            () = answer_datagrams(&self.udp, &self.zone) => {}
            () = accept(&self.tcp, &self.zone) => {}
        }
    }
}

async fn answer_datagrams(socket: &UdpSocket, zone: &Zone) {
    // One byte more than is looked at: a longer query is seen as such.
    let mut buffer = [0; QUERY_MAX + 1];
    loop {
        let outcome = match socket.recv_from(&mut buffer).await {
            Ok((len, from)) => match zone.answer(&buffer[..len], Transport::Udp) {
                Some(answer) => socket.send_to(&answer, from).await.map(drop),
                None => Ok(()),
            },
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a DNS answer was not sent");
            tokio::time::sleep(AFTER_ERROR).await;
        }
    }
}

async fn accept(listener: &TcpListener, zone: &Arc<Zone>) {
    let free = Arc::new(Semaphore::new(CONNECTIONS));
    // Connections end with this.
    let mut connections = JoinSet::new();
    loop {
        // Never closed.
        let Ok(permit) = Arc::clone(&free).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let zone = Arc::clone(zone);
                connections.spawn(async move {
                    answer_stream(stream, &zone).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "a DNS connection was not accepted");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}

/// Ends with the first mistake: whoever asks over TCP can ask again.
async fn answer_stream(mut stream: TcpStream, zone: &Zone) {
    for _ in 0..QUESTIONS {
        let exchange = exchange(&mut stream, zone);
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false) | Err(_)) | Err(_) => return,
        }
    }
}

/// One question and its answer; `false`: not worth an answer.
async fn exchange(stream: &mut TcpStream, zone: &Zone) -> std::io::Result<bool> {
    let len = usize::from(stream.read_u16().await?);
    let mut query = [0; QUERY_MAX];
    let Some(query) = query.get_mut(..len) else { return Ok(false) };
    stream.read_exact(query).await?;
    let Some(answer) = zone.answer(query, Transport::Tcp) else { return Ok(false) };
    let Ok(len) = u16::try_from(answer.len()) else { return Ok(false) };
    let mut framed = Vec::with_capacity(2 + answer.len());
    framed.extend_from_slice(&len.to_be_bytes());
    framed.extend_from_slice(&answer);
    stream.write_all(&framed).await?;
    Ok(true)
}
