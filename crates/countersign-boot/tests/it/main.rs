//! Images, slots and whole runs of the second stage from outside, with the signatures of a real library, and images of the real
//! tools.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails where it unwraps, and waits for one refusal among many"
)]

mod binary;
mod corpus;
mod power;
mod refusals;
mod run;
mod slots;
mod tools;
mod world;
