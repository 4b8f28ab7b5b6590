//! What a hub recorded, on its way to the server.

use crate::call::{CallError, Reply};
use crate::client::Client;
use countersign::wire::put_lp8;
use countersign::{EventId, Fingerprint, Malformed, Name, ResultCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// How often it starts again when the server has other bytes than the hub.
const ATTEMPTS: u32 = 3;
/// Largest piece, whatever the server allows.
const PIECE_MAX: usize = 1024 * 1024;

/// A hub's log and what the hub signed about it.
#[derive(Debug, Clone, Copy)]
pub struct HandOver<'l> {
    /// Of which event.
    pub event: EventId,
    /// Whose.
    pub hub: Fingerprint,
    /// All of it.
    pub log: &'l [u8],
    /// The record `event.head`.
    pub head: &'l [u8],
}

/// Why a log was not handed over. Trying again is harmless, and goes on where it broke off.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// As for any call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The server said no.
    #[error("the server refused: {}", .0.result)]
    Refused(Box<Reply>),
    /// The message type is no name.
    #[error("the message type cannot be written: {0}")]
    Name(#[from] Malformed),
    /// The server's answer says something else than this program knows.
    #[error("the server's answer cannot be read; use the server's version of this program")]
    Answer,
    /// The server verified another log of this hub.
    #[error(
        "the server has verified another log of this hub than this one: one of the two was changed after \
         it was signed, or the folder was restored from an old copy"
    )]
    OtherLog,
}

/// How much of the log the server has.
#[derive(Debug, Deserialize)]
struct Held {
    held: u64,
    sha256: String,
    verified: u64,
    piece_max: usize,
}

impl HandOver<'_> {
    /// Hands over; gives the server's receipt, a record `event.receipt`. `progress` hears bytes sent and bytes in all.
    pub async fn run(
        &self,
        client: &Client,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Vec<u8>, HandOverError> {
        for _ in 0..ATTEMPTS {
            let reply = self.say(client, 1, self.head).await?;
            let held: Held = serde_json::from_slice(&accepted(reply)?.content)
                .map_err(|_| HandOverError::Answer)?;
            match self.begins_with(&held) {
                Some(true) => self.send(client, &held, &mut progress).await?,
                // What was not verified is forgotten when the check fails; then it is sent again.
                Some(false) if held.held > held.verified => {}
                Some(false) => return Err(HandOverError::OtherLog),
                // The server has more than this copy; it says whether this one is its beginning.
                None => {}
            }
            let reply = self.say(client, 3, self.head).await?;
            let is_dropped = reply.result == ResultCode::EVIDENCE_INVALID
                && self.begins_with(&held) != Some(true);
            if !is_dropped {
                return Ok(accepted(reply)?.content);
            }
        }
        Err(HandOverError::OtherLog)
    }

    /// Whether the log begins with what the server has; `None` if the server has more.
    fn begins_with(&self, held: &Held) -> Option<bool> {
        let ours = self.log.get(..usize::try_from(held.held).ok()?)?;
        Some(hex::encode(Sha256::digest(ours)) == held.sha256)
    }

    async fn send(
        &self,
        client: &Client,
        held: &Held,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), HandOverError> {
        let all = self.log.len() as u64;
        let mut offset = held.held;
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.log.get(from..).unwrap_or_default();
        for bytes in rest.chunks(held.piece_max.clamp(1, PIECE_MAX)) {
            let mut content = self.hub.as_bytes().to_vec();
            content.extend_from_slice(&offset.to_be_bytes());
            content.extend_from_slice(bytes);
            accepted(self.say(client, 2, &content).await?)?;
            offset += bytes.len() as u64;
            progress(offset, all);
        }
        Ok(())
    }

    async fn say(&self, client: &Client, step: u8, rest: &[u8]) -> Result<Reply, HandOverError> {
        let mut payload = vec![step];
        put_lp8(&mut payload, self.event.as_str().as_bytes());
        payload.extend_from_slice(rest);
        Ok(client.call(Name::new("event.hand_over")?, &payload).await?)
    }
}

fn accepted(reply: Reply) -> Result<Reply, HandOverError> {
    if reply.result.is_ok() { Ok(reply) } else { Err(HandOverError::Refused(Box::new(reply))) }
}
