//! A seeded world for the league: virtual time, lossy links, the real state machines, and a reference model.
//!
//! ```text
//!   seed ─▶ plan: rules, people, links, mishaps, adversaries
//!             │
//!   world: one queue of events ─▶ Device · Slave · phones · couriers · server ─▶ log, digest
//!             │                                                                    ▲
//!             └─▶ truth: what really happened ─▶ model: what it is worth ─▶ check ─┘
//! ```
//!
//! The same seed gives the same night, event by event: [`Report::digest`] is over all of it. For development only.

mod check;
mod courier;
mod dice;
mod evil;
mod key;
mod log;
mod master;
pub mod mesh;
mod model;
mod net;
mod night;
mod people;
mod phone;
mod plan;
mod server;
mod slave;
mod time;
mod world;

pub use night::run;
pub use plan::Scenario;

use std::collections::BTreeMap;

/// A fault that is built in on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// None: everything as it is.
    #[default]
    None,
    /// The master's disk says "synced" and is not.
    AckBeforeSync,
    /// The slave's flash says "written" and is not.
    SlaveForgets,
    /// The server settles what it has settled before.
    SettlesTwice,
    /// The server believes a master alone.
    NoSealCheck,
    /// The server does not notice that a device said two different things.
    NoForkCheck,
}

impl Fault {
    /// All, with the words by which they are chosen.
    pub const ALL: [(&'static str, Self); 6] = [
        ("none", Self::None),
        ("ack-before-sync", Self::AckBeforeSync),
        ("slave-forgets", Self::SlaveForgets),
        ("settles-twice", Self::SettlesTwice),
        ("no-seal-check", Self::NoSealCheck),
        ("no-fork-check", Self::NoForkCheck),
    ];

    /// The fault of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, fault)| *fault)
    }
}

/// Which night.
#[derive(Debug, Clone, Copy, Default)]
pub struct Config {
    /// The seed.
    pub seed: u64,
    /// Which worlds are tried.
    pub scenario: Scenario,
    /// What is broken on purpose.
    pub fault: Fault,
    /// Whether every line is kept.
    pub trace: bool,
}

/// What came of a night.
#[derive(Debug, Clone)]
pub struct Report {
    /// SHA-256 over every line of the trace.
    pub digest: [u8; 32],
    /// The trace, if it was asked for.
    pub trace: Vec<String>,
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// What must not be, in the order in which it was found; at most 32.
    pub violations: Vec<String>,
}
