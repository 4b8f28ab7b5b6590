//! `cargo xtask bench`: numbers, from a release build.

use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::{setup, web, workspace};

/// Everything after `bench` goes on to the benchmark program.
pub(crate) fn command(args: &[String]) -> Outcome {
    if !workspace::root().join("crates/countersign-bench/Cargo.toml").is_file() {
        return Err(Failure::new(
            "There is no benchmark program yet: `bench` runs the crate `countersign-bench`, \
             and crates/countersign-bench does not exist.",
        ));
    }
    setup::ensure_for_bench()?;
    // The server embeds the pages.
    web::build()?;
    // A real pair plays in one of the measurements.
    Run::cargo().args(["build", "--release", "--package", "countersign-device"]).run()?;
    Run::cargo()
        .args(["run", "--release", "--package", "countersign-bench", "--features", "peers", "--"])
        .args(args)
        .hand_over()
}
