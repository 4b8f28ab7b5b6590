//! Signed bundles, every version of them.

use countersign::{EventId, Fingerprint, RecordDigest, Timestamp};

/// Most versions of one event's bundle.
pub const BUNDLES_MAX: u32 = 200;

/// The next version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBundle {
    /// Of which event.
    pub event: EventId,
    /// The revision of the event that it was made from.
    pub revision: u32,
    /// One above the newest.
    pub version: u32,
    /// Of the record.
    pub digest: RecordDigest,
    /// The record `event.bundle`.
    pub frame: Vec<u8>,
    /// The judges' keys in it.
    pub keys: Vec<Fingerprint>,
    /// The time.
    pub now: Timestamp,
}

/// What came of publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishOutcome {
    /// It is the newest now.
    Published,
    /// The event changed since the bundle was made.
    Changed {
        /// The present revision.
        revision: u32,
    },
    /// Another version comes next.
    NotNext {
        /// The newest version; 0: none.
        newest: u32,
    },
    /// There are [`BUNDLES_MAX`] versions.
    Full,
    /// There is no such event.
    NoEvent,
}

/// A published bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBundle {
    /// From 1.
    pub version: u32,
    /// Of the record.
    pub digest: RecordDigest,
    /// The record `event.bundle`.
    pub frame: Vec<u8>,
    /// When.
    pub published: Timestamp,
}
