//! What a hub signs about its log: whoever has the head can tell whether a copy is whole and unchanged.

use crate::id::{ChainHash, Root};
use alloc::vec::Vec;
use countersign::evidence::Artefact;
use countersign::wire::{Reader, put_lp8};
use countersign::{EventId, Malformed, RecordDigest};

/// The state of a log after so many entries; signed by its hub. Record type `event.head`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// The event.
    pub event: EventId,
    /// Digest of the bundle that holds.
    pub bundle: RecordDigest,
    /// How many entries the log has.
    pub entries: u64,
    /// Hash of the last of them.
    pub chain: ChainHash,
    /// Merkle root over all of them.
    pub root: Root,
    /// Merkle root over the sorted digests of the votes that hold; equal on hubs that know the same votes and revocations.
    pub ballot_root: Root,
    /// How many votes that is.
    pub votes: u32,
}

impl Artefact for LogHead {
    const TYPE: &'static str = "event.head";
    const MAX_FRAME: usize = 512;

    fn put(&self, out: &mut Vec<u8>) {
        put_lp8(out, self.event.as_str().as_bytes());
        out.extend_from_slice(self.bundle.as_bytes());
        out.extend_from_slice(&self.entries.to_be_bytes());
        out.extend_from_slice(self.chain.as_bytes());
        out.extend_from_slice(self.root.as_bytes());
        out.extend_from_slice(self.ballot_root.as_bytes());
        out.extend_from_slice(&self.votes.to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let event = core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)?;
        Ok(Self {
            event: EventId::new(event).map_err(|_| Malformed::Range)?,
            bundle: RecordDigest::from_bytes(reader.array()?),
            entries: reader.u64()?,
            chain: ChainHash::from_bytes(reader.array()?),
            root: Root::from_bytes(reader.array()?),
            ballot_root: Root::from_bytes(reader.array()?),
            votes: reader.u32()?,
        })
    }
}
