//! The broker with a real authority: Debian's `pebble`, which looks for the challenges in our own DNS.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod clock;
mod device;
mod hook;
mod orders;
mod pebble;
mod requests;
