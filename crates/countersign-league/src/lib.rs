//! Football with goal-line devices: what device, server and browser must compute alike.
//!
//! ```text
//!  sensor ─▶ goal::Detector ─▶ pair link ─▶ game::Game ─▶ journal ─▶ evidence::MatchResult
//!                                             ▲                           │ signed by the master, carried by any phone
//!     phones: ticket, roll call, acts ────────┘                           ▼
//!                                                     settlement::check ─▶ receipt, signed by the server
//! ```
//!
//! Pure: no clock, no randomness, no I/O, no floating point. Times are milliseconds, ratings are thousandths of a point.
//! The same crate runs on the device, on the server and in the browser, so that all three agree bit for bit.
//! The bytes and the rules are specified in `docs/LEAGUE.md`.
#![no_std]
#![deny(clippy::float_arithmetic)]

extern crate alloc;

pub mod button;
pub mod claim;
pub mod device;
pub mod draw;

pub mod evidence;
pub mod game;
pub mod goal;
pub mod id;
pub mod journal;
pub mod pair;
pub mod proof;
pub mod rating;
pub mod ruleset;
pub mod settlement;
pub mod team;
pub mod vote;

pub use claim::Claim;
pub use evidence::{Artefact, Received, Signed};
pub use id::{BatchId, Commitment, DeviceId, JournalHead, MatchId, Nonce, RulesetId};
pub use ruleset::Params;
pub use team::{End, Seat, Team};
