//! Players at a real device, in virtual time: the machines are the ones that ship, only the wires are missing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod judge;
mod matches;
mod pitch;
mod power;
mod server;
mod tls;
mod world;
