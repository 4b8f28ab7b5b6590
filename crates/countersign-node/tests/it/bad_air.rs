//! A network between nodes that loses, delays, doubles and reorders. What becomes of a frame is drawn from the seed of its path.

use futures_util::{SinkExt as _, StreamExt as _};
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_tungstenite::tungstenite::Message;

/// What becomes of frames.
#[derive(Clone)]
pub(crate) struct Weather {
    /// Of 100 frames.
    pub(crate) lost: u64,
    /// Of 100 that are not lost.
    pub(crate) doubled: u64,
    /// Each waits so long, so that many overtake each other.
    pub(crate) delay_ms: Range<u64>,
}

/// Paths through one weather, and what became of their frames.
#[derive(Clone)]
pub(crate) struct BadAir {
    weather: Weather,
    seen: Arc<Seen>,
}

/// Frames on all paths.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) sent: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) doubled: AtomicU64,
    /// Arrived after one that was sent later.
    pub(crate) overtaken: AtomicU64,
}

impl BadAir {
    pub(crate) fn new(weather: Weather) -> Self {
        Self { weather, seen: Arc::default() }
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Stands between one node that knows it by the address that this gives, and `to`; a frame is a datagram.
    pub(crate) async fn udp(&self, to: SocketAddr, seed: u64) -> SocketAddr {
        let near = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let far = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        far.connect(to).await.unwrap();
        let addr = near.local_addr().unwrap();
        let (mut there, mut back) = (self.way(seed), self.way(!seed));
        let (to_far, mut for_far) = mpsc::unbounded_channel::<Vec<u8>>();
        let (to_near, mut for_near) = mpsc::unbounded_channel::<(Vec<u8>, SocketAddr)>();
        tokio::spawn(async move {
            let (mut up, mut down) = ([0; 2048], [0; 2048]);
            let mut client = None;
            loop {
                // A neighbour that is not there loses what is sent to it, too.
                tokio::select! {
                    Ok((len, from)) = near.recv_from(&mut up) => {
                        client = Some(from);
                        there.carry(up[..len].to_vec(), &to_far);
                    }
                    Ok(len) = far.recv(&mut down) => if let Some(client) = client {
                        back.carry((down[..len].to_vec(), client), &to_near);
                    },
                    Some(frame) = for_far.recv() => drop(far.send(&frame).await),
                    Some((frame, to)) = for_near.recv() => drop(near.send_to(&frame, to).await),
                }
            }
        });
        addr
    }

    /// The same for WebSockets; a frame is a message, and a connection that one side ends is ended.
    pub(crate) async fn websocket(&self, to: SocketAddr, seed: u64) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let air = self.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let (near, _) = listener.accept().await.unwrap();
                let ways = (air.way(seed + number), air.way(!(seed + number)));
                tokio::spawn(connection(near, to, ways));
            }
        });
        addr
    }

    fn way(&self, seed: u64) -> Way {
        let Self { weather, seen } = self.clone();
        Way { weather, seen, chance: seed, number: 0, newest: Arc::default() }
    }
}

/// From one node to its neighbour.
struct Way {
    weather: Weather,
    seen: Arc<Seen>,
    chance: u64,
    number: u64,
    /// Number of the newest frame that arrived.
    newest: Arc<AtomicU64>,
}

impl Way {
    fn draw(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.chance >> 33) % bound
    }

    fn carry<T: Clone + Send + 'static>(&mut self, frame: T, to: &UnboundedSender<T>) {
        self.number += 1;
        self.seen.sent.fetch_add(1, Ordering::Relaxed);
        if self.draw(100) < self.weather.lost {
            self.seen.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let is_doubled = self.draw(100) < self.weather.doubled;
        self.seen.doubled.fetch_add(u64::from(is_doubled), Ordering::Relaxed);
        for _ in 0..1 + u64::from(is_doubled) {
            let Range { start, end } = self.weather.delay_ms;
            let wait = Duration::from_millis(start + self.draw(end - start));
            let (number, newest, seen) = (self.number, self.newest.clone(), self.seen.clone());
            let (frame, to) = (frame.clone(), to.clone());
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                if newest.fetch_max(number, Ordering::Relaxed) > number {
                    seen.overtaken.fetch_add(1, Ordering::Relaxed);
                }
                // The connection may have ended meanwhile.
                drop(to.send(frame));
            });
        }
    }
}

async fn connection(near: TcpStream, to: SocketAddr, (mut there, mut back): (Way, Way)) {
    let Ok(far) = TcpStream::connect(to).await else { return };
    let far = tokio_tungstenite::client_async(format!("ws://{to}/mesh"), far).await;
    let Ok((far, _)) = far else { return };
    let Ok(near) = tokio_tungstenite::accept_async(near).await else { return };
    let ((mut to_near, mut from_near), (mut to_far, mut from_far)) = (near.split(), far.split());
    let (up, mut for_far) = mpsc::unbounded_channel::<Message>();
    let (down, mut for_near) = mpsc::unbounded_channel::<Message>();
    loop {
        let is_up = tokio::select! {
            frame = from_near.next() => pass(frame, &mut there, &up),
            frame = from_far.next() => pass(frame, &mut back, &down),
            Some(frame) = for_far.recv() => to_far.send(frame).await.is_ok(),
            Some(frame) = for_near.recv() => to_near.send(frame).await.is_ok(),
        };
        if !is_up {
            return;
        }
    }
}

/// Whether the connection still is one. Signs of life are each side's own.
fn pass<E>(
    frame: Option<Result<Message, E>>,
    way: &mut Way,
    to: &UnboundedSender<Message>,
) -> bool {
    let Some(Ok(frame)) = frame else { return false };
    if frame.is_binary() {
        way.carry(frame, to);
    }
    true
}
