//! Datagrams: one frame each.
//!
//! [`multicast()`] is one broadcast link for everybody on a network; [`peers`] is one link for each neighbour whose address is
//! known, for networks without multicast.

mod multicast;
mod peer;

pub use multicast::{Multicast, Network, multicast};
pub use peer::{Peers, peers};

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Bytes of the largest frame: with its headers it fits IPv6's least MTU, and any packet fits in it.
const MTU: usize = 1200;
/// Pause after the system refused to receive; an error that stays must not take a core.
const AGAIN: Duration = Duration::from_millis(20);

/// Why datagrams cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UdpError {
    /// The group must be a multicast address.
    #[error(
        "{0} is no multicast address: use one in 239.0.0.0/8, or in ff12::/16 with the number of an interface"
    )]
    NotMulticast(SocketAddr),
    /// Group and interface are of different families.
    #[error(
        "the group {group} and the interface {interface} are not both IPv4: an IPv6 group names its interface itself, as in [ff12::7868%2]:7868"
    )]
    Families {
        /// The group.
        group: SocketAddr,
        /// The interface's address.
        interface: std::net::Ipv4Addr,
    },
    /// The system said no.
    #[error("UDP on {addr} cannot be used: {source}")]
    Io {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

fn failed(addr: SocketAddr) -> impl FnOnce(io::Error) -> UdpError {
    move |source| UdpError::Io { addr, source }
}
