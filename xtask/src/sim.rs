//! `cargo xtask sim`: seeded worlds.

use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::setup;

/// The rest goes on to the simulation. Unoptimised but for the crates in whose loops it is: that is ready soonest.
pub(crate) fn command(args: &[String]) -> Outcome {
    let (world, rest) = args.split_first().map_or(("", args), |(world, rest)| (world, rest));
    let words: &[&str] = match (world, rest.first().map(String::as_str)) {
        ("league", _) => &[],
        ("mesh", Some("run" | "table")) => &["mesh"],
        ("mesh", _) => &["mesh", "table"],
        _ => {
            return Err(Failure::usage(
                "It is `cargo xtask sim mesh` or `cargo xtask sim league`, and what goes on to it.",
            ));
        }
    };
    setup::ensure()?;
    Run::cargo()
        .args(["run", "--package", "countersign-sim", "--"])
        .args(words)
        .args(rest)
        .hand_over()
}
