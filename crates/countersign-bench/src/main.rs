//! Measures Countersign against what it stands on and against what a user would pick instead.
//!
//! ```text
//!   main ─▶ plan (which ids) ─▶ measure/{exchange,latency,flood,replay,store,league,mesh,start} ─▶ report (table or JSON)
//!              load/  on one core ──loopback──▶ servers/  on the other: this program again, with a hidden command
//! ```
//!
//! The ids, their baselines and their targets stand in `targets.rs`; the method in `docs/PERFORMANCE.md`.

mod affinity;
mod cli;
mod failure;
mod judging;
mod league;
mod load;
mod measure;
mod output;
mod process;
mod report;
mod sample;
mod servers;
mod targets;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // The gateway's connector and the mTLS load ask for it; a second call finds it set.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let cli = cli::Cli::parse();
    let done = match cli.command {
        Some(command) => servers::run(command),
        None => measure::run(&cli.wanted),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}
