//! The public interface, against the plainest possible model of it.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod board;
