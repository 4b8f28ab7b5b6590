//! What a player says to a device, signed by the player's session key.

use super::Artefact;
use crate::id::{MatchId, Nonce};
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, RecordDigest};

/// The answer to the roll call: this player was there, at the same moment as all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roll {
    /// The match.
    pub match_id: MatchId,
    /// What the device drew for this roll call, the same for all.
    pub challenge: Nonce,
    /// The player's share of the draw.
    pub nonce: Nonce,
    /// Digest of the ticket that the player joined with.
    pub ticket: RecordDigest,
}

impl Artefact for Roll {
    const TYPE: &'static str = "league.roll";
    const MAX_FRAME: usize = 384;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(self.challenge.as_bytes());
        out.extend_from_slice(self.nonce.as_bytes());
        out.extend_from_slice(self.ticket.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            match_id: MatchId::from_bytes(reader.array()?),
            challenge: Nonce::from_bytes(reader.array()?),
            nonce: Nonce::from_bytes(reader.array()?),
            ticket: RecordDigest::from_bytes(reader.array()?),
        })
    }
}

/// What a player does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ActKind {
    /// Joins the lobby; `target` is 0. Signs the match, so also the device and the lobby.
    Join = 1,
    /// Ready for the timer.
    Ready = 2,
    /// Not ready any more.
    Unready = 3,
    /// Leaves the lobby or, during kickoff, the match.
    Quit = 4,
    /// Votes to abort the kickoff.
    Abort = 5,
    /// Leaves the match in play; may be undone for a while.
    Leave = 6,
    /// As leave, because of an injury.
    Injury = 7,
    /// Takes a leave back.
    Return = 8,
    /// Votes to concede.
    Concede = 9,
    /// Confirms the result under review.
    Confirm = 10,
    /// Votes to annul goal number `target`.
    Annul = 11,
    /// Votes that the player in seat `target` was not there.
    Absent = 12,
    /// Flags the match.
    Flag = 13,
}

impl ActKind {
    /// From its number.
    pub const fn from_number(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            1 => Self::Join,
            2 => Self::Ready,
            3 => Self::Unready,
            4 => Self::Quit,
            5 => Self::Abort,
            6 => Self::Leave,
            7 => Self::Injury,
            8 => Self::Return,
            9 => Self::Concede,
            10 => Self::Confirm,
            11 => Self::Annul,
            12 => Self::Absent,
            13 => Self::Flag,
            _ => return Err(Malformed::Range),
        })
    }
}

/// One act of one player in one match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The match.
    pub match_id: MatchId,
    /// Grows with every act of this player in this match; an older one is ignored.
    pub seq: u32,
    /// What.
    pub kind: ActKind,
    /// A goal number or a seat, where the kind asks for one, else 0.
    pub target: u16,
}

impl Artefact for Act {
    const TYPE: &'static str = "league.act";
    const MAX_FRAME: usize = 320;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.push(self.kind as u8);
        out.extend_from_slice(&self.target.to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            match_id: MatchId::from_bytes(reader.array()?),
            seq: reader.u32()?,
            kind: ActKind::from_number(reader.u8()?)?,
            target: reader.u16()?,
        })
    }
}
