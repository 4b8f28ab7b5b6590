//! The league's rules against whoever would bend them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails where it unwraps"
)]
#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the effects that it is about")]

mod admission;
mod agreement;
mod draw;
mod faults;
mod lifecycle;
mod pitch;
mod rating;
mod recovery;
mod settlement;
mod storm;
mod verdict;
mod world;
