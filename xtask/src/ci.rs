//! `cargo xtask ci`: everything a change has to pass, cheapest mistakes first.

use std::time::Duration;

use crate::clock::{Elapsed, Stopwatch};
use crate::failure::{Failure, Outcome};
use crate::run::{Run, find_program};
use crate::{firmware, report, setup, testing, tidy, vectors, web, workspace};

struct Step {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<Done, Failure>,
}

/// How a step that did not fail ended.
enum Done {
    Passed,
    Skipped(&'static str),
    Tested(testing::Counts),
}

/// What the table at the end says of one step.
struct Row {
    name: &'static str,
    note: String,
    time: Elapsed,
}

const STEPS: &[Step] = &[
    Step {
        name: "setup",
        what: "what this machine lacks is installed",
        run: || pass(setup::ensure()),
    },
    Step { name: "fmt", what: "the code is laid out as rustfmt does it", run: || pass(fmt()) },
    Step { name: "tidy", what: "the project's own rules hold", run: || pass(tidy::run()) },
    Step { name: "clippy", what: "no warning from rustc or clippy", run: || pass(clippy()) },
    Step {
        name: "vectors",
        what: "generating them changes nothing",
        run: || pass(vectors::check()),
    },
    Step {
        name: "no-std",
        what: "the core, the league, the mesh and judging build for two targets without std",
        run: || pass(no_std()),
    },
    Step {
        name: "firmware",
        what: "all images of the chips are within their budgets, and the same from two folders",
        run: || pass(firmware::reproduce()),
    },
    Step { name: "doc", what: "the documentation builds, no link is broken", run: || pass(doc()) },
    Step { name: "deny", what: "licences and advisories, if the tools are there", run: deny },
    Step { name: "test", what: "every test passes", run: test },
];

const NO_STD_TARGETS: [&str; 2] = ["riscv32imc-unknown-none-elf", "wasm32-unknown-unknown"];

pub(crate) fn command(args: &[String]) -> Outcome {
    let chosen: Vec<&Step> = match args {
        [] => STEPS.iter().collect(),
        [name] => STEPS.iter().filter(|step| step.name == name).collect(),
        _ => Vec::new(),
    };
    if chosen.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(Failure::usage(format!(
            "It is `cargo xtask ci [step]`, where the step is one of: {}.",
            names.join(", ")
        )));
    }
    let whole = Stopwatch::start();
    let mut rows = Vec::new();
    let mut closing_line = None;
    for step in chosen {
        report::step(format_args!("{}: {}", step.name, step.what));
        let watch = Stopwatch::start();
        let result = (step.run)();
        let note = match result {
            Ok(Done::Passed) => "ok".to_owned(),
            Ok(Done::Skipped(why)) => format!("SKIPPED: {why}"),
            Ok(Done::Tested(counts)) => {
                closing_line = Some(counts.closing_line());
                "ok".to_owned()
            }
            Err(failure) => return Err(stopped(step, &rows, watch.elapsed(), failure)),
        };
        rows.push(Row { name: step.name, note, time: watch.elapsed() });
    }
    summarise(&rows, whole.elapsed());
    if let Some(line) = closing_line {
        report::line(line);
    }
    Ok(())
}

/// The list of steps for `cargo xtask ci --help`.
pub(crate) fn describe() -> String {
    let lines: Vec<String> =
        STEPS.iter().map(|step| format!("  {:<8}  {}", step.name, step.what)).collect();
    lines.join("\n")
}

fn pass(outcome: Outcome) -> Result<Done, Failure> {
    outcome.map(|()| Done::Passed)
}

/// Workspaces of their own.
const OTHERS: [&str; 4] =
    ["fuzz/Cargo.toml", "firmware/Cargo.toml", "firmware/selftest/Cargo.toml", "web/Cargo.toml"];

fn fmt() -> Outcome {
    Run::cargo().args(["fmt", "--all", "--check"]).run()?;
    for manifest in OTHERS {
        let manifest = workspace::root().join(manifest);
        let check = ["fmt", "--all", "--check", "--manifest-path"];
        Run::cargo().args(check).path(&manifest).run()?;
    }
    Ok(())
}

fn clippy() -> Outcome {
    Run::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    let root = workspace::root();
    Run::cargo()
        .args(["clippy", "--locked", "--target", NO_STD_TARGETS[0], "--manifest-path"])
        .path(&root.join("firmware/selftest/Cargo.toml"))
        .arg("--target-dir")
        .path(&root.join("target/selftest"))
        .args(["--", "-D", "warnings"])
        .run()?;
    firmware::clippy()?;
    web::clippy()
}

fn no_std() -> Outcome {
    for target in NO_STD_TARGETS {
        Run::cargo()
            .args(["build", "--package", "countersign", "--package", "countersign-league"])
            .args(["--package", "countersign-mesh", "--package", "countersign-judging"])
            .args(["--package", "countersign-chip"])
            .args(["--lib", "--no-default-features"])
            .args(["--target", target])
            .run()?;
    }
    Ok(())
}

fn doc() -> Outcome {
    Run::cargo()
        .env("RUSTDOCFLAGS", "-D warnings")
        .args(["doc", "--workspace", "--no-deps", "--lib"])
        .run()
}

/// Compiling these tools takes longer than all other steps, so they are used only where they are.
fn deny() -> Result<Done, Failure> {
    let deny_is_here = find_program("cargo-deny").is_some();
    let audit_is_here = find_program("cargo-audit").is_some();
    if deny_is_here {
        Run::cargo().args(["deny", "--workspace", "check"]).run()?;
    }
    if audit_is_here {
        Run::cargo().arg("audit").run()?;
    }
    let skipped = match (deny_is_here, audit_is_here) {
        (true, true) => return Ok(Done::Passed),
        (true, false) => "cargo-audit is not installed",
        (false, true) => "cargo-deny is not installed",
        (false, false) => "neither cargo-deny nor cargo-audit is installed",
    };
    report::notice(format_args!(
        "SKIPPED: {skipped} (`cargo install --locked cargo-deny cargo-audit`)."
    ));
    Ok(Done::Skipped(skipped))
}

fn test() -> Result<Done, Failure> {
    let (counts, outcome) = testing::run(None);
    report::line(format_args!("\n{}", counts.closing_line()));
    outcome.map(|()| Done::Tested(counts))
}

fn stopped(step: &Step, before: &[Row], time: Elapsed, failure: Failure) -> Failure {
    let total: Duration = before.iter().map(|row| row.time.0).sum();
    summarise(before, Elapsed(total + time.0));
    let sentence = format!(
        "CI stopped at the step `{}` after {time}. {}\nTo run it alone: cargo xtask ci {}",
        step.name, failure.sentence, step.name
    );
    Failure { sentence, ..failure }
}

fn summarise(rows: &[Row], total: Elapsed) {
    report::line("");
    for row in rows {
        report::line(format_args!("  {:<8}  {:>12}  {}", row.name, row.time.to_string(), row.note));
    }
    report::line(format_args!("  {:<8}  {:>12}", "total", total.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_says_how_to_run_it_alone() {
        let failure = stopped(&STEPS[1], &[], Elapsed(Duration::ZERO), Failure::new("It broke."));
        assert!(failure.sentence.contains("It broke."), "{}", failure.sentence);
        assert!(failure.sentence.ends_with("cargo xtask ci fmt"), "{}", failure.sentence);
    }

    #[test]
    fn an_unknown_step_is_a_usage_error() {
        assert_eq!(command(&["nothing".to_owned()]).unwrap_err().exit_code, 2);
    }
}
