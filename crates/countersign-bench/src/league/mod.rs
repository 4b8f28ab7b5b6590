//! What the league's measurements work on: players, a peer's sorted set, signed matches.

pub(crate) mod elf;
pub(crate) mod keys;
pub(crate) mod matches;
pub(crate) mod pair;
pub(crate) mod phone;
pub(crate) mod players;
pub(crate) mod sorted_set;
