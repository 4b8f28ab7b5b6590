//! The public interface, against the plainest possible model of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod board;
mod name;
mod search;
