//! Folders as a factory writes them, and what happens to those that somebody changed.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod folders;
