//! Everything that a server needs to check one match again, in one piece that any phone can carry.

use super::{Act, Artefact, MatchResult, MatchStart, Roll, Ticket};
use crate::team::MAX_PLAYERS;
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::Reader;

/// Why bytes are no bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Not one of ours, or cut short.
    #[error("the bundle cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// Longer than [`Bundle::MAX`].
    #[error("a bundle has at most {} bytes", Bundle::MAX)]
    TooLong,
}

/// What a player contributed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerEvidence {
    /// The ticket's frame.
    pub ticket: Vec<u8>,
    /// The roll call's frame.
    pub roll: Vec<u8>,
}

/// Somebody who was ready and did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissedEvidence {
    /// The ticket's frame.
    pub ticket: Vec<u8>,
    /// Frame of the act that binds: "ready", or "quit" between draw and kickoff.
    pub act: Vec<u8>,
}

/// The frames of one match. Nothing in it is trusted before `settlement::check`.
///
/// `"CSB1" ‖ LP16 start ‖ LP16 result ‖ u8 n ‖ n × (LP16 ticket ‖ LP16 roll) ‖ u16 m ‖ m × LP16 act ‖ u8 k ‖
/// k × (LP16 ticket ‖ LP16 act)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The start's frame.
    pub start: Vec<u8>,
    /// The result's frame.
    pub result: Vec<u8>,
    /// By seat.
    pub players: Vec<PlayerEvidence>,
    /// Frames of the acts that the result rests on: leaves, votes, flags; at most [`Bundle::MAX_ACTS`].
    pub acts: Vec<Vec<u8>>,
    /// Who missed the start without an excuse; at most as many as may play.
    pub missed: Vec<MissedEvidence>,
}

impl Bundle {
    /// Most bytes of a bundle.
    pub const MAX: usize = 128 * 1024;
    /// Most acts in a bundle.
    pub const MAX_ACTS: usize = 256;
    const MAGIC: [u8; 4] = *b"CSB1";

    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        // Exactly so much: a chip has not the memory for a buffer that grows.
        let mut out = Vec::with_capacity(self.size());
        out.extend_from_slice(&Self::MAGIC);
        put_frame(&mut out, &self.start);
        put_frame(&mut out, &self.result);
        out.push(self.players.len() as u8);
        for player in &self.players {
            put_frame(&mut out, &player.ticket);
            put_frame(&mut out, &player.roll);
        }
        out.extend_from_slice(&(self.acts.len() as u16).to_be_bytes());
        self.acts.iter().for_each(|act| put_frame(&mut out, act));
        out.push(self.missed.len() as u8);
        for missed in &self.missed {
            put_frame(&mut out, &missed.ticket);
            put_frame(&mut out, &missed.act);
        }
        out
    }

    /// Bytes of [`Bundle::encode`].
    fn size(&self) -> usize {
        let two = |one: &Vec<u8>, other: &Vec<u8>| 4 + one.len() + other.len();
        let players = self.players.iter().map(|player| two(&player.ticket, &player.roll));
        let missed = self.missed.iter().map(|missed| two(&missed.ticket, &missed.act));
        let acts = self.acts.iter().map(|act| 2 + act.len());
        let lists: usize = players.chain(missed).chain(acts).sum();
        Self::MAGIC.len() + two(&self.start, &self.result) + 4 + lists
    }

    /// Reads exactly one bundle; every frame is bounded by its type.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > Self::MAX {
            return Err(BundleError::TooLong);
        }
        let mut reader = Reader::new(bytes);
        if reader.array()? != Self::MAGIC {
            return Err(Malformed::Range.into());
        }
        let start = take_frame(&mut reader, MatchStart::MAX_FRAME)?;
        let result = take_frame(&mut reader, MatchResult::MAX_FRAME)?;
        let count = super::certificate::in_range(reader.u8()?, 0, MAX_PLAYERS as u8)?;
        let players =
            (0..count).map(|_| take_player(&mut reader)).collect::<Result<Vec<_>, Malformed>>()?;
        let count = usize::from(reader.u16()?);
        if count > Self::MAX_ACTS {
            return Err(Malformed::Range.into());
        }
        let acts = (0..count)
            .map(|_| take_frame(&mut reader, Act::MAX_FRAME))
            .collect::<Result<Vec<_>, _>>()?;
        let count = super::certificate::in_range(reader.u8()?, 0, MAX_PLAYERS as u8)?;
        let missed =
            (0..count).map(|_| take_missed(&mut reader)).collect::<Result<Vec<_>, Malformed>>()?;
        reader.finish()?;
        Ok(Self { start, result, players, acts, missed })
    }
}

fn take_player(reader: &mut Reader<'_>) -> Result<PlayerEvidence, Malformed> {
    Ok(PlayerEvidence {
        ticket: take_frame(reader, Ticket::MAX_FRAME)?,
        roll: take_frame(reader, Roll::MAX_FRAME)?,
    })
}

fn take_missed(reader: &mut Reader<'_>) -> Result<MissedEvidence, Malformed> {
    Ok(MissedEvidence {
        ticket: take_frame(reader, Ticket::MAX_FRAME)?,
        act: take_frame(reader, Act::MAX_FRAME)?,
    })
}

fn put_frame(out: &mut Vec<u8>, frame: &[u8]) {
    out.extend_from_slice(&(frame.len() as u16).to_be_bytes());
    out.extend_from_slice(frame);
}

fn take_frame(reader: &mut Reader<'_>, max: usize) -> Result<Vec<u8>, Malformed> {
    let len = usize::from(reader.u16()?);
    if len > max {
        return Err(Malformed::Range);
    }
    reader.slice(len).map(<[u8]>::to_vec)
}
