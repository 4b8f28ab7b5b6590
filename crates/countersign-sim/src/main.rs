//! `countersign-sim`: nights of the league by their seeds, and days of the mesh.

mod command;

use clap::{Parser, Subcommand};
use countersign_sim::{Config, Fault, Report, Scenario, run};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

/// Runs seeded nights of the league and says what must not have happened.
///
/// `countersign-sim mesh` runs days of an event's relay mesh instead; `countersign-sim mesh --help` says how.
///
///   countersign-sim                                   a hundred nights
///   countersign-sim --seeds 0..200 --scenario evil    nights with cheats
///   countersign-sim --seed 7 --trace                  one night, everything that happens in it
///   countersign-sim mesh table --seeds 0..5           delivery and latency of the mesh by its size
#[derive(Parser)]
#[command(name = "countersign-sim", args_conflicts_with_subcommands = true, verbatim_doc_comment)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// One seed.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// A range of seeds, "0..200"; the end is not part of it.
    #[arg(long, value_parser = range)]
    seeds: Option<(u64, u64)>,
    /// Which worlds: mixed, calm, power, links, people, evil.
    #[arg(long, default_value = "mixed", value_parser = scenario)]
    scenario: Scenario,
    /// Break something on purpose: ack-before-sync, slave-forgets, settles-twice, no-seal-check, no-fork-check.
    #[arg(long, default_value = "none", value_parser = fault)]
    fault: Fault,
    /// Print everything that happens.
    #[arg(long)]
    trace: bool,
    /// Go on after a seed that fails.
    #[arg(long)]
    keep_going: bool,
}

/// Worlds besides the league.
#[derive(Subcommand)]
enum Command {
    /// Days of an event's relay mesh: real relays, judges and hub in simulated air.
    Mesh(command::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Some(Command::Mesh(arguments)) => command::run(arguments),
        None => nights(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // A closed pipe is nobody's fault.
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}

fn nights(arguments: &Arguments) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let (first, end) = match (arguments.seed, arguments.seeds) {
        (Some(seed), _) => (seed, seed + 1),
        (None, Some(range)) => range,
        (None, None) => (0, 100),
    };
    let (mut totals, mut failed) = (BTreeMap::new(), 0_u64);
    for seed in first..end {
        let Arguments { scenario, fault, trace, .. } = *arguments;
        let report = run(&Config { seed, scenario, fault, trace });
        for (what, count) in &report.counts {
            *totals.entry(*what).or_insert(0) += count;
        }
        show(&mut out, arguments, seed, &report)?;
        failed += u64::from(!report.violations.is_empty());
        if failed > 0 && !arguments.keep_going {
            break;
        }
    }
    writeln!(out, "{} seeds, {failed} failed", end - first)?;
    for (what, count) in totals {
        writeln!(out, "{count:>9}  {what}")?;
    }
    Ok(failed == 0)
}

fn show(out: &mut impl Write, arguments: &Arguments, seed: u64, report: &Report) -> io::Result<()> {
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
        let name = |all: &[(&'static str, Scenario)]| {
            let named = all.iter().find(|(_, scenario)| *scenario == arguments.scenario);
            named.map_or("mixed", |(name, _)| name)
        };
        let scenario = name(&Scenario::ALL);
        writeln!(out, "replay: countersign-sim --seed {seed} --scenario {scenario} --trace")?;
    }
    Ok(())
}

fn scenario(word: &str) -> Result<Scenario, String> {
    Scenario::named(word).ok_or_else(|| "one of mixed, calm, power, links, people, evil".into())
}

fn fault(word: &str) -> Result<Fault, String> {
    Fault::named(word).ok_or_else(|| {
        let names: Vec<&str> = Fault::ALL.iter().map(|(name, _)| *name).collect();
        format!("one of {}", names.join(", "))
    })
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let parts = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    parts.filter(|(a, b)| a < b).ok_or_else(|| "two numbers, \"0..200\"".into())
}
