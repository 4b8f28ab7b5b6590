//! The league's rules against whoever would bend them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod agreement;
mod draw;
mod faults;
mod goal;
mod pair;
mod pitch;
mod rating;
mod settlement;
mod verdict;
mod world;
