//! Judging an event: who may judge what by which rubric, what they said, and what follows from it.
//!
//! ```text
//!  event::Event ─▶ bundle::Bundle (signed by the server) ─▶ venue::Venue ◀── vote::Vote (signed by a judge's device)
//!                                                             │    ▲
//!                                       entries to append ◀───┘    └── log::Reader, after a restart
//!                                                             ▼
//!                                          log::LogHead (signed by the hub) ─▶ audit::verify_log, by anybody
//! ```
//!
//! Pure: no clock, no randomness, no I/O; times are hub time. A venue is nothing but its log: whoever has the bundles and the
//! bytes of the log gets the same state, ballots and roots. The bytes are specified in `docs/judging.md`.
#![no_std]

extern crate alloc;

pub mod assignment;
pub mod audit;
pub mod auth;
pub mod bundle;
pub mod count;
pub mod csv;
pub mod event;
pub mod id;
pub mod log;
pub mod package;
pub mod project_code;
pub mod tally;
pub mod venue;
pub mod vote;

pub use audit::verify_log;
pub use bundle::Bundle;
pub use event::Event;
pub use id::{CategoryId, ChainHash, JudgeId, ProjectId, Root, VoteDigest, VoteId};
pub use log::LogHead;
pub use package::Package;
pub use project_code::ProjectCode;
pub use venue::Venue;
pub use vote::{ReceivedVote, SignedVote, Vote};
