//! The league's rules against whoever would bend them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails where it unwraps, and waits for one event among many"
)]

extern crate alloc;

mod admission;
mod agreement;
mod draw;
mod faults;
mod flood;
mod goal;
mod lifecycle;
mod pair;
mod pitch;
mod proof;
mod rating;
mod recovery;
mod settlement;
mod storm;
mod tls;
mod verdict;
mod world;
