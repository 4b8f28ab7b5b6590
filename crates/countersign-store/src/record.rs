//! Records: lasting evidence, appended once.

use countersign::{Fingerprint, RecordDigest, RecordId, SessionId, Timestamp, UserId};

/// A verified record about to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Chosen by the author; unique.
    pub id: RecordId,
    /// Whose account it belongs to.
    pub user: UserId,
    /// Which session handed it in.
    pub session: SessionId,
    /// Who signed it.
    pub signer: Fingerprint,
    /// What it is.
    pub record_type: String,
    /// Digest of its header.
    pub digest: RecordDigest,
    /// The whole frame as received.
    pub frame: Vec<u8>,
    /// When the server received it.
    pub received: Timestamp,
}

/// A record with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// From 1, without gaps, in the order of acceptance.
    pub seq: u64,
    /// `None` after the account was erased.
    pub user: Option<UserId>,
    /// Chosen by the author.
    pub id: RecordId,
    /// Who signed it.
    pub signer: Fingerprint,
    /// What it is.
    pub record_type: String,
    /// Digest of its header.
    pub digest: RecordDigest,
    /// The whole frame as received.
    pub frame: Vec<u8>,
    /// When the server received it first.
    pub received: Timestamp,
}

/// What became of appending a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordOutcome {
    /// Stored now.
    Appended {
        /// Its place.
        seq: u64,
    },
    /// The same record was stored before.
    AlreadyStored {
        /// Its place.
        seq: u64,
        /// When it was received first.
        received: Timestamp,
    },
    /// Another record has this id.
    IdTaken,
}
