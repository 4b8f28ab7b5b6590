//! `cargo xtask web`: the app for browsers, from its sources to files that the server embeds.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::{report, setup, workspace};

/// What a browser runs.
const TARGET: &str = "wasm32-unknown-unknown";
/// The profile of `web/Cargo.toml` that makes it small.
const PROFILE: &str = "wasm";

pub(crate) fn command(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err(Failure::usage("It is `cargo xtask web`."));
    }
    setup::ensure()?;
    build()
}

/// Makes `target/web`. Files that have not changed are not written again, so that nothing is built again because of them.
pub(crate) fn build() -> Outcome {
    let page = workspace::root().join("web/shell/page");
    let output = workspace::root().join("target/web");
    let program = target().join(TARGET).join(PROFILE).join("countersign-web.wasm");
    cargo("build")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", &without_paths())
        .args(["--quiet", "--package", "countersign-web", "--bin", "countersign-web"])
        .args(["--profile", PROFILE, "--target", TARGET])
        .run()?;
    cargo("run")
        .args(["--quiet", "--package", "countersign-web-bundler", "--"])
        .path(&program)
        .path(&page)
        .path(&output)
        .run()
}

/// The tests without a browser, then those in one. The program has to be built, after [`build`].
pub(crate) fn tests(filter: Option<&str>, look: impl FnMut(&str)) -> Outcome {
    let mut run = cargo("test")
        .env("COUNTERSIGN_PROGRAM", &built("countersign").display().to_string())
        .arg("--no-fail-fast")
        .args(filter);
    if report::is_terminal() {
        run = run.args(["--color=always", "--", "--color=always"]);
    }
    let status = run.watch(look)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new("The tests of the app for browsers failed; see above."))
    }
}

/// The same program from every machine, and none that tells where it was built.
fn without_paths() -> String {
    let home = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let root = workspace::root().display();
    let home = home.map(|home| format!(" --remap-path-prefix={home}=cargo")).unwrap_or_default();
    format!("--remap-path-prefix={root}=countersign{home}")
}

/// The lints, for both of the shell's halves.
pub(crate) fn clippy() -> Outcome {
    let deny = ["--", "-D", "warnings"];
    cargo("clippy").args(["--all-targets"]).args(deny).run()?;
    cargo("clippy").args(["--package", "countersign-web", "--target", TARGET]).args(deny).run()
}

/// Cargo in the workspace of the app.
fn cargo(command: &str) -> Run {
    Run::cargo()
        .arg(command)
        .arg("--manifest-path")
        .path(Path::new("web/Cargo.toml"))
        .arg("--target-dir")
        .path(&target())
}

fn target() -> PathBuf {
    workspace::root().join("target/web-build")
}

/// A program of the main workspace.
fn built(program: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| PathBuf::from("target"));
    workspace::root().join(target).join("debug").join(program)
}
