//! WebSocket: one binary message for each frame, over a connection that one side opened.
//!
//! [`Client`] connects and connects again; [`serve`] takes a socket that somebody else's HTTP server upgraded; [`router`] is
//! a small server for a relay that has no other.

mod client;
mod server;

pub use client::{Client, UrlError};
pub use server::{PATH, router, serve, upgrade};

use super::{LinkEnd, Links, Place};
use bytes::Bytes;
use countersign_mesh::Bearer;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use std::time::Duration;

/// Bytes of the largest message; any packet fits, and a longer one ends the connection before it is read.
const MTU: usize = 2048;
/// How often the neighbour is asked whether it is there.
const PING: Duration = Duration::from_secs(3);
/// A neighbour from which nothing came for so long is gone.
const SILENT_PINGS: u32 = 3;
/// A neighbour that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(10);

/// What a socket of either library says.
enum Said {
    Frame(Bytes),
    /// Ping or pong.
    Alive,
    /// Text: nobody of ours sends it.
    Foreign,
    Closed,
}

/// What we say to it.
enum Say {
    Frame(Vec<u8>),
    Ping,
}

/// Carries frames until either side is gone.
async fn carry<R, W>(links: &Links, place: Place, mut from: R, mut to: W)
where
    R: Stream<Item = Said> + Unpin,
    W: Sink<Say> + Unpin,
{
    let Ok(end) = links.up(place, Bearer::PointToPoint, MTU).await else { return };
    tokio::select! {
        () = hear(&end, &mut from) => {}
        () = say(&end, &mut to) => {}
    }
    // The neighbour should see an end, and not a break.
    drop(tokio::time::timeout(STUCK, to.close()).await);
}

async fn hear<R: Stream<Item = Said> + Unpin>(end: &LinkEnd, from: &mut R) {
    let silent = PING * SILENT_PINGS;
    while let Ok(Some(said)) = tokio::time::timeout(silent, from.next()).await {
        match said {
            Said::Frame(frame) => end.hear(&frame),
            Said::Alive => {}
            Said::Foreign | Said::Closed => return,
        }
    }
}

async fn say<W: Sink<Say> + Unpin>(end: &LinkEnd, to: &mut W) {
    let mut ping = tokio::time::interval(PING);
    loop {
        let next = tokio::select! {
            frame = end.next() => match frame {
                Some(frame) => Say::Frame(frame),
                None => return,
            },
            _ = ping.tick() => Say::Ping,
        };
        match tokio::time::timeout(STUCK, to.send(next)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}
