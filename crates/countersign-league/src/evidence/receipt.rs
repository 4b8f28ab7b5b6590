//! The server's answer to a result: what was settled, for whom, and why.

use super::{Artefact, take_i32};
use crate::id::MatchId;
use crate::team::MAX_PLAYERS;
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, RecordDigest, UserId};

/// What became of a result. Numbers are only ever appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Settlement {
    /// Counted.
    Settled = 0,
    /// Shown, and counted later unless disputed.
    Pending = 1,
    /// Kept, but it changes no rating.
    Unrated = 2,
    /// Nothing was played that could count.
    Void = 3,
    /// Evidence contradicts evidence: kept until an operator decides.
    Frozen = 4,
}

impl Settlement {
    /// From its number.
    pub const fn from_number(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            0 => Self::Settled,
            1 => Self::Pending,
            2 => Self::Unrated,
            3 => Self::Void,
            4 => Self::Frozen,
            _ => return Err(Malformed::Range),
        })
    }

    /// The word in commands and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Pending => "pending",
            Self::Unrated => "unrated",
            Self::Void => "void",
            Self::Frozen => "frozen",
        }
    }
}

/// What the match did to one player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptLine {
    /// The player.
    pub user: UserId,
    /// The change that device and server computed alike, in thousandths.
    pub sporting: i32,
    /// What the server's integrity factor takes away from it, in thousandths; the rating changes by the sum.
    pub adjustment: i32,
    /// Rating afterwards, in thousandths.
    pub rating: i32,
    /// Rank afterwards, from 1; 0 if the player is not ranked yet.
    pub rank: u32,
}

/// The countersignature under a result; signed by an online key of the server. Its `previous` is the result's digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchReceipt {
    /// The match.
    pub match_id: MatchId,
    /// Digest of the result.
    pub result: RecordDigest,
    /// What became of it.
    pub settlement: Settlement,
    /// Why, as a number of `settlement::Reason`; 0 if there is nothing to explain.
    pub reason: u16,
    /// Integrity factor: 256 is whole, 0 is nothing.
    pub integrity: u16,
    /// By seat.
    pub lines: Vec<ReceiptLine>,
}

impl Artefact for MatchReceipt {
    const TYPE: &'static str = "league.receipt";
    const MAX_FRAME: usize = 512 + MAX_PLAYERS * 32;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(self.result.as_bytes());
        out.push(self.settlement as u8);
        out.extend_from_slice(&self.reason.to_be_bytes());
        out.extend_from_slice(&self.integrity.to_be_bytes());
        out.push(self.lines.len() as u8);
        for line in &self.lines {
            out.extend_from_slice(line.user.as_bytes());
            for number in [line.sporting, line.adjustment, line.rating] {
                out.extend_from_slice(&number.to_be_bytes());
            }
            out.extend_from_slice(&line.rank.to_be_bytes());
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            match_id: MatchId::from_bytes(reader.array()?),
            result: RecordDigest::from_bytes(reader.array()?),
            settlement: Settlement::from_number(reader.u8()?)?,
            reason: reader.u16()?,
            integrity: reader.u16()?,
            lines: {
                let count = super::certificate::in_range(reader.u8()?, 0, MAX_PLAYERS as u8)?;
                (0..count).map(|_| ReceiptLine::take(reader)).collect::<Result<_, _>>()?
            },
        })
    }
}

impl ReceiptLine {
    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            user: UserId::from_bytes(reader.array()?),
            sporting: take_i32(reader)?,
            adjustment: take_i32(reader)?,
            rating: take_i32(reader)?,
            rank: reader.u32()?,
        })
    }
}
