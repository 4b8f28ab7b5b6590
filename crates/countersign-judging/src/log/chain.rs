//! The chain of a log: appending to it, and reading it back.

use super::merkle::Inclusion;
use super::{BODY_MAX, ENTRIES_MAX, Entry, Tree};
use crate::id::{ChainHash, Root};
use alloc::vec::Vec;
use countersign::{Malformed, wire};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Where an entry stands in its log, from 0.
pub type Position = u64;

/// Bytes of an entry besides its body.
const FRAME_FIXED: usize = 4 + ChainHash::LEN;

/// Fewest bytes of a body: kind, time, number and state of a round.
const BODY_MIN: usize = 1 + 8 + 2;

/// The log has as many entries as a log can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a log has at most {ENTRIES_MAX} entries")]
pub struct Full;

/// What of a log the next entry depends on, and the tree over all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    head: ChainHash,
    tree: Tree,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl Chain {
    /// "Nothing was written yet."
    pub const GENESIS: ChainHash = ChainHash::from_bytes([0; 32]);

    /// An empty log.
    pub const fn new() -> Self {
        Self { head: Self::GENESIS, tree: Tree::new() }
    }

    /// Hash of the last entry, or [`Chain::GENESIS`].
    pub const fn head(&self) -> ChainHash {
        self.head
    }

    /// How many entries there are.
    pub fn entries(&self) -> u64 {
        self.tree.size()
    }

    /// Merkle root over all entries.
    pub fn root(&self) -> Root {
        self.tree.root()
    }

    /// The Merkle root as it was after so many entries. `None` if there are fewer.
    pub fn root_at(&self, entries: u64) -> Option<Root> {
        self.tree.root_at(entries)
    }

    /// The proof that an entry is among the first `entries`. `None` if it is not.
    pub fn prove(&self, position: Position, entries: u64) -> Option<Inclusion> {
        self.tree.prove(position, entries)
    }

    /// Adds an entry; gives the bytes to append to the file.
    pub fn append(&mut self, entry: &Entry) -> Result<Vec<u8>, Full> {
        if self.entries() == ENTRIES_MAX {
            return Err(Full);
        }
        let body = entry.encode();
        self.push(&body);
        let mut out = Vec::with_capacity(FRAME_FIXED + body.len());
        out.extend_from_slice(&(body.len() as u32).to_be_bytes());
        out.extend_from_slice(&body);
        out.extend_from_slice(self.head.as_bytes());
        Ok(out)
    }

    fn push(&mut self, body: &[u8]) {
        self.head = link(&self.head, body);
        self.tree.push(body);
    }
}

/// Why bytes are not a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReadFault {
    /// Something in the middle is no entry, or another one than was written: whole entries follow. If the power failed while
    /// several entries were being written, none of which was acknowledged, the file may be cut here, and whoever knows how much
    /// was durable does so; otherwise it was changed.
    #[error(
        "the log is broken at byte {offset}, in entry {position}, with whole entries behind it; \
         restore it from another copy"
    )]
    Broken {
        /// The entry that is not whole.
        position: Position,
        /// Where it begins.
        offset: usize,
    },
    /// The chain holds, but an entry of it cannot be read.
    #[error("entry {position} of the log cannot be read: {fault}")]
    Entry {
        /// Which.
        position: Position,
        /// Why.
        fault: Malformed,
    },
    /// More entries than a log can have.
    #[error("the log has more than {ENTRIES_MAX} entries")]
    TooMany,
}

/// Reads the entries of a log in order. At its end [`Reader::valid`] says how many bytes are whole entries; what follows is a torn
/// tail: the last write before the power failed.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    valid: usize,
    head: ChainHash,
    position: Position,
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from the start.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, valid: 0, head: Chain::GENESIS, position: 0 }
    }

    /// Bytes of the entries read so far.
    pub const fn valid(&self) -> usize {
        self.valid
    }

    /// Bytes behind them.
    pub const fn behind(&self) -> usize {
        self.bytes.len() - self.valid
    }

    /// The next entry, `None` at the end or at a torn tail.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, ReadFault> {
        let rest = self.bytes.get(self.valid..).unwrap_or_default();
        let Some((body, hash)) = split(rest).filter(|(body, hash)| link(&self.head, body) == *hash)
        else {
            return self.end(rest);
        };
        if self.position == ENTRIES_MAX {
            return Err(ReadFault::TooMany);
        }
        let position = self.position;
        let entry = Entry::decode(body).map_err(|fault| ReadFault::Entry { position, fault })?;
        self.head = hash;
        self.position += 1;
        self.valid += FRAME_FIXED + body.len();
        Ok(Some(entry))
    }

    /// A torn tail has no whole entry in it. An entry is whole if it follows from the 32 bytes before it, wherever that is, or
    /// from the body before it.
    fn end(&self, rest: &[u8]) -> Result<Option<Entry>, ReadFault> {
        let follows = |at: usize, previous: &ChainHash| {
            let entry = split(rest.get(at..).unwrap_or_default());
            entry.is_some_and(|(body, hash)| link(previous, body) == hash)
        };
        let after_a_hash = |at: &usize| {
            let before = rest.get(..*at).and_then(<[u8]>::last_chunk);
            before.is_some_and(|hash| follows(*at, &ChainHash::from_bytes(*hash)))
        };
        let after_the_body = split(rest)
            .is_some_and(|(body, _)| follows(FRAME_FIXED + body.len(), &link(&self.head, body)));
        match after_the_body || (ChainHash::LEN..rest.len()).any(|at| after_a_hash(&at)) {
            true => Err(ReadFault::Broken { position: self.position, offset: self.valid }),
            false => Ok(None),
        }
    }
}

/// Body and hash at the front.
fn split(bytes: &[u8]) -> Option<(&[u8], ChainHash)> {
    let mut reader = wire::Reader::new(bytes);
    let len = reader.u32().ok()? as usize;
    if !(BODY_MIN..=BODY_MAX).contains(&len) {
        return None;
    }
    let body = reader.slice(len).ok()?;
    Some((body, ChainHash::from_bytes(reader.array().ok()?)))
}

fn link(previous: &ChainHash, body: &[u8]) -> ChainHash {
    let hash = Sha256::new_with_prefix(b"countersign-event-log-v1")
        .chain_update(previous.as_bytes())
        .chain_update(body);
    ChainHash::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::super::Act;
    use super::*;
    use crate::event::RoundState;
    use countersign::{Fingerprint, Timestamp};

    /// Seven entries of different lengths, and where each ends.
    fn sample() -> (Vec<u8>, Vec<usize>) {
        let mut chain = Chain::new();
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for n in 0..7_u8 {
            let act = match n % 3 {
                0 => Act::Round { number: n, state: RoundState::Open },
                1 => Act::Revoke { key: Fingerprint::from_bytes([n; 32]) },
                _ => Act::Vote { content: alloc::vec![n; 64 + usize::from(n)] },
            };
            let at = Timestamp::from_millis(n.into());
            bytes.extend(chain.append(&Entry { at, act }).unwrap());
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn read(bytes: &[u8]) -> Result<(usize, usize), ReadFault> {
        let mut reader = Reader::new(bytes);
        let mut count = 0;
        while reader.next_entry()?.is_some() {
            count += 1;
        }
        assert_eq!(reader.valid() + reader.behind(), bytes.len());
        Ok((count, reader.valid()))
    }

    #[test]
    fn a_log_cut_anywhere_reads_as_its_whole_entries() {
        let (bytes, ends) = sample();
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count();
            let valid = whole.checked_sub(1).map_or(0, |last| ends[last]);
            assert_eq!(read(&bytes[..cut]), Ok((whole, valid)), "cut at {cut}");
            let zeroes = [&bytes[..cut], &[0; 40]].concat();
            assert_eq!(read(&zeroes), Ok((whole, valid)), "zeroes from {cut}");
        }
    }

    #[test]
    fn a_changed_byte_in_the_middle_is_refused_and_at_the_end_cut() {
        let (bytes, ends) = sample();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let before = ends.iter().filter(|end| **end <= at).count();
            let offset = before.checked_sub(1).map_or(0, |last| ends[last]);
            let expected = match before {
                6 => Ok((6, offset)),
                _ => Err(ReadFault::Broken { position: before as u64, offset }),
            };
            assert_eq!(read(&changed), expected, "changed at {at}");
        }
    }

    #[test]
    fn an_entry_taken_out_is_seen() {
        let (bytes, ends) = sample();
        for gone in 0..5_usize {
            let start = gone.checked_sub(1).map_or(0, |before| ends[before]);
            let shorter = [&bytes[..start], &bytes[ends[gone]..]].concat();
            let broken = ReadFault::Broken { position: gone as u64, offset: start };
            assert_eq!(read(&shorter), Err(broken), "without entry {gone}");
        }
    }
}
