//! One datagram for each frame.

use super::Carrier;
use countersign_league::pair::MAX_FRAME;
use std::collections::VecDeque;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// Without a fixed remote, answers go to so many of the newest strangers: only one of them understands anything.
const STRANGERS: usize = 4;

pub(super) async fn carry(socket: UdpSocket, remote: Option<SocketAddr>, mut carrier: Carrier) {
    let mut peers: VecDeque<SocketAddr> = remote.into_iter().collect();
    let mut buffer = [0; MAX_FRAME + 1];
    loop {
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // "Connection refused" is the other half's restart, told by its kernel.
                let Ok((len, from)) = received else { continue };
                let from = SocketAddr::new(from.ip().to_canonical(), from.port());
                if remote.is_some_and(|remote| remote != from) {
                    continue;
                }
                if remote.is_none() {
                    remember(&mut peers, from);
                }
                // Longer than any frame, or more than the half can take: lost.
                if len <= MAX_FRAME {
                    drop(carrier.heard.try_send(buffer[..len].to_vec()));
                }
            }
            frame = carrier.said.recv() => {
                let Some(frame) = frame else { return };
                for peer in &peers {
                    drop(socket.send_to(&frame, peer).await);
                }
            }
        }
    }
}

fn remember(peers: &mut VecDeque<SocketAddr>, from: SocketAddr) {
    if peers.front() == Some(&from) {
        return;
    }
    peers.retain(|peer| *peer != from);
    peers.truncate(STRANGERS - 1);
    peers.push_front(from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_strangers_are_answered() {
        let mut peers = VecDeque::new();
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for port in [1, 2, 3, 2, 4, 5, 5] {
            remember(&mut peers, address(port));
        }
        assert_eq!(peers, [5, 4, 2, 3].map(address));
    }
}
