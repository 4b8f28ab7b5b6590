//! What the organiser publishes in the end.

use countersign::Timestamp;
use countersign_judging::Root;

/// Most bytes of published results.
pub const RESULTS_MAX: usize = 4 * 1024 * 1024;

/// Published results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// A JSON document; at most [`RESULTS_MAX`] bytes.
    pub content: Vec<u8>,
    /// Merkle root over the digests of the votes that were counted.
    pub ballot_root: Root,
    /// When they were published.
    pub published: Timestamp,
}
