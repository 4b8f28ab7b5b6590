//! Packets over links whose frames are smaller: cut on one side, put together on the other, per hop.
//!
//! ```text
//!   0        kind (2 bits) ‖ counter (6 bits)     0 whole  1 first  2 further
//!   whole    packet
//!   first    length u16 ‖ bytes                   length: of packet and checksum
//!   further  index u8 from 1 ‖ bytes
//! ```
//!
//! What comes in pieces ends with `SHA-256(packet)[..4]`: pieces of two packets do not make a third. It is no seal; the net
//! tag is.

use crate::packet::MAX_LEN;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::relay::Hop;

/// The largest frame of a link: the largest value of a GATT characteristic.
pub const GATT_VALUE_MAX: usize = 512;
/// The smallest frame of a link: what is left of an ATT MTU of 23.
pub const FRAME_MIN: usize = 20;
/// Milliseconds until the pieces of a packet that never gets whole are forgotten.
pub const PATIENCE: u64 = 5_000;
/// Packets in pieces per link.
pub const PER_LINK_MAX: usize = 4;
/// Packets in pieces altogether.
pub const TOTAL_MAX: usize = 64;

const KIND_WHOLE: u8 = 0;
const KIND_FIRST: u8 = 1;
const KIND_FURTHER: u8 = 2;
const CHECKSUM_LEN: usize = 4;
const MESSAGE_MAX: usize = MAX_LEN + CHECKSUM_LEN;

/// What one write to a GATT characteristic carries at an ATT MTU: three bytes fewer, and never more than 512.
pub const fn gatt_value_len(att_mtu: usize) -> usize {
    let len = att_mtu.saturating_sub(3);
    if len > GATT_VALUE_MAX { GATT_VALUE_MAX } else { len }
}

/// How many frames a packet of this length takes.
pub fn frames_for(packet_len: usize, frame_max: usize) -> usize {
    if packet_len < frame_max {
        return 1;
    }
    let message = packet_len + CHECKSUM_LEN;
    let frame_max = frame_max.max(FRAME_MIN);
    1 + message.saturating_sub(frame_max - 3).div_ceil(frame_max - 2)
}

/// The frames of a packet, none longer than `frame_max` (at least [`FRAME_MIN`]). `counter` goes up by one per packet and link.
pub fn split(packet: &[u8], frame_max: usize, counter: u8) -> Vec<Vec<u8>> {
    let frame_max = frame_max.max(FRAME_MIN);
    let head = |kind: u8| kind << 6 | (counter & 0x3f);
    if packet.len() < frame_max {
        return alloc::vec![[&[head(KIND_WHOLE)], packet].concat()];
    }
    let message = [packet, &checksum(packet)].concat();
    let (first, rest) = message.split_at((frame_max - 3).min(message.len()));
    let length = (message.len() as u16).to_be_bytes();
    let mut frames = alloc::vec![[&[head(KIND_FIRST)], &length[..], first].concat()];
    let further = rest.chunks(frame_max - 2).zip(1_u8..);
    frames.extend(further.map(|(piece, index)| [&[head(KIND_FURTHER), index], piece].concat()));
    frames
}

/// Why a frame is not one, or leads to no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Nothing in it, or longer than any frame.
    #[error("a frame cannot have {0} bytes")]
    Length(usize),
    /// A kind that does not exist.
    #[error("there is no frame kind 3")]
    Kind,
    /// A packet longer than packets are.
    #[error("the pieces would be a packet of {0} bytes; at most 1,024 may be")]
    TooLong(usize),
    /// The index 0, which is the first piece's.
    #[error("a further piece has an index from 1")]
    Index,
    /// The pieces are of different packets.
    #[error("the pieces do not belong together")]
    Poisoned,
}

/// Pieces that wait for the rest, keyed by whom they came from.
#[derive(Debug, Default)]
pub struct Reassembly {
    waiting: BTreeMap<(Hop, u8), Partial>,
    given_up: u64,
}

#[derive(Debug)]
struct Partial {
    since: u64,
    length: Option<usize>,
    pieces: BTreeMap<u8, Vec<u8>>,
    bytes: usize,
}

impl Reassembly {
    /// A frame as it came; gives the bytes of a packet once they are whole. `[M14]`
    pub fn accept(
        &mut self,
        from: Hop,
        frame: &[u8],
        now: u64,
    ) -> Result<Option<Vec<u8>>, FrameError> {
        let (head, body) = frame.split_first().ok_or(FrameError::Length(0))?;
        if body.len() > MAX_LEN {
            return Err(FrameError::Length(frame.len()));
        }
        let counter = head & 0x3f;
        match head >> 6 {
            KIND_WHOLE => Ok(Some(body.to_vec())),
            KIND_FIRST => {
                let (length, piece) = body.split_first_chunk().ok_or(FrameError::Length(3))?;
                let length = usize::from(u16::from_be_bytes(*length));
                if length > MESSAGE_MAX {
                    return Err(FrameError::TooLong(length - CHECKSUM_LEN));
                }
                self.piece((from, counter), 0, Some(length), piece, now)
            }
            KIND_FURTHER => match body.split_first() {
                None => Err(FrameError::Length(frame.len())),
                Some((0, _)) => Err(FrameError::Index),
                Some((index, piece)) => self.piece((from, counter), *index, None, piece, now),
            },
            _ => Err(FrameError::Kind),
        }
    }

    /// Forgets what has waited too long.
    pub fn expire(&mut self, now: u64) {
        let before = self.waiting.len();
        self.waiting.retain(|_, partial| now.saturating_sub(partial.since) < PATIENCE);
        self.given_up += (before - self.waiting.len()) as u64;
    }

    /// Forgets what came over a link that is down.
    pub fn forget_link(&mut self, link: crate::LinkId) {
        self.waiting.retain(|(hop, _), _| hop.link != link);
    }

    /// When [`Reassembly::expire`] has something to do next.
    pub fn next_expiry(&self) -> Option<u64> {
        self.waiting.values().map(|partial| partial.since + PATIENCE).min()
    }

    /// Packets in pieces that never got whole: too old, too many, or of different packets.
    pub const fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Packets in pieces that wait now.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn piece(
        &mut self,
        key: (Hop, u8),
        index: u8,
        length: Option<usize>,
        piece: &[u8],
        now: u64,
    ) -> Result<Option<Vec<u8>>, FrameError> {
        self.expire(now);
        if self.waiting.get(&key).is_some_and(|partial| partial.contradicts(index, length, piece)) {
            // The counter came round, or somebody mixes: begin again with what is newest.
            self.waiting.remove(&key);
            self.given_up += 1;
        }
        if !self.waiting.contains_key(&key) {
            self.make_room(key.0);
        }
        let partial = self.waiting.entry(key).or_insert_with(|| Partial::new(now));
        partial.add(index, length, piece);
        if partial.bytes > partial.length.unwrap_or(MESSAGE_MAX) {
            self.waiting.remove(&key);
            self.given_up += 1;
            return Err(FrameError::Poisoned);
        }
        if !partial.is_whole() {
            return Ok(None);
        }
        let message = self.waiting.remove(&key).map(Partial::join).unwrap_or_default();
        match message.split_last_chunk::<CHECKSUM_LEN>() {
            Some((packet, sum)) if *sum == checksum(packet) => Ok(Some(packet.to_vec())),
            _ => {
                self.given_up += 1;
                Err(FrameError::Poisoned)
            }
        }
    }

    /// The oldest of the same link goes first; then the oldest of the link that has most.
    fn make_room(&mut self, hop: Hop) {
        let of = |link| move |(key, _): &(&(Hop, u8), &Partial)| key.0.link == link;
        let on_link = self.waiting.iter().filter(of(hop.link)).count();
        let link = if on_link >= PER_LINK_MAX {
            hop.link
        } else if self.waiting.len() >= TOTAL_MAX {
            let fullest = self.waiting.keys().max_by_key(|(other, _)| {
                self.waiting.keys().filter(|(hop, _)| hop.link == other.link).count()
            });
            fullest.map_or(hop.link, |(other, _)| other.link)
        } else {
            return;
        };
        let oldest = self.waiting.iter().filter(of(link)).min_by_key(|(_, partial)| partial.since);
        if let Some(key) = oldest.map(|(key, _)| *key) {
            self.waiting.remove(&key);
            self.given_up += 1;
        }
    }
}

impl Partial {
    const fn new(now: u64) -> Self {
        Self { since: now, length: None, pieces: BTreeMap::new(), bytes: 0 }
    }

    fn contradicts(&self, index: u8, length: Option<usize>, piece: &[u8]) -> bool {
        let other_piece = self.pieces.get(&index).is_some_and(|known| known != piece);
        other_piece || (length.is_some() && self.length.is_some() && length != self.length)
    }

    fn add(&mut self, index: u8, length: Option<usize>, piece: &[u8]) {
        self.length = length.or(self.length);
        if let alloc::collections::btree_map::Entry::Vacant(slot) = self.pieces.entry(index) {
            self.bytes += piece.len();
            slot.insert(piece.to_vec());
        }
    }

    fn is_whole(&self) -> bool {
        self.length == Some(self.bytes) && self.pieces.keys().zip(0..).all(|(key, at)| *key == at)
    }

    fn join(self) -> Vec<u8> {
        self.pieces.into_values().collect::<Vec<_>>().concat()
    }
}

fn checksum(packet: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut sum = [0; CHECKSUM_LEN];
    sum.copy_from_slice(&Sha256::digest(packet)[..CHECKSUM_LEN]);
    sum
}
