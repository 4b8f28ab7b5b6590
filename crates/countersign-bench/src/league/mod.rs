//! What the league's measurements work on: players, a peer's sorted set, signed matches.

pub(crate) mod elf;
pub(crate) mod matches;
pub(crate) mod players;
pub(crate) mod referee;
pub(crate) mod sorted_set;
