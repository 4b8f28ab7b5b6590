//! The hub's rules against whoever would bend them, and against what happens to honest judges.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails where it unwraps, and waits for one outcome among many"
)]

mod attacks;
mod audit;
mod auth;
mod bundle;
mod merge;
mod order;
mod restore;
mod vote;
mod world;
