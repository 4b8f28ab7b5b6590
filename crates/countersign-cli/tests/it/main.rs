//! The real server process against its attackers, on the loopback. Tests are named after the attacks.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod backends;
mod bits;
mod clocks;
mod conformance;
mod crashes;
mod floods;
mod forgeries;
mod harness;
mod junk;
mod logins;
mod replay;
mod scalars;
mod signatures;
mod slow;
