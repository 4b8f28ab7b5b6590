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
    let (web, output) = (workspace::root().join("web"), workspace::root().join("target/web"));
    let programs = programs()?;
    let named = programs.iter().flat_map(|program| ["--package", program.as_str()]);
    cargo("build")
        .env_quietly(
            "CARGO_ENCODED_RUSTFLAGS",
            &without_paths(workspace::root(), home().as_deref()),
        )
        .args(["--quiet", "--bins", "--profile", PROFILE, "--target", TARGET])
        .args(named)
        .run()?;
    cargo("run")
        .args(["--quiet", "--package", "countersign-web-bundler", "--"])
        .path(&web)
        .path(&target().join(TARGET).join(PROFILE))
        .path(&output)
        .run()
}

/// The crate of each page's program, by the table of the pages.
fn programs() -> Result<Vec<String>, Failure> {
    let table = workspace::root().join("web/pages.tsv");
    let text = std::fs::read_to_string(&table)
        .map_err(|error| Failure::new(format!("{}: {error}", table.display())))?;
    Ok(text.lines().filter_map(program).collect())
}

/// The crate that a row names in its second cell; the bundler says what is wrong with a row.
fn program(row: &str) -> Option<String> {
    let name = row.split('\t').nth(1).filter(|_| !row.starts_with('#'))?;
    Some(format!("countersign-web-{name}"))
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

/// The lints, for both halves of each program.
pub(crate) fn clippy() -> Outcome {
    let deny = ["--", "-D", "warnings"];
    cargo("clippy").args(["--all-targets"]).args(deny).run()?;
    let programs = programs()?;
    let named = programs.iter().flat_map(|program| ["--package", program.as_str()]);
    let kit = ["--package", "countersign-web-kit", "--target", TARGET];
    cargo("clippy").args(kit).args(named).args(deny).run()
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
    fn a_row_of_the_table_names_a_crate_and_a_comment_none() {
        assert_eq!(program("/pitch\tpitch\t120\talways").as_deref(), Some("countersign-web-pitch"));
        assert_eq!(program("# path,\tcrate"), None);
    }

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
