//! The journal of a match: a chain of entries that can be cut short, but not changed.
//!
//! `u32 length of the body ‖ body ‖ hash`, the body being `u8 kind ‖ u64 time in milliseconds ‖ payload`, and the hash
//! `SHA-256("countersign-journal-v1" ‖ hash of the entry before ‖ body)`. Before the first entry the hash is zero. The hash
//! of the last entry is the head: whoever knows the head of a journal knows every byte of it.
//!
//! A device appends and syncs. Power may fail in the middle of that: [`read`] returns what is whole. It proves nothing against
//! somebody who can write the file, because that somebody can hash; the master's signature on the head does.

use crate::id::JournalHead;
use alloc::vec::Vec;
use countersign::wire::Reader;
use sha2::{Digest, Sha256};

/// Most bytes of a payload: a result with 255 goals fits.
pub const PAYLOAD_MAX: usize = 8 * 1024;

/// Most entries of one journal. A match of ten minutes with everything that can happen has fewer.
pub const ENTRIES_MAX: u32 = 4096;

/// "Nothing was written yet."
pub const GENESIS: JournalHead = JournalHead::from_bytes([0; 32]);

/// Most bytes of one journal: every entry as long as it may be.
pub const BYTES_MAX: u32 = ENTRIES_MAX * entry_len(PAYLOAD_MAX);

/// Bytes of an entry with so many bytes of payload.
pub const fn entry_len(payload: usize) -> u32 {
    (FRAME_FIXED + BODY_FIXED + payload) as u32
}

/// Bytes of a body besides its payload.
const BODY_FIXED: usize = 1 + 8;

/// Bytes of an entry besides its body.
const FRAME_FIXED: usize = 4 + 32;

/// One entry. What its payload means is said by its kind; see `game::Entry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEntry {
    /// What it is.
    pub kind: u8,
    /// When, in milliseconds of the master's clock; never decreases.
    pub at: u64,
    /// At most [`PAYLOAD_MAX`] bytes.
    pub payload: Vec<u8>,
}

/// Why an entry was not written. The journal is as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The payload is too long.
    #[error("a journal entry has at most {PAYLOAD_MAX} bytes of payload, not {0}")]
    TooLong(usize),
    /// The journal is full; it takes no more entries, and the match cannot be rated.
    #[error("a journal has at most {ENTRIES_MAX} entries")]
    Full,
}

/// The end of a journal, where the next entry goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    head: JournalHead,
    count: u32,
    bytes: u32,
    at: u64,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An empty journal.
    pub const fn new() -> Self {
        Self { head: GENESIS, count: 0, bytes: 0, at: 0 }
    }

    /// Hash of the last entry, or [`GENESIS`].
    pub const fn head(&self) -> JournalHead {
        self.head
    }

    /// How many entries there are.
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many bytes they have.
    pub const fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Time of the last entry; 0 if there is none.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// The bytes to append to the file. A time before that of the last entry is moved up to it.
    pub fn append(&mut self, kind: u8, at: u64, payload: &[u8]) -> Result<Vec<u8>, AppendError> {
        if payload.len() > PAYLOAD_MAX {
            return Err(AppendError::TooLong(payload.len()));
        }
        if self.count == ENTRIES_MAX {
            return Err(AppendError::Full);
        }
        self.at = self.at.max(at);
        let body_len = BODY_FIXED + payload.len();
        let mut out = Vec::with_capacity(FRAME_FIXED + body_len);
        out.extend_from_slice(&(body_len as u32).to_be_bytes());
        out.push(kind);
        out.extend_from_slice(&self.at.to_be_bytes());
        out.extend_from_slice(payload);
        self.head = link(&self.head, &out[4..]);
        self.count += 1;
        out.extend_from_slice(self.head.as_bytes());
        self.bytes += out.len() as u32;
        Ok(out)
    }
}

/// What could be read of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// The whole entries, in order.
    pub entries: Vec<RawEntry>,
    /// Where to go on, once the file is cut to [`Journal::valid`] bytes.
    pub writer: Writer,
    /// Bytes that the entries occupy.
    pub valid: usize,
    /// Bytes after them that are no entry: torn, foreign, or changed.
    pub dropped: usize,
}

/// The longest valid prefix of a journal. Never fails: bytes that are no journal are a journal without entries.
pub fn read(bytes: &[u8]) -> Journal {
    let mut walk = Walk::new(bytes);
    let entries = walk.by_ref().collect();
    let Walk { writer, valid, .. } = walk;
    Journal { entries, writer, valid, dropped: bytes.len() - valid }
}

/// The same, entry by entry, for who has not the memory for all of them at once.
#[derive(Debug, Clone)]
pub struct Walk<'b> {
    bytes: &'b [u8],
    writer: Writer,
    valid: usize,
}

impl<'b> Walk<'b> {
    /// Begins before the first entry.
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, writer: Writer::new(), valid: 0 }
    }

    /// Where to go on after all entries, and to how many bytes the file has to be cut before.
    pub fn finish(mut self) -> (Writer, usize) {
        self.by_ref().for_each(drop);
        (self.writer, self.valid)
    }
}

impl Iterator for Walk<'_> {
    type Item = RawEntry;

    fn next(&mut self) -> Option<RawEntry> {
        let mut reader = Reader::new(self.bytes.get(self.valid..)?);
        let len = reader.u32().ok()? as usize;
        if self.writer.count == ENTRIES_MAX
            || !(BODY_FIXED..=BODY_FIXED + PAYLOAD_MAX).contains(&len)
        {
            return None;
        }
        let body = reader.slice(len).ok()?;
        let hash = JournalHead::from_bytes(reader.array().ok()?);
        let mut fields = Reader::new(body);
        let (kind, at) = (fields.u8().ok()?, fields.u64().ok()?);
        if link(&self.writer.head, body) != hash || at < self.writer.at {
            return None;
        }
        let (count, bytes) =
            (self.writer.count + 1, self.writer.bytes + (FRAME_FIXED + len) as u32);
        self.writer = Writer { head: hash, count, bytes, at };
        self.valid += FRAME_FIXED + len;
        Some(RawEntry { kind, at, payload: fields.rest().to_vec() })
    }
}

fn link(previous: &JournalHead, body: &[u8]) -> JournalHead {
    let hash = Sha256::new_with_prefix(b"countersign-journal-v1")
        .chain_update(previous.as_bytes())
        .chain_update(body);
    JournalHead::from_bytes(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// Five entries of growing length, and where each ends.
    fn sample() -> (Vec<u8>, Vec<usize>) {
        let mut writer = Writer::new();
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for n in 0..5_u8 {
            let payload = vec![n; usize::from(n) * 7];
            bytes.extend(writer.append(n, u64::from(n) * 10, &payload).unwrap());
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    #[test]
    fn a_journal_cut_anywhere_reads_as_its_whole_entries() {
        let (bytes, ends) = sample();
        for cut in 0..=bytes.len() {
            let journal = read(&bytes[..cut]);
            let whole = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(journal.entries.len(), whole, "cut at {cut}");
            assert_eq!(journal.valid, whole.checked_sub(1).map_or(0, |last| ends[last]));
            assert_eq!(journal.valid + journal.dropped, cut);
            assert_eq!(journal.writer.count() as usize, whole);
        }
    }

    #[test]
    fn a_changed_byte_ends_the_journal_before_its_entry() {
        let (bytes, ends) = sample();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let journal = read(&changed);
            let before = ends.iter().filter(|end| **end <= at).count();
            assert_eq!(journal.entries.len(), before, "changed at {at}");
        }
    }

    #[test]
    fn writing_goes_on_where_a_torn_journal_is_whole() {
        let (bytes, ends) = sample();
        let mut torn = read(&bytes[..ends[3] + 11]);
        let mut repaired = bytes[..torn.valid].to_vec();
        repaired.extend(torn.writer.append(9, 99, b"after the power cut").unwrap());
        let journal = read(&repaired);
        assert_eq!((journal.entries.len(), journal.dropped), (5, 0));
        assert_eq!(journal.writer, torn.writer);
    }

    #[test]
    fn entries_are_bounded_and_their_time_never_goes_back() {
        let mut writer = Writer::new();
        let long = vec![0; PAYLOAD_MAX + 1];
        assert_eq!(writer.append(1, 0, &long), Err(AppendError::TooLong(PAYLOAD_MAX + 1)));
        let mut bytes = writer.append(1, 50, &long[1..]).unwrap();
        bytes.extend(writer.append(1, 20, &[]).unwrap());
        assert_eq!(read(&bytes).entries[1].at, 50);
        for _ in 2..ENTRIES_MAX {
            writer.append(1, 60, &[]).unwrap();
        }
        assert_eq!(writer.append(1, 60, &[]), Err(AppendError::Full));
        let bytes = entry_len(PAYLOAD_MAX) + (ENTRIES_MAX - 1) * entry_len(0);
        assert_eq!((writer.count(), writer.bytes()), (ENTRIES_MAX, bytes));
    }
}
