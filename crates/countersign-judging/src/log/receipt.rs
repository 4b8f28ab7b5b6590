//! What the server signs when a hub has handed its log over: the hub, or anybody who worked for it, is done.

use crate::id::Root;
use alloc::vec::Vec;
use countersign::evidence::Artefact;
use countersign::wire::{Reader, put_lp8};
use countersign::{EventId, Fingerprint, Malformed, RecordDigest};

/// A log that the server verified and keeps; signed by the server. Record type `event.receipt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverReceipt {
    /// The event.
    pub event: EventId,
    /// Whose log.
    pub hub: Fingerprint,
    /// Digest of the head under which it was verified.
    pub head: RecordDigest,
    /// Entries of the log.
    pub entries: u64,
    /// Votes of the log that hold by the log alone.
    pub votes: u32,
    /// Merkle root over their digests.
    pub ballot_root: Root,
    /// Hubs that have handed over, this one among them.
    pub hubs: u8,
    /// Votes that hold by all their logs.
    pub all_votes: u32,
    /// Merkle root over their digests: equal to that of hubs that merged with all others.
    pub all_ballot_root: Root,
}

impl Artefact for HandOverReceipt {
    const TYPE: &'static str = "event.receipt";
    const MAX_FRAME: usize = 512;

    fn put(&self, out: &mut Vec<u8>) {
        put_lp8(out, self.event.as_str().as_bytes());
        out.extend_from_slice(self.hub.as_bytes());
        out.extend_from_slice(self.head.as_bytes());
        out.extend_from_slice(&self.entries.to_be_bytes());
        out.extend_from_slice(&self.votes.to_be_bytes());
        out.extend_from_slice(self.ballot_root.as_bytes());
        out.push(self.hubs);
        out.extend_from_slice(&self.all_votes.to_be_bytes());
        out.extend_from_slice(self.all_ballot_root.as_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let event = core::str::from_utf8(reader.lp8()?).map_err(|_| Malformed::Range)?;
        Ok(Self {
            event: EventId::new(event).map_err(|_| Malformed::Range)?,
            hub: Fingerprint::from_bytes(reader.array()?),
            head: RecordDigest::from_bytes(reader.array()?),
            entries: reader.u64()?,
            votes: reader.u32()?,
            ballot_root: Root::from_bytes(reader.array()?),
            hubs: reader.u8()?,
            all_votes: reader.u32()?,
            all_ballot_root: Root::from_bytes(reader.array()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_as_it_was_written() {
        let receipt = HandOverReceipt {
            event: EventId::new("FAIR").unwrap(),
            hub: Fingerprint::from_bytes([1; 32]),
            head: RecordDigest::from_bytes([2; 32]),
            entries: 3,
            votes: 4,
            ballot_root: Root::from_bytes([5; 32]),
            hubs: 6,
            all_votes: 7,
            all_ballot_root: Root::from_bytes([8; 32]),
        };
        let bytes = receipt.encode();
        assert_eq!(HandOverReceipt::decode(&bytes), Ok(receipt));
        for cut in 0..bytes.len() {
            assert!(HandOverReceipt::decode(&bytes[..cut]).is_err());
        }
    }
}
