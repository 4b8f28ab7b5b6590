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
        .env_quietly(
            "CARGO_ENCODED_RUSTFLAGS",
            &without_paths(workspace::root(), home().as_deref()),
        )
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

/// The flags for the same program from every machine, and none that tells where it was built. Between flags stands what no path has: a
/// space may be part of one.
fn without_paths(root: &Path, home: Option<&Path>) -> String {
    let flag = |path: &Path, name: &str| format!("--remap-path-prefix={}={name}", path.display());
    let home = home.map(|home| format!("\x1f{}", flag(home, "cargo"))).unwrap_or_default();
    format!("{}{home}", flag(root, "countersign"))
}

/// Where cargo keeps what others wrote.
fn home() -> Option<PathBuf> {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))
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
        .args([command, "--locked", "--manifest-path"])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_space_in_its_name_is_one_flag() {
        let flags = without_paths(Path::new("/my code"), Some(Path::new("/my home")));
        let flags: Vec<&str> = flags.split('\x1f').collect();
        assert_eq!(
            flags,
            ["--remap-path-prefix=/my code=countersign", "--remap-path-prefix=/my home=cargo"]
        );
    }
}
