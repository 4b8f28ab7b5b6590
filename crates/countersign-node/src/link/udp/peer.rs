//! Links to neighbours by their addresses, over one socket.
//!
//! ```text
//!   0 ‖ frame          1 ‖ number 8: are you there?          2 ‖ that number: yes
//! ```
//!
//! A link is up while its neighbour gives our number back. Without that a forged sender's address would make us send to
//! somebody who never asked; an answer is never longer than its question.

use super::{AGAIN, MTU, UdpError, failed};
use crate::link::{LinkEnd, Links, Place};
use crate::random;
use countersign_mesh::Bearer;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Each neighbour is asked so often.
const ASK: Duration = Duration::from_secs(1);
/// A neighbour that gave no sign for so long is gone.
const SILENT: Duration = Duration::from_secs(5);
/// Neighbours that were not named and came by themselves. One more is not answered.
const STRANGERS: usize = 64;

const FRAME: u8 = 0;
const ASKING: u8 = 1;
const ANSWER: u8 = 2;
const NUMBER: usize = 8;

/// An open socket, and whom it looks for.
#[derive(Debug)]
pub struct Peers {
    socket: Arc<UdpSocket>,
    named: Vec<SocketAddr>,
    local: SocketAddr,
}

/// Opens the socket; needs a tokio runtime. Neighbours that ask are answered whether they are named or not.
pub async fn peers(local: SocketAddr, named: Vec<SocketAddr>) -> Result<Peers, UdpError> {
    let socket = UdpSocket::bind(local).await.map_err(failed(local))?;
    let local = socket.local_addr().map_err(failed(local))?;
    Ok(Peers { socket: Arc::new(socket), named, local })
}

impl Peers {
    /// Our address, with the port that port 0 became.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Carries frames until the node ends.
    pub async fn carry(self, links: Links) {
        let neighbours =
            self.named.iter().map(|addr| (*addr, Neighbour::new(Relation::Named))).collect();
        let table = Table { socket: self.socket, neighbours, links };
        table.run().await;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Named,
    Stranger,
}

struct Neighbour {
    relation: Relation,
    /// What it has to give back. Fresh with each state, so an old answer is worth nothing.
    number: [u8; NUMBER],
    sign_of_life: Instant,
    up: Option<Up>,
}

/// Dropping it takes the link down.
struct Up {
    end: Arc<LinkEnd>,
    sends: JoinHandle<()>,
}

impl Drop for Up {
    fn drop(&mut self) {
        self.sends.abort();
    }
}

impl Neighbour {
    fn new(relation: Relation) -> Self {
        Self { relation, number: random::bytes(), sign_of_life: Instant::now(), up: None }
    }
}

struct Table {
    socket: Arc<UdpSocket>,
    neighbours: HashMap<SocketAddr, Neighbour>,
    links: Links,
}

impl Table {
    async fn run(mut self) {
        let mut ask = tokio::time::interval(ASK);
        let mut buffer = [0; 1 + MTU + 1];
        loop {
            tokio::select! {
                () = self.links.ended() => return,
                _ = ask.tick() => {
                    self.forget_the_silent();
                    for (addr, neighbour) in &self.neighbours {
                        self.send(ASKING, &neighbour.number, *addr);
                    }
                }
                received = self.socket.recv_from(&mut buffer) => match received {
                    Ok((len, from)) => self.take(&buffer[..len], from).await,
                    // "Connection refused" is a neighbour that is not there, told by its kernel.
                    Err(error) => {
                        tracing::trace!(%error, "no datagram");
                        tokio::time::sleep(AGAIN).await;
                    }
                },
            }
        }
    }

    async fn take(&mut self, datagram: &[u8], from: SocketAddr) {
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        match datagram.split_first() {
            Some((&FRAME, frame)) => {
                let Some(neighbour) = self.neighbours.get_mut(&from) else { return };
                let Some(up) = &neighbour.up else { return };
                neighbour.sign_of_life = Instant::now();
                up.end.hear(frame);
            }
            Some((&ASKING, number)) if number.len() == NUMBER => self.answer(number, from),
            Some((&ANSWER, number)) => self.answered(number, from).await,
            Some(_) | None => {}
        }
    }

    fn answer(&mut self, number: &[u8], from: SocketAddr) {
        if !self.neighbours.contains_key(&from) {
            let strangers = self.neighbours.values().filter(|it| it.relation == Relation::Stranger);
            if strangers.count() >= STRANGERS {
                return;
            }
            let stranger = Neighbour::new(Relation::Stranger);
            self.send(ASKING, &stranger.number, from);
            self.neighbours.insert(from, stranger);
        }
        self.send(ANSWER, number, from);
    }

    async fn answered(&mut self, number: &[u8], from: SocketAddr) {
        let Some(neighbour) = self.neighbours.get_mut(&from) else { return };
        if neighbour.number != number {
            return;
        }
        neighbour.sign_of_life = Instant::now();
        if neighbour.up.is_some() {
            return;
        }
        let place = Place::new("udp", from);
        let Ok(end) = self.links.up(place, Bearer::PointToPoint, MTU).await else { return };
        let end = Arc::new(end);
        let sends = tokio::spawn(send_all(Arc::clone(&self.socket), Arc::clone(&end), from));
        neighbour.up = Some(Up { end, sends });
    }

    fn forget_the_silent(&mut self) {
        let now = Instant::now();
        self.neighbours.retain(|_, neighbour| {
            // The node takes only so many links; later there may be room.
            let is_refused = neighbour.up.as_ref().is_some_and(|up| up.sends.is_finished());
            if now.duration_since(neighbour.sign_of_life) <= SILENT && !is_refused {
                return true;
            }
            *neighbour = Neighbour::new(neighbour.relation);
            neighbour.relation == Relation::Named
        });
    }

    /// Lost when the socket is full, as anything may be.
    fn send(&self, kind: u8, number: &[u8], to: SocketAddr) {
        let mut datagram = vec![kind];
        datagram.extend_from_slice(number);
        drop(self.socket.try_send_to(&datagram, to));
    }
}

async fn send_all(socket: Arc<UdpSocket>, end: Arc<LinkEnd>, to: SocketAddr) {
    while let Some(frame) = end.next().await {
        let mut datagram = Vec::with_capacity(1 + frame.len());
        datagram.push(FRAME);
        datagram.extend_from_slice(&frame);
        if let Err(error) = socket.send_to(&datagram, to).await {
            tracing::trace!(%error, %to, "a datagram cannot be sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::{Link, Weight};
    use tokio::sync::mpsc;

    const DEADLINE: Duration = Duration::from_secs(20);

    async fn start(named: &[SocketAddr]) -> (SocketAddr, mpsc::Receiver<Link>, JoinHandle<()>) {
        let peers = peers("127.0.0.1:0".parse().unwrap(), named.to_vec()).await.unwrap();
        let addr = peers.local_addr();
        let (links, arriving) = Links::new();
        (addr, arriving, tokio::spawn(peers.carry(links)))
    }

    async fn soon<T>(future: impl Future<Output = Option<T>>) -> T {
        tokio::time::timeout(DEADLINE, future).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_link_comes_up_on_both_sides_and_goes_down_with_its_neighbour() {
        let (a, mut of_a, _a_runs) = start(&[]).await;
        let (_, mut of_b, b_runs) = start(&[a]).await;
        let mut to_b = soon(of_a.recv()).await;
        let mut to_a = soon(of_b.recv()).await;
        to_b.said.send(Weight::Packet, vec![7; MTU]);
        assert_eq!(soon(to_a.heard.recv()).await.frame, vec![7; MTU]);
        to_a.said.send(Weight::Packet, b"back".to_vec());
        assert_eq!(soon(to_b.heard.recv()).await.frame, b"back");
        b_runs.abort();
        let silence = tokio::time::timeout(DEADLINE, to_b.heard.recv()).await.unwrap();
        assert_eq!(silence, None);
    }

    #[tokio::test]
    async fn a_named_neighbour_that_comes_later_is_found() {
        let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let late = taken.local_addr().unwrap();
        let (_, mut of_a, _a_runs) = start(&[late]).await;
        drop(taken);
        let peers = peers(late, Vec::new()).await.unwrap();
        let (links, mut of_late) = Links::new();
        tokio::spawn(peers.carry(links));
        soon(of_a.recv()).await;
        soon(of_late.recv()).await;
    }

    #[tokio::test]
    async fn who_does_not_give_the_number_back_gets_no_link_and_no_more_than_he_sent() {
        let (a, mut of_a, _runs) = start(&[]).await;
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        stranger.send_to(&[FRAME, 1, 2, 3], a).await.unwrap();
        stranger.send_to(&[ANSWER; 9], a).await.unwrap();
        stranger.send_to(&[], a).await.unwrap();
        stranger.send_to(&[ASKING, 1, 2, 3, 4, 5, 6, 7, 8], a).await.unwrap();
        let mut buffer = [0; 64];
        let (len, _) = stranger.recv_from(&mut buffer).await.unwrap();
        assert_eq!((len, buffer[0]), (9, ASKING));
        let (len, _) = stranger.recv_from(&mut buffer).await.unwrap();
        assert_eq!(buffer[..len], [ANSWER, 1, 2, 3, 4, 5, 6, 7, 8]);
        stranger.send_to(&[ANSWER; 9], a).await.unwrap();
        stranger.send_to(&[ASKING, 8, 7, 6, 5, 4, 3, 2, 1], a).await.unwrap();
        while buffer[..len] != [ANSWER, 8, 7, 6, 5, 4, 3, 2, 1] {
            stranger.recv_from(&mut buffer).await.unwrap();
        }
        assert!(of_a.try_recv().is_err());
    }
}
