//! A parcel: some kilobytes that one side brings the other, in pieces, and what is said to it. What is in it, the link does not know.
//!
//! ```text
//!   Outgoing                                                Incoming
//!     piece, piece, … the eighth asks ────────────────────▶
//!     ◀──────────────────────────── have: a bit for each piece
//!     the next eight that are missing ────────────────────▶ whole ──▶ the shell
//!     the last one again, which asks ─────────────────────▶
//!     ◀──────────────────────────────────────────── answer ◀─────────┘
//! ```
//!
//! Pieces may be lost, doubled and reordered. One parcel is under way at a time; a higher number takes the place of a lower one.

use super::resend::Resend;
use alloc::vec;
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::Reader;

/// Bytes of a piece; the last one of a parcel may be shorter.
const PIECE: usize = 208;
/// Longest parcel, in bytes: a bit of 32 for each piece.
pub const PARCEL_MAX: usize = 32 * PIECE;
/// Longest answer, in bytes: one frame.
pub const ANSWER_MAX: usize = 200;
/// Pieces under way at the same time: half of what waits in a bridge.
const BURST: usize = 8;
/// A parcel without an answer for so long is given up. Milliseconds.
pub const PARCEL_LATE: u64 = 10_000;

/// One piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'b> {
    /// Number of the parcel; grows.
    pub(super) number: u32,
    /// Bytes of the parcel.
    pub(super) len: u16,
    pub(super) index: u8,
    /// Wants to be told what is there, or the answer.
    pub(super) asks: bool,
    pub(super) bytes: &'b [u8],
}

/// What is there of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Have {
    pub(super) number: u32,
    /// Bit `n`: piece `n` is there.
    pub(super) pieces: u32,
}

impl<'b> Piece<'b> {
    /// `u32 number ‖ u16 len ‖ u8 index ‖ u8 asks ‖ bytes`.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.len.to_be_bytes());
        out.extend_from_slice(&[self.index, u8::from(self.asks)]);
        out.extend_from_slice(self.bytes);
    }

    /// Takes only a piece that can be one: of a parcel that is not too long, within it, and of its own length.
    pub(super) fn take(reader: &mut Reader<'b>) -> Result<Self, Malformed> {
        let (number, len) = (reader.u32()?, reader.u16()?);
        let (index, asks) = (reader.u8()?, reader.u8()?);
        let start = usize::from(index) * PIECE;
        let rest = usize::from(len).checked_sub(start).filter(|rest| *rest > 0);
        let rest = rest.filter(|_| usize::from(len) <= PARCEL_MAX && asks <= 1);
        let bytes = reader.slice(rest.ok_or(Malformed::Range)?.min(PIECE))?;
        Ok(Self { number, len, index, asks: asks == 1, bytes })
    }
}

/// All pieces of a parcel of so many bytes.
fn all_of(len: usize) -> u32 {
    match len.div_ceil(PIECE) {
        pieces @ 0..32 => (1 << pieces) - 1,
        _ => u32::MAX,
    }
}

/// The side that brings it.
pub(super) struct Outgoing {
    number: u32,
    bytes: Vec<u8>,
    have: u32,
    again: Resend,
    began: u64,
}

impl Outgoing {
    /// `None`: an empty parcel, or one of more than [`PARCEL_MAX`] bytes.
    pub(super) fn new(number: u32, bytes: &[u8], now: u64) -> Option<Self> {
        let fits = (1..=PARCEL_MAX).contains(&bytes.len());
        let mut again = Resend::default();
        again.start(now);
        fits.then(|| Self { number, bytes: bytes.to_vec(), have: 0, again, began: now })
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// What is to be sent now: the first pieces that are missing; the last piece alone if none is. The last of them asks.
    pub(super) fn burst(&self) -> impl Iterator<Item = Piece<'_>> {
        let count = self.bytes.len().div_ceil(PIECE);
        let is_whole = self.have == all_of(self.bytes.len());
        let missing = move |index: &usize| match is_whole {
            true => index + 1 == count,
            false => self.have >> index & 1 == 0,
        };
        let last = (0..count).filter(missing).take(BURST).last();
        (0..count).filter(missing).take(BURST).filter_map(move |index| {
            Some(Piece {
                number: self.number,
                len: u16::try_from(self.bytes.len()).ok()?,
                index: u8::try_from(index).ok()?,
                asks: Some(index) == last,
                bytes: self.bytes.chunks(PIECE).nth(index)?,
            })
        })
    }

    /// Hears what is there. `true`: the next pieces may go.
    pub(super) fn hear(&mut self, have: Have, now: u64) -> bool {
        let all = all_of(self.bytes.len());
        let before = self.have;
        if have.number == self.number {
            self.have |= have.pieces & all;
        }
        if self.have == before {
            return false;
        }
        self.again.start(now);
        self.have != all
    }

    /// When to look again, and what for.
    pub(super) fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        let late = self.began.saturating_add(PARCEL_LATE);
        self.again.next().map(|at| (at.min(late), "piece again"))
    }

    pub(super) const fn is_late(&self, now: u64) -> bool {
        now >= self.began.saturating_add(PARCEL_LATE)
    }

    /// Whether [`Outgoing::burst`] is to be sent again.
    pub(super) fn is_due(&mut self, now: u64) -> bool {
        let is_due = self.again.is_due(now);
        if is_due {
            self.again.again(now);
        }
        is_due
    }
}

/// The side that it is for. At most one parcel is held.
pub(super) struct Incoming {
    /// 0: none yet.
    number: u32,
    bytes: Vec<u8>,
    len: u16,
    have: u32,
    answer: Option<Vec<u8>>,
}

impl Incoming {
    /// Nothing came yet.
    pub(super) const NONE: Self =
        Self { number: 0, bytes: Vec::new(), len: 0, have: 0, answer: None };

    /// Takes a piece. The parcel, if this made it whole; each comes once.
    pub(super) fn take(&mut self, piece: &Piece<'_>) -> Option<(u32, Vec<u8>)> {
        if piece.number > self.number {
            let bytes = vec![0; piece.len.into()];
            *self = Self { number: piece.number, bytes, len: piece.len, have: 0, answer: None };
        }
        let bit = 1_u32.checked_shl(piece.index.into())?;
        let is_ours = (piece.number, piece.len) == (self.number, self.len);
        if !is_ours || self.have & bit != 0 {
            return None;
        }
        let start = usize::from(piece.index) * PIECE;
        self.bytes.get_mut(start..start + piece.bytes.len())?.copy_from_slice(piece.bytes);
        self.have |= bit;
        let is_whole = self.have == all_of(self.len.into());
        is_whole.then(|| (self.number, core::mem::take(&mut self.bytes)))
    }

    /// What is there.
    pub(super) const fn have(&self) -> Have {
        Have { number: self.number, pieces: self.have }
    }

    /// The shell has answered. `false`: another parcel has come since, or the answer is too long.
    pub(super) fn answer(&mut self, number: u32, bytes: &[u8]) -> bool {
        let is_ours = number == self.number && self.have == all_of(self.len.into());
        let fits = is_ours && number != 0 && bytes.len() <= ANSWER_MAX;
        if fits {
            self.answer = Some(bytes.to_vec());
        }
        fits
    }

    /// What the shell has answered.
    pub(super) fn answered(&self) -> Option<(u32, &[u8])> {
        Some((self.number, self.answer.as_deref()?))
    }
}
