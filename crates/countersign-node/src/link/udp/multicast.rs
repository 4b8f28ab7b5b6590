//! One broadcast link: a multicast group on one interface.

use super::{AGAIN, MTU, UdpError, failed};
use crate::link::{LinkEnd, Links, Place};
use countersign_mesh::Bearer;
use countersign_mesh::relay::PeerId;
use socket2::{Domain, Protocol, Socket, Type};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::net::UdpSocket;

/// Where everybody meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multicast {
    /// Group and port. An IPv6 group names the interface by its number: `[ff12::7868%2]:7868`.
    pub group: SocketAddr,
    /// IPv4: the address of the interface to use; `None`: the one of the default route.
    pub interface: Option<Ipv4Addr>,
}

/// A group that was joined.
#[derive(Debug)]
pub struct Network {
    /// Bound to the group; other programs of this machine may be, too.
    group: UdpSocket,
    /// Has a port of its own, so that what comes back from it is known as ours.
    own: UdpSocket,
    own_addr: SocketAddr,
    to: SocketAddr,
    peers: RandomState,
}

/// Joins the group; needs a tokio runtime.
pub fn multicast(spec: Multicast) -> Result<Network, UdpError> {
    let Multicast { group: to, interface } = spec;
    if !to.ip().is_multicast() {
        return Err(UdpError::NotMulticast(to));
    }
    if let (IpAddr::V6(_), Some(interface)) = (to.ip(), interface) {
        return Err(UdpError::Families { group: to, interface });
    }
    let group = join(to, interface).map_err(failed(to))?;
    let own = speaker(to, interface).map_err(failed(to))?;
    let own_addr = own.local_addr().map_err(failed(to))?;
    Ok(Network { group, own, own_addr, to, peers: RandomState::new() })
}

impl Network {
    /// Carries frames until the node ends.
    pub async fn carry(self, links: Links) {
        let place = Place::new("multicast", self.to);
        let Ok(end) = links.up(place, Bearer::Broadcast, MTU).await else { return };
        tokio::select! {
            () = self.hear(&end) => {}
            () = self.say(&end) => {}
        }
    }

    async fn hear(&self, end: &LinkEnd) {
        let mut buffer = [0; MTU + 1];
        loop {
            match self.group.recv_from(&mut buffer).await {
                Ok((_, from)) if self.is_own(from) => {}
                Ok((len, from)) => {
                    let peer = PeerId(self.peers.hash_one(from));
                    end.hear_from(peer, &buffer[..len]);
                }
                Err(error) => {
                    tracing::debug!(%error, "multicast cannot be received");
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    async fn say(&self, end: &LinkEnd) {
        while let Some(frame) = end.next().await {
            // A network that is away for a while is no reason to stop: it is a radio.
            if let Err(error) = self.own.send_to(&frame, self.to).await {
                tracing::debug!(%error, "multicast cannot be sent");
            }
        }
    }

    /// The socket is bound to all addresses unless an interface was named, so only its port may be known. A stranger with the
    /// same port is one of 30,000, and loses one of his paths.
    fn is_own(&self, from: SocketAddr) -> bool {
        let own = self.own_addr;
        from.port() == own.port() && (own.ip().is_unspecified() || from.ip() == own.ip())
    }
}

fn join(to: SocketAddr, interface: Option<Ipv4Addr>) -> io::Result<UdpSocket> {
    let socket = open(to)?;
    // Several nodes of one machine may be in the group.
    socket.set_reuse_address(true)?;
    match to {
        SocketAddr::V4(group) => {
            socket.join_multicast_v4(group.ip(), &interface.unwrap_or(Ipv4Addr::UNSPECIFIED))?;
        }
        SocketAddr::V6(group) => {
            socket.set_only_v6(true)?;
            socket.join_multicast_v6(group.ip(), group.scope_id())?;
        }
    }
    // Bound to the group itself, so that nothing else that comes to the port is heard.
    socket.bind(&to.into())?;
    UdpSocket::from_std(socket.into())
}

fn speaker(to: SocketAddr, interface: Option<Ipv4Addr>) -> io::Result<UdpSocket> {
    let socket = open(to)?;
    let own: SocketAddr = match to {
        SocketAddr::V4(_) => {
            let interface = interface.unwrap_or(Ipv4Addr::UNSPECIFIED);
            if !interface.is_unspecified() {
                socket.set_multicast_if_v4(&interface)?;
            }
            // One network, no further.
            socket.set_multicast_ttl_v4(1)?;
            socket.set_multicast_loop_v4(true)?;
            (interface, 0).into()
        }
        SocketAddr::V6(group) => {
            socket.set_only_v6(true)?;
            if group.scope_id() != 0 {
                socket.set_multicast_if_v6(group.scope_id())?;
            }
            socket.set_multicast_hops_v6(1)?;
            socket.set_multicast_loop_v6(true)?;
            (Ipv6Addr::UNSPECIFIED, 0).into()
        }
    };
    socket.bind(&own.into())?;
    UdpSocket::from_std(socket.into())
}

fn open(to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Link, Weight};
    use std::time::Duration;
    use tokio::sync::mpsc;

    const DEADLINE: Duration = Duration::from_secs(10);

    fn loopback() -> Multicast {
        let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let group = SocketAddr::from(([239, 255, 78, 68], port));
        Multicast { group, interface: Some(Ipv4Addr::LOCALHOST) }
    }

    async fn node(spec: Multicast) -> (Links, mpsc::Receiver<Link>, Link) {
        let (links, mut arriving) = Links::new();
        tokio::spawn(multicast(spec).unwrap().carry(links.clone()));
        let link = arriving.recv().await.unwrap();
        (links, arriving, link)
    }

    #[tokio::test]
    async fn everybody_but_the_speaker_hears_a_frame() {
        let spec = loopback();
        let (_a, _b, mut first) = node(spec).await;
        let (_c, _d, mut second) = node(spec).await;
        first.said.send(Weight::Packet, b"from the first".to_vec());
        let heard =
            tokio::time::timeout(DEADLINE, second.heard.recv()).await.unwrap().unwrap().frame;
        assert_eq!(heard, b"from the first");
        // What the second says comes after what the first would have heard of itself.
        second.said.send(Weight::Packet, b"from the second".to_vec());
        let heard =
            tokio::time::timeout(DEADLINE, first.heard.recv()).await.unwrap().unwrap().frame;
        assert_eq!(heard, b"from the second");
    }

    #[tokio::test]
    async fn a_group_has_to_be_one() {
        let unicast = Multicast { group: "127.0.0.1:1".parse().unwrap(), interface: None };
        assert!(multicast(unicast).unwrap_err().to_string().contains("no multicast address"));
        let group = "[ff12::1%1]:1".parse().unwrap();
        let mixed = Multicast { group, interface: Some(Ipv4Addr::LOCALHOST) };
        assert!(multicast(mixed).unwrap_err().to_string().contains("not both IPv4"));
    }
}
