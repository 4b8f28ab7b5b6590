//! Links: what carries opaque frames between two nodes, or between all nodes of a network.
//!
//! A carrier (a socket, a radio) knows nothing of packets. It says [`Links::up`] when a neighbour can be reached, puts what
//! it hears into the [`LinkEnd`] that it gets, and sends what it finds there. Dropping the end takes the link down.
//!
//! ```text
//!   carrier ── LinkEnd ──heard──▶ bounded, newest lost ──▶ Node, one frame of each link in turn
//!                      ◀──said── bounded, oldest lost ◀──
//! ```
//!
//! Each link has queues of its own: whoever floods one fills that one.

#[cfg(feature = "ble")]
pub mod ble;
mod queue;
pub mod udp;
pub mod ws;

use core::fmt;
use countersign_mesh::Bearer;
use countersign_mesh::relay::PeerId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Frames heard on one link that the node has not taken yet.
const HEARD: usize = 256;
/// Frames that one link has not sent yet. 13 of them are a vote at the smallest MTU.
const SAID: usize = 512;
/// Links that came up and that the node has not seen yet.
const ARRIVING: usize = 64;

/// Gives links to a node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Links {
    arriving: mpsc::Sender<Link>,
    lost: Lost,
}

/// Frames that queues did not have room for.
#[derive(Debug, Clone, Default)]
pub struct Lost(Arc<LostCounts>);

#[derive(Debug, Default)]
struct LostCounts {
    heard: AtomicU64,
    said: AtomicU64,
}

/// A link, on the node's side.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) place: Place,
    pub(crate) bearer: Bearer,
    /// Bytes of the largest frame.
    pub(crate) mtu: usize,
    pub(crate) heard: mpsc::Receiver<Heard>,
    pub(crate) said: queue::Sender,
}

/// A frame that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    /// From whom, where several share the link.
    pub(crate) peer: PeerId,
    pub(crate) frame: Vec<u8>,
}

/// How a queue that is full treats a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Asked again soon: goes first.
    Advisory,
    /// Goes when nothing else can.
    Packet,
}

/// A link, on the carrier's side. Dropping it takes the link down.
#[derive(Debug)]
pub struct LinkEnd {
    heard: mpsc::Sender<Heard>,
    said: queue::Receiver,
    mtu: usize,
    lost: Lost,
}

/// Where a link leads, in words for people: `udp 192.0.2.7:7868`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

/// The node does not take the link: it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node has ended")]
pub struct Ended;

impl Links {
    /// A node's entrance, and where its links arrive.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Link>) {
        let (arriving, links) = mpsc::channel(ARRIVING);
        (Self { arriving, lost: Lost::default() }, links)
    }

    /// The neighbour can be reached with frames of up to `mtu` bytes.
    pub async fn up(&self, place: Place, bearer: Bearer, mtu: usize) -> Result<LinkEnd, Ended> {
        let (to_node, heard) = mpsc::channel(HEARD);
        let (to_carrier, said) = queue::bounded(SAID, self.lost.clone());
        let link = Link { place, bearer, mtu, heard, said: to_carrier };
        self.arriving.send(link).await.map_err(|_| Ended)?;
        Ok(LinkEnd { heard: to_node, said, mtu, lost: self.lost.clone() })
    }

    /// Returns when the node has ended.
    pub async fn ended(&self) {
        self.arriving.closed().await;
    }

    /// What queues lost so far.
    pub(crate) fn lost(&self) -> Lost {
        self.lost.clone()
    }
}

impl LinkEnd {
    /// A frame came from the neighbour. Lost if the node is behind with this link; longer than the MTU is no frame of ours.
    pub fn hear(&self, frame: &[u8]) {
        self.hear_from(PeerId::default(), frame);
    }

    /// The same, where several share the link.
    pub fn hear_from(&self, peer: PeerId, frame: &[u8]) {
        if frame.is_empty() || frame.len() > self.mtu {
            return;
        }
        if self.heard.try_send(Heard { peer, frame: frame.to_vec() }).is_err() {
            self.lost.count_heard();
        }
    }

    /// The next frame to send; `None` when the node has ended. Losing the future loses nothing.
    pub async fn next(&self) -> Option<Vec<u8>> {
        self.said.next().await
    }
}

impl Lost {
    fn count_heard(&self) {
        self.0.heard.fetch_add(1, Ordering::Relaxed);
    }

    fn count_said(&self) {
        self.0.said.fetch_add(1, Ordering::Relaxed);
    }

    /// Heard, and the node was behind.
    pub fn heard(&self) -> u64 {
        self.0.heard.load(Ordering::Relaxed)
    }

    /// To be sent, and the carrier was behind.
    pub fn said(&self) -> u64 {
        self.0.said.load(Ordering::Relaxed)
    }
}

impl Place {
    /// `kind` names the carrier, `of` the neighbour or network.
    pub fn new(kind: &str, of: impl fmt::Display) -> Self {
        Self(format!("{kind} {of}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_on_a_link_is_bounded_and_counted() {
        let (links, mut arriving) = Links::new();
        let end = links.up(Place::new("test", 1), Bearer::PointToPoint, 8).await.unwrap();
        let mut link = arriving.recv().await.unwrap();
        for _ in 0..10_000 {
            end.hear(b"12345678");
        }
        end.hear(b"123456789");
        end.hear(b"");
        assert_eq!(links.lost().heard(), 10_000 - HEARD as u64);
        drop(end);
        let mut taken = 0;
        while link.heard.recv().await.is_some() {
            taken += 1;
        }
        assert_eq!(taken, HEARD);
    }

    #[tokio::test]
    async fn a_carrier_that_is_behind_loses_questions_first_and_then_the_oldest() {
        let (links, mut arriving) = Links::new();
        let end = links.up(Place::new("test", 1), Bearer::PointToPoint, 8).await.unwrap();
        let link = arriving.recv().await.unwrap();
        link.said.send(Weight::Packet, vec![1]);
        link.said.send(Weight::Advisory, vec![2]);
        for number in 0..SAID as u64 {
            link.said.send(Weight::Packet, number.to_be_bytes().to_vec());
        }
        // The question went first, then the oldest packet.
        assert_eq!(end.next().await.unwrap(), 0_u64.to_be_bytes());
        assert_eq!(links.lost().said(), 2);
        drop(link);
        let mut rest = 0;
        while end.next().await.is_some() {
            rest += 1;
        }
        assert_eq!(rest, SAID - 1);
    }
}
