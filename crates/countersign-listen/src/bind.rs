//! Opening the listening socket.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Connections that the kernel holds for us between two accepts. We accept and close when full,
/// so this only has to cover a burst.
const BACKLOG: i32 = 1024;

/// Why the listening socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error("port {} is in use on {}: stop the other process or choose another port", addr.port(), addr.ip())]
    InUse {
        /// What was asked for.
        addr: SocketAddr,
    },
    /// The process may not.
    #[error(
        "no permission to listen on {addr}: ports below 1024 need CAP_NET_BIND_SERVICE; grant it or choose a higher port"
    )]
    Forbidden {
        /// What was asked for.
        addr: SocketAddr,
    },
    /// The address is not one of ours.
    #[error("{} is not an address of this machine: listen on one of its own, on 0.0.0.0 or on [::]", addr.ip())]
    NotHere {
        /// What was asked for.
        addr: SocketAddr,
    },
    /// Anything else.
    #[error("cannot listen on {addr}: {source}")]
    Other {
        /// What was asked for.
        addr: SocketAddr,
        /// The system's words.
        source: io::Error,
    },
}

/// Listens on `addr`; `[::]` takes IPv4 too. Must be called within a tokio runtime.
pub(super) fn bind(addr: SocketAddr) -> Result<TcpListener, BindError> {
    open(addr).map_err(|source| explain(addr, source))
}

fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        // The default is a sysctl; the same address must mean the same everywhere.
        socket.set_only_v6(false)?;
    }
    // Or a restart waits for the TIME_WAIT of the old connections.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn explain(addr: SocketAddr, source: io::Error) -> BindError {
    let kind = source.kind();
    if kind == io::ErrorKind::AddrInUse {
        BindError::InUse { addr }
    } else if kind == io::ErrorKind::PermissionDenied {
        BindError::Forbidden { addr }
    } else if kind == io::ErrorKind::AddrNotAvailable {
        BindError::NotHere { addr }
    } else {
        BindError::Other { addr, source }
    }
}
