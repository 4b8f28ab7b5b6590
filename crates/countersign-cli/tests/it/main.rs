//! The real server process against its attackers, on the loopback. Tests are named after the attacks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod forgeries;
mod harness;
