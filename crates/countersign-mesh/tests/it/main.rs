//! The mesh from outside: packets, links, relays, small networks in memory, and what an attacker can do to them.

mod attacks;
mod codes;
mod flood;
mod framing;
mod network;
mod notices;
mod packet;
mod relay;
mod restart;
mod world;
