//! Folders as a factory writes them, and what happens to those that somebody changed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod folders;
