//! The league's rules against whoever would bend them.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod agreement;
mod draw;
mod rating;
mod settlement;
mod verdict;
mod world;
