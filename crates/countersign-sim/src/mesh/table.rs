//! Policies by size, beside the figures of mesh.md 4.2.

use super::{Config, Fault, Figures, Policy, Report, Scenario, run};
use std::fmt::Write;

/// Nodes.
pub const SIZES: [usize; 4] = [50, 100, 200, 500];

/// Votes of a run, as there.
const VOTES: usize = 300;

/// What came of one policy at one size.
#[derive(Debug, Clone)]
pub struct Cell {
    /// How the air and the relays are.
    pub policy: Policy,
    /// Nodes.
    pub nodes: usize,
    /// Over all seeds.
    pub figures: Figures,
}

/// Runs one cell: calm days of 300 votes each. The reports are handed to `each` as they come.
pub fn measure(
    policy: Policy,
    nodes: usize,
    seeds: core::ops::Range<u64>,
    mut each: impl FnMut(u64, &Report),
) -> Cell {
    let mut figures = Figures::default();
    for seed in seeds {
        let report = run(&Config {
            seed,
            nodes,
            votes: VOTES,
            policy,
            scenario: Scenario::Calm,
            fault: Fault::None,
            trace: false,
        });
        figures.add(&report.figures);
        each(seed, &report);
    }
    Cell { policy, nodes, figures }
}

/// What mesh.md 4.2 has for that cell: delivery in percent, p95 in milliseconds.
pub fn reference(policy: Policy, nodes: usize) -> (Option<f64>, Option<f64>) {
    let Some(size) = SIZES.iter().position(|size| *size == nodes) else { return (None, None) };
    let delivery = match policy {
        Policy::Naive => [74.6, 66.5, 53.3, 32.1],
        Policy::Jitter => [99.3, 99.4, 97.4, 60.4],
        Policy::Suppress => [99.6, 99.1, 99.3, 99.0],
        Policy::Gatt7 => [99.3, 99.5, 90.7, 43.5],
        Policy::Gatt15 => [99.9, 99.9, 99.9, 99.9],
        Policy::GattDroppers => [92.7, 99.6, 99.1, 90.7],
        Policy::GattDroppersSync => [92.8, 100.0, 99.5, 98.5],
        Policy::ShippedBroadcast | Policy::ShippedGatt => return (None, None),
    };
    let p95 = match policy {
        Policy::Suppress => Some([193.0, 314.0, 401.0, 578.0]),
        Policy::Gatt15 => Some([256.0, 249.0, 343.0, 522.0]),
        Policy::Naive
        | Policy::Jitter
        | Policy::Gatt7
        | Policy::GattDroppers
        | Policy::GattDroppersSync
        | Policy::ShippedBroadcast
        | Policy::ShippedGatt => None,
    };
    (Some(delivery[size]), p95.map(|p95| p95[size]))
}

/// A table for a terminal.
pub fn table(cells: &[Cell]) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(
        out,
        "{:<40} {:>5} {:>9} {:>9} {:>7} {:>7} {:>8} {:>8} {:>9}",
        "policy",
        "nodes",
        "deliv. %",
        "(design)",
        "p50 ms",
        "p95 ms",
        "(design)",
        "tx/vote",
        "coll. %"
    );
    for Cell { policy, nodes, figures } in cells {
        let (delivery, p95) = reference(*policy, *nodes);
        let known = |figure: Option<f64>, digits: usize| {
            figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.digits$}"))
        };
        let _ = writeln!(
            out,
            "{:<40} {:>5} {:>9.1} {:>9} {:>7.0} {:>7.0} {:>8} {:>8.0} {:>9.1}",
            policy.title(),
            nodes,
            figures.delivery(),
            known(delivery, 1),
            figures.latency(50),
            figures.latency(95),
            known(p95, 0),
            figures.sends_per_vote(),
            figures.collisions(),
        );
    }
    out
}
