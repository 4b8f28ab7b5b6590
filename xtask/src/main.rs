//! The commands of the project: `cargo xtask <command>`.
//!
//! ```text
//!   main     picks the command          setup/   finds and installs what a machine lacks
//!   help     what --help prints         tidy/    rules that neither rustc nor clippy can see
//!   run      starts other programs      ci       the whole pipeline, step by step
//!   report   the only output            testing  all tests, counted
//!   emulate  the core on a chip, measured
//! ```
//!
//! Nothing here depends on the crates of the workspace: they are run as programs.

#![forbid(unsafe_code)]

mod bench;
mod ci;
mod clock;
mod demo;
mod emulate;
mod failure;
mod firmware;
mod fuzz;
mod help;
mod report;
mod run;
mod setup;
mod sim;
mod testing;
mod tidy;
mod vectors;
mod web;
mod workspace;

use std::process::ExitCode;

use failure::{Failure, Outcome};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::failure(&failure);
            ExitCode::from(failure.exit_code)
        }
    }
}

fn dispatch(args: &[String]) -> Outcome {
    let Some((command, rest)) = args.split_first() else {
        report::line(help::overview());
        return Ok(());
    };
    if matches!(command.as_str(), "help" | "--help" | "-h") {
        return help::show(rest.first());
    }
    // The demo has a help of its own, after a `--help` of ours would have hidden it.
    let asks_for_help = rest.iter().any(|arg| arg == "--help" || arg == "-h");
    if asks_for_help && command != "demo" {
        return help::show(Some(command));
    }
    match command.as_str() {
        "setup" => setup::command(rest),
        "demo" => demo::command(rest),
        "test" => testing::command(rest),
        "emulate" => emulate::command(rest),
        "ci" => ci::command(rest),
        "tidy" => tidy::command(rest),
        "vectors" => vectors::command(rest),
        "bench" => bench::command(rest),
        "firmware" => firmware::command(rest),
        "fuzz" => fuzz::command(rest),
        "sim" => sim::command(rest),
        "web" => web::command(rest),
        unknown => Err(Failure::usage(format!(
            "There is no command `{unknown}`. The commands are: {}.",
            help::names().join(", ")
        ))),
    }
}
