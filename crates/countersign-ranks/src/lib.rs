//! Exact ranks of millions, names that nobody can imitate, search by the first letters.
//!
//! ```text
//!  ledger ──rebuild, set──▶ board::Board ──▶ rank, percentile, neighbours, top, histogram ──▶ tier::Tier
//!  profiles ─▶ name::Name ─┬─▶ two keys that must be unique
//!                          └─▶ search::Index ──▶ up to 20 users
//! ```
//!
//! All of it lives in memory and can be built again from the store; nothing here is the only copy. Pure: no clock, no
//! I/O. Locking is the caller's: readers share, a change takes microseconds.

pub mod board;
pub mod integrity;
pub mod name;
pub mod search;
pub mod tier;

pub use board::{Board, Row, Standing};
pub use name::{Name, Skeleton};
pub use search::{Index, Key, Query};
pub use tier::{Badge, Tier};
