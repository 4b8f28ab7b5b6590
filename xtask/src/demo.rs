//! `cargo xtask demo`: from a clean checkout to the main job, explained while it runs.

use crate::failure::Outcome;
use crate::run::Run;
use crate::{setup, web};

/// Everything after `demo` goes on to `countersign demo`, and its exit code comes back.
///
/// The dev profile is the one that gets there soonest: the curve arithmetic and SQLite are
/// optimised in it too (see `[profile.dev.package]`).
pub(crate) fn command(args: &[String]) -> Outcome {
    setup::ensure()?;
    // The program embeds the pages.
    web::build()?;
    let package = ["--package", "countersign-cli", "--bin", "countersign"];
    let device = ["--package", "countersign-device", "--bin", "countersign-device"];
    Run::cargo().arg("build").args(package).args(device).run()?;
    Run::cargo().args(["run", "--quiet"]).args(package).args(["--", "demo"]).args(args).hand_over()
}
