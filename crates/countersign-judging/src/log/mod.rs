//! The hub's log: what it is made of, its chain, its tree, its signed head.
//!
//! A file is entries and nothing else: `u32 length of the body ‖ body ‖ hash`, the body being
//! `u8 kind ‖ u64 hub time in milliseconds ‖ fields`, and the hash
//! `SHA-256("countersign-event-log-v1" ‖ hash of the entry before ‖ body)`; before the first entry it is zero. The bodies are
//! also the leaves of a Merkle tree as in RFC 9162 section 2.1, so that a receipt can prove one vote without the others.
//!
//! Neither proves anything against somebody who can write the whole file. The hub's signature on a [`LogHead`] does.

mod chain;
mod entry;
mod head;
mod merkle;
mod receipt;

pub use chain::{Chain, Full, Position, ReadFault, Reader};
pub use entry::{Act, Entry};
pub use head::LogHead;
pub use merkle::{Inclusion, NotIncluded, Tree, root_of};
pub use receipt::HandOverReceipt;

/// Most entries of a log: a million votes, each of them merged from another hub as well, and room for the rest.
pub const ENTRIES_MAX: u64 = 4_000_000;

/// Most bytes of a body: a merged vote.
pub const BODY_MAX: usize = 1 + 8 + 32 + 8 + crate::vote::CONTENT_MAX;
