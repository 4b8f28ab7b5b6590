//! The mesh from outside: packets, links, relays, small networks in memory, and what an attacker can do to them.
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails where it unwraps, and waits for one output among many"
)]

mod attacks;
mod codes;
mod corpus;
mod flood;
mod framing;
mod network;
mod notices;
mod packet;
mod relay;
mod restart;
mod vectors;
mod world;
