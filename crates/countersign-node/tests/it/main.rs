//! Nodes with real sockets on the loopback, and with virtual Bluetooth controllers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

#[expect(dead_code, reason = "the tests of the commands use the rest")]
mod bad_air;
mod bluetooth;
mod controllers;
mod flood;
mod line;
mod lossy;
mod restart;
#[expect(dead_code, reason = "the tests of the command use the rest")]
mod world;
