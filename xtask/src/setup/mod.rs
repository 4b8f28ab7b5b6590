//! `cargo xtask setup`: says what a machine lacks, why it is needed and how it comes; installs it.
//!
//! ```text
//!   needs     the table: what, why, how to see it, how to get it
//!   machine   looks at this machine
//!   install   apt-get, npm, pip, rustup
//! ```

mod install;
mod machine;
mod needs;

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::report;
use machine::Machine;
use needs::{NEEDS, Need, Stage};

pub(crate) fn command(args: &[String]) -> Outcome {
    let mut check_only = false;
    let mut stage = Stage::Always;
    for arg in args {
        match arg.as_str() {
            "--check" => check_only = true,
            "--bench" => stage = Stage::Bench,
            _ => return Err(Failure::usage("It is `cargo xtask setup [--check] [--bench]`.")),
        }
    }
    let watch = Stopwatch::start();
    let missing = missing(stage);
    if missing.is_empty() {
        report::line(format_args!("Everything needed is here ({}).", watch.elapsed()));
        return Ok(());
    }
    describe(&missing);
    if check_only {
        return Err(Failure::new("Something is missing. `cargo xtask setup` installs it."));
    }
    bring(&missing, stage)?;
    report::line(format_args!("Everything needed is here now ({}).", watch.elapsed()));
    Ok(())
}

/// What `demo`, `test` and `ci` begin with; silent when nothing is missing.
pub(crate) fn ensure() -> Outcome {
    ensure_stage(Stage::Always)
}

/// What `bench` begins with.
pub(crate) fn ensure_for_bench() -> Outcome {
    ensure_stage(Stage::Bench)
}

fn ensure_stage(stage: Stage) -> Outcome {
    let missing = missing(stage);
    if missing.is_empty() {
        return Ok(());
    }
    report::step("setup");
    describe(&missing);
    bring(&missing, stage)
}

fn missing(stage: Stage) -> Vec<&'static Need> {
    let machine = Machine::look();
    NEEDS
        .iter()
        .filter(|need| stage == Stage::Bench || need.stage == Stage::Always)
        .filter(|need| !machine.has(&need.seen_by))
        .collect()
}

fn describe(missing: &[&Need]) {
    report::line("Missing on this machine:");
    for need in missing {
        report::line(format_args!("  {:<24} {}", need.name, need.why));
        report::line(format_args!("  {:<24} from {}", "", need.comes_from.describe()));
    }
}

fn bring(missing: &[&Need], stage: Stage) -> Outcome {
    install::all(missing)?;
    let still: Vec<String> = self::missing(stage)
        .iter()
        .map(|need| format!("{} ({})", need.name, need.comes_from.hint()))
        .collect();
    if still.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "The installation ran, but this is still missing: {}.",
        still.join("; ")
    )))
}
