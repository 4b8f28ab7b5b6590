//! The hub from outside: real sockets, real files, a real process that is killed. Judges here are small: a node, a key, a code.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod crashes;
mod days;
mod floods;
mod judge;
mod packages;
mod pages;
mod power;
mod sample;
mod venue;
