//! A judge at a real venue: the hub's decisions, packets and signatures are the ones that ship, only the air is missing.

mod hall;
mod votes;
