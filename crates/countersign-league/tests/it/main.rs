//! The league's rules against whoever would bend them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod admission;
mod agreement;
mod draw;
mod faults;
mod goal;
mod lifecycle;
mod pair;
mod pitch;
mod rating;
mod recovery;
mod settlement;
mod storm;
mod tls;
mod verdict;
mod world;
