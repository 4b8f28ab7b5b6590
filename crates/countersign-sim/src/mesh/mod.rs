//! A hall of relays: real [`countersign_mesh::Relay`]s, a real [`countersign_judging::Venue`] at the hub, real judges' programs, and
//! air that loses and garbles.
//!
//! ```text
//!   seed ─▶ plan: places, links, judges, mishaps, attackers
//!             │
//!   world: one queue ─▶ Relay × n · Judge × m · Hub (venue, log) ── air: collisions, losses ─▶ log, digest
//!             │                                                                                   ▲
//!             └─▶ truth: what was really cast ─────────────────────────▶ check ────────────────────┘
//! ```
//!
//! The same seed gives the same day. The model of the air is a unit disc with losses, collisions and carrier sense: good for the
//! shape of a curve, not for the truth about radio. `docs/judging.md` says how it differs from others.

mod air;
mod check;
mod evil;
mod fair;
mod hub;
mod judge;
mod plot;
mod policy;
mod scenario;
mod table;
mod topology;
mod truth;
mod world;

pub use plot::plot;
pub use policy::Policy;
pub use scenario::Scenario;
pub use table::{Cell, SIZES, measure, reference, table};

use std::collections::BTreeMap;

/// Something that is broken on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing: everything as it is.
    #[default]
    None,
    /// Relays forget what they have seen.
    NoDedupe,
    /// The hub says "durable" before it is.
    ReceiptBeforeSync,
    /// The hub takes a vote's id for known before it knows who signed.
    IdBeforeSignature,
    /// The hub counts every packet as a vote of its own.
    CountsPackets,
    /// Relays remember a thousand packets a minute and not more.
    SmallMemory,
}

impl Fault {
    /// All, with the words by which they are chosen.
    pub const ALL: [(&'static str, Self); 6] = [
        ("none", Self::None),
        ("no-dedupe", Self::NoDedupe),
        ("receipt-before-sync", Self::ReceiptBeforeSync),
        ("id-before-signature", Self::IdBeforeSignature),
        ("counts-packets", Self::CountsPackets),
        ("small-memory", Self::SmallMemory),
    ];

    /// The fault of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, fault)| *fault)
    }
}

/// Which day.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The seed.
    pub seed: u64,
    /// Nodes with the hub: 3 to 2,000.
    pub nodes: usize,
    /// Votes that are cast, at five a second.
    pub votes: usize,
    /// How the air and the relays are.
    pub policy: Policy,
    /// What goes wrong.
    pub scenario: Scenario,
    /// What is broken on purpose.
    pub fault: Fault,
    /// Whether every line is kept.
    pub trace: bool,
}

/// What came of a day.
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
    /// What was measured.
    pub figures: Figures,
}

/// What was measured on a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Votes that were cast and not revised before they arrived.
    pub cast: usize,
    /// Those of them that the hub decided about.
    pub arrived: usize,
    /// From the tap to the hub, milliseconds, of those that arrived; ascending.
    pub latencies: Vec<f64>,
    /// From the tap to the receipt at the judge, milliseconds; ascending; empty where there are no receipts.
    pub receipts: Vec<f64>,
    /// Frames of votes that were sent.
    pub vote_frames: u64,
    /// Frames of anything.
    pub frames: u64,
    /// Frames that reached an antenna, and those of them that another one garbled.
    pub heard: u64,
    /// See `heard`.
    pub collided: u64,
    /// Virtual seconds.
    pub seconds: f64,
}

impl Figures {
    /// Percent of the votes that arrived.
    pub fn delivery(&self) -> f64 {
        100.0 * self.arrived as f64 / self.cast.max(1) as f64
    }

    /// The smallest latency that `percent` of those that arrived do not exceed.
    pub fn latency(&self, percent: usize) -> f64 {
        percentile(&self.latencies, percent)
    }

    /// Frames per vote.
    pub fn sends_per_vote(&self) -> f64 {
        self.vote_frames as f64 / self.cast.max(1) as f64
    }

    /// Percent of the frames at an antenna that were garbled.
    pub fn collisions(&self) -> f64 {
        100.0 * self.collided as f64 / self.heard.max(1) as f64
    }

    /// Those of another day, too.
    pub fn add(&mut self, other: &Self) {
        self.cast += other.cast;
        self.arrived += other.arrived;
        self.latencies.extend(&other.latencies);
        self.latencies.sort_by(f64::total_cmp);
        self.receipts.extend(&other.receipts);
        self.receipts.sort_by(f64::total_cmp);
        self.vote_frames += other.vote_frames;
        self.frames += other.frames;
        self.heard += other.heard;
        self.collided += other.collided;
        self.seconds += other.seconds;
    }
}

/// Of ascending numbers; 0 of none.
pub fn percentile(ascending: &[f64], percent: usize) -> f64 {
    let index = (ascending.len() * percent).div_ceil(100).saturating_sub(1);
    ascending.get(index).copied().unwrap_or(0.0)
}

/// Runs the day of this seed.
pub fn run(config: &Config) -> Report {
    let Some(mut world) = world::World::new(config) else {
        let violations = vec!["the world cannot begin".to_owned()];
        return Report {
            digest: [0; 32],
            trace: Vec::new(),
            counts: BTreeMap::new(),
            violations,
            figures: Figures::default(),
        };
    };
    world.day();
    world.check_day();
    world.report()
}
