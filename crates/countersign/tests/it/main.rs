//! The exchange against its attackers: every check of the protocol has a test here, named after the attack.
#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

extern crate alloc;

mod attacks;
mod bits;
mod client;
mod corpus;
mod ed25519;
mod keyset;
mod model;
mod order;
mod properties;
mod push;
mod record;
mod register;
mod threads;
mod vectors;
mod world;
