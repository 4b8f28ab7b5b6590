//! `cargo xtask emulate`: the pure crates on an emulated chip, against the host and against their budgets.
//!
//! ```text
//!   figures   what the program says, line by line
//!   budgets   what each part may take
//! ```

mod budgets;
mod figures;

use std::path::PathBuf;

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::{report, setup, workspace};
use budgets::{BUDGETS, Budget, TEXT_MAX};
use figures::{Figures, Part};

const TARGET: &str = "riscv32imc-unknown-none-elf";
/// It takes some 15 s; whatever takes longer than this many seconds never ends.
const PATIENCE: &str = "300";

pub(crate) fn command(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err(Failure::usage("It is `cargo xtask emulate`."));
    }
    setup::ensure()?;
    run().1
}

/// Whether a filter of `cargo xtask test` is for a part of this.
pub(crate) fn is_wanted(filter: &str) -> bool {
    "emulate".contains(filter) || BUDGETS.iter().any(|budget| budget.part.contains(filter))
}

/// How many parts are as they have to be, how many are not, and whether that is all of them.
pub(crate) fn run() -> ((u64, u64), Outcome) {
    match measure() {
        Ok((host, chip)) => judge(&host, &chip),
        Err(failure) => ((0, 1), Err(failure)),
    }
}

fn measure() -> Result<(Figures, Figures), Failure> {
    let host = build(Run::cargo(), &[], "debug")?;
    // As the images are built, for readable traces: firmware/.cargo/config.toml.
    let like_the_images = Run::cargo().env("RUSTFLAGS", "-C force-frame-pointers");
    let how = ["--release", "--target", TARGET];
    let chip = build(like_the_images, &how, &format!("{TARGET}/release"))?;
    let host = ask(Run::new(&host.display().to_string()))?;
    let watch = Stopwatch::start();
    // One instruction is one nanosecond of the emulated clock: the counter of instructions is exact.
    let qemu = Run::new("timeout")
        .args([PATIENCE, "qemu-system-riscv32", "-M", "virt", "-bios", "none"])
        .args(["-icount", "shift=0", "-display", "none", "-monitor", "none", "-serial", "stdio"])
        .arg("-kernel")
        .path(&chip);
    let chip = ask(qemu)?;
    report::line(format_args!("  emulated in {}", watch.elapsed()));
    Ok((host, chip))
}

/// The program, built as `profile` says.
fn build(cargo: Run, how: &[&str], profile: &str) -> Result<PathBuf, Failure> {
    let root = workspace::root();
    let folder = root.join("target/selftest");
    cargo
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .path(&root.join("firmware/selftest/Cargo.toml"))
        .args(how)
        .arg("--target-dir")
        .path(&folder)
        .run()?;
    Ok(folder.join(profile).join("selftest"))
}

fn ask(run: Run) -> Result<Figures, Failure> {
    report::echo(run.shown());
    let captured = run.capture()?;
    let figures = Figures::read(&captured.text);
    match (&figures.failed, captured.success && figures.is_whole) {
        (None, true) => Ok(figures),
        (Some(why), _) => {
            let after = figures.parts.last().map_or("the start", |part| part.name.as_str());
            Err(Failure::new(format!("The self-test failed after {after}: {why}")))
        }
        (None, false) => {
            Err(Failure::new(format!("The self-test did not come to its end:\n{}", captured.text)))
        }
    }
}

fn judge(host: &Figures, chip: &Figures) -> ((u64, u64), Outcome) {
    report::line(heading());
    let mut wrong = Vec::new();
    for part in &chip.parts {
        let same = host.parts.iter().any(|of_host| {
            of_host.name == part.name && of_host.digest == part.digest && !part.digest.is_empty()
        });
        let budget = BUDGETS.iter().find(|budget| budget.part == part.name);
        let complaints = complaints(part, budget, same);
        report::line(row(part, budget, &complaints));
        if !complaints.is_empty() {
            wrong.push(format!("{}: {}", part.name, complaints.join(", ")));
        }
    }
    for budget in BUDGETS {
        if !chip.parts.iter().any(|part| part.name == budget.part) {
            wrong.push(format!("{} was not run", budget.part));
        }
    }
    report::line(format_args!("  .text {} of at most {TEXT_MAX} bytes", chip.text));
    if chip.text > TEXT_MAX {
        wrong.push(format!("the program has {} bytes of .text", chip.text));
    }
    let failed = wrong.len() as u64;
    let passed = (chip.parts.len() as u64 + 1).saturating_sub(failed);
    let outcome = match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "On the emulated chip something is not as it has to be: {}. Budgets are in \
             xtask/src/emulate/budgets.rs.",
            wrong.join("; ")
        ))),
    };
    ((passed, failed), outcome)
}

fn complaints(part: &Part, budget: Option<&Budget>, same: bool) -> Vec<&'static str> {
    let Some(budget) = budget else { return vec!["it has no budget"] };
    let mut complaints = Vec::new();
    if !same {
        complaints.push("the host comes to something else");
    }
    if part.instructions > budget.instructions {
        complaints.push("too many instructions");
    }
    if part.stack > budget.stack {
        complaints.push("too much stack");
    }
    if part.heap > budget.heap {
        complaints.push("too much heap");
    }
    complaints
}

fn heading() -> String {
    format!(
        "\n  {:<26} {:>13} {:>13} {:>7} {:>7} {:>8} {:>8}",
        "part", "instructions", "at most", "stack", "at most", "heap", "at most"
    )
}

fn row(part: &Part, budget: Option<&Budget>, complaints: &[&str]) -> String {
    let most = budget.map_or([0; 3], |budget| [budget.instructions, budget.stack, budget.heap]);
    format!(
        "  {:<26} {:>13} {:>13} {:>7} {:>7} {:>8} {:>8}  {}",
        part.name,
        part.instructions,
        most[0],
        part.stack,
        most[1],
        part.heap,
        most[2],
        complaints.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(instructions: u64, stack: u64, heap: u64) -> Part {
        Part { name: "a".into(), instructions, stack, heap, digest: "00".into() }
    }

    const LIMITS: Budget = Budget { part: "a", instructions: 10, stack: 20, heap: 30 };

    #[test]
    fn what_is_more_than_its_budget_is_named() {
        assert!(complaints(&part(10, 20, 30), Some(&LIMITS), true).is_empty());
        let all = complaints(&part(11, 21, 31), Some(&LIMITS), false);
        assert_eq!(
            all,
            [
                "the host comes to something else",
                "too many instructions",
                "too much stack",
                "too much heap"
            ]
        );
        assert_eq!(complaints(&part(1, 1, 1), None, true), ["it has no budget"]);
    }

    #[test]
    fn a_part_that_is_missing_or_other_than_on_the_host_fails() {
        let figures = |digest: &str| Figures {
            parts: vec![Part {
                digest: digest.into(),
                name: BUDGETS[0].part.into(),
                ..part(1, 1, 0)
            }],
            text: 1,
            failed: None,
            is_whole: true,
        };
        let (_, outcome) = judge(&figures("00"), &figures("01"));
        let said = outcome.unwrap_err().sentence;
        assert!(said.contains("the host comes to something else"), "{said}");
        assert!(said.contains(&format!("{} was not run", BUDGETS[1].part)), "{said}");
    }

    #[test]
    fn filters_name_parts() {
        assert!(is_wanted("emulate") && is_wanted("pair.answer") && !is_wanted("no such part"));
    }
}
