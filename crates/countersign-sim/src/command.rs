//! `countersign-sim mesh`.

use crate::range;
use clap::{Args, Subcommand};
use countersign_sim::mesh::{
    Config, Fault, Figures, Policy, Report, SIZES, Scenario, measure, plot, run as day, table,
};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

/// Runs an event's relay mesh in simulated air: the real relay, the real hub, the real judge's program.
///
/// Two things can be asked:
///
///   countersign-sim mesh run                          a hundred days on which several things go wrong
///   countersign-sim mesh run --scenario partition --policy shipped-gatt --seeds 0..20
///   countersign-sim mesh run --seed 7 --trace         one day, every frame of it
///   countersign-sim mesh table --seeds 0..5 --plot mesh.svg
///
/// `run` checks on each day: no relay forwards a packet twice within 60 s; each ballot counts once, as its judge said
/// last; every receipt names a vote in the log; every vote is there in the end; no honest packet is dropped for junk.
/// `table` measures policies by size, beside the design's figures. The same seed gives the same day.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Days with mishaps and attackers, checked against a reference model.
    Run(Run),
    /// Delivery, latency, sends and collisions by policy and size.
    Table(Table),
}

#[derive(Args)]
struct Run {
    /// One seed.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// A range of seeds, "0..200"; the end is not part of it.
    #[arg(long, value_parser = range)]
    seeds: Option<(u64, u64)>,
    /// What goes wrong: mixed, calm, droppers, partition, flood, insider, clones, crash, clocks, restarts.
    #[arg(long, default_value = "mixed", value_parser = scenario)]
    scenario: Scenario,
    /// The air: shipped (broadcast) or shipped-gatt; without it, seeds take turns.
    #[arg(long, value_parser = policy)]
    policy: Option<Policy>,
    /// Nodes with the hub, 3 to 2,000.
    #[arg(long, default_value_t = 50)]
    nodes: usize,
    /// Votes, at five a second.
    #[arg(long, default_value_t = 120)]
    votes: usize,
    /// Break something on purpose: no-dedupe, receipt-before-sync, id-before-signature, counts-packets, small-memory.
    #[arg(long, default_value = "none", value_parser = fault)]
    fault: Fault,
    /// Print everything that happens.
    #[arg(long)]
    trace: bool,
    /// Go on after a seed that fails.
    #[arg(long)]
    keep_going: bool,
}

#[derive(Args)]
struct Table {
    /// Seeds per cell, "0..5"; each is 300 votes.
    #[arg(long, value_parser = range, default_value = "0..5")]
    seeds: (u64, u64),
    /// Nodes; more than once for several.
    #[arg(long, default_values_t = SIZES)]
    nodes: Vec<usize>,
    /// Policies: naive, jitter, suppress, gatt7, gatt15, gatt-droppers, gatt-droppers-sync, shipped, shipped-gatt; all without it.
    #[arg(long, value_parser = policy)]
    policy: Vec<Policy>,
    /// Write the picture here.
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// Whether everything was as it must be.
pub(crate) fn run(arguments: &Arguments) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match &arguments.what {
        What::Run(arguments) => days(&mut out, arguments),
        What::Table(arguments) => cells(&mut out, arguments),
    }
}

fn days(out: &mut impl Write, arguments: &Run) -> io::Result<bool> {
    let (first, end) = match (arguments.seed, arguments.seeds) {
        (Some(seed), _) => (seed, seed + 1),
        (None, Some(range)) => range,
        (None, None) => (0, 100),
    };
    let (mut totals, mut failed, mut figures) = (BTreeMap::new(), 0_u64, Figures::default());
    for seed in first..end {
        let turns = [Policy::ShippedBroadcast, Policy::ShippedGatt];
        let policy = arguments.policy.unwrap_or(turns[seed as usize % 2]);
        let Run { nodes, votes, scenario, fault, trace, .. } = *arguments;
        let report = day(&Config { seed, nodes, votes, policy, scenario, fault, trace });
        for (what, count) in &report.counts {
            *totals.entry(*what).or_insert(0) += count;
        }
        figures.add(&report.figures);
        show(out, arguments, seed, policy, &report)?;
        failed += u64::from(!report.violations.is_empty());
        if failed > 0 && !arguments.keep_going {
            break;
        }
    }
    writeln!(out, "{} seeds, {failed} failed", end - first)?;
    for (what, count) in totals {
        writeln!(out, "{count:>9}  {what}")?;
    }
    writeln!(
        out,
        "{} of {} votes that stood were delivered; p50 {:.0} ms, p95 {:.0} ms; {:.0} frames of votes per vote; {:.1} % collided; {:.0} virtual seconds",
        figures.arrived,
        figures.cast,
        figures.latency(50),
        figures.latency(95),
        figures.sends_per_vote(),
        figures.collisions(),
        figures.seconds,
    )?;
    Ok(failed == 0)
}

fn show(
    out: &mut impl Write,
    arguments: &Run,
    seed: u64,
    policy: Policy,
    report: &Report,
) -> io::Result<()> {
    for line in &report.trace {
        writeln!(out, "{line}")?;
    }
    if arguments.seed.is_some() {
        let digest: String = report.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(out, "seed {seed}: digest {digest}")?;
    }
    for violation in &report.violations {
        writeln!(out, "seed {seed}: {violation}")?;
    }
    if !report.violations.is_empty() {
        writeln!(
            out,
            "replay: countersign-sim mesh run --seed {seed} --scenario {} --policy {} --nodes {} --votes {} --trace",
            arguments.scenario.word(),
            policy.word(),
            arguments.nodes,
            arguments.votes,
        )?;
    }
    Ok(())
}

fn cells(out: &mut impl Write, arguments: &Table) -> io::Result<bool> {
    let all: Vec<Policy> = Policy::ALL.iter().map(|(_, policy, _)| *policy).collect();
    let policies = if arguments.policy.is_empty() { &all } else { &arguments.policy };
    let (first, end) = arguments.seeds;
    let (mut cells, mut is_well) = (Vec::new(), true);
    for policy in policies {
        for nodes in &arguments.nodes {
            let mut wrong = Vec::new();
            let cell = measure(*policy, *nodes, first..end, |seed, report| {
                wrong.extend(report.violations.iter().map(|what| format!("seed {seed}: {what}")));
            });
            let figures = &cell.figures;
            writeln!(
                io::stderr(),
                "{}, {nodes} nodes: {:.1} %, p95 {:.0} ms",
                policy.title(),
                figures.delivery(),
                figures.latency(95)
            )?;
            wrong.iter().try_for_each(|wrong| writeln!(out, "{wrong}"))?;
            is_well &= wrong.is_empty();
            cells.push(cell);
        }
    }
    write!(out, "{}", table(&cells))?;
    if let Some(file) = &arguments.plot {
        std::fs::write(file, plot(&cells))?;
        writeln!(out, "wrote {}", file.display())?;
    }
    Ok(is_well)
}

fn scenario(word: &str) -> Result<Scenario, String> {
    let names: Vec<&str> = Scenario::ALL.iter().map(|(name, _)| *name).collect();
    Scenario::named(word).ok_or_else(|| format!("one of {}", names.join(", ")))
}

fn policy(word: &str) -> Result<Policy, String> {
    let names: Vec<&str> = Policy::ALL.iter().map(|(name, ..)| *name).collect();
    Policy::named(word).ok_or_else(|| format!("one of {}", names.join(", ")))
}

fn fault(word: &str) -> Result<Fault, String> {
    let names: Vec<&str> = Fault::ALL.iter().map(|(name, _)| *name).collect();
    Fault::named(word).ok_or_else(|| format!("one of {}", names.join(", ")))
}
