//! The client against a small server made of the core, on loopback.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails where it unwraps")]

mod calls;
mod device;
mod listener;
mod logins;
mod pinning;
mod secrets;
mod trust;
mod watching;
mod world;
