//! The responder as askers meet it: real sockets, and queries written byte by byte.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod answers;
mod ask;
mod hostile;
mod sockets;
