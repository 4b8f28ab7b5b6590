//! The league's rules against whoever would bend them.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

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
