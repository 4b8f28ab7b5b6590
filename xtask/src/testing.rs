//! `cargo xtask test`: every test there is, counted.

use std::path::PathBuf;

use crate::clock::Stopwatch;
use crate::failure::{Failure, Outcome};
use crate::run::Run;
use crate::{emulate, report, setup, web, workspace};

/// How many tests there were, over all test programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

pub(crate) fn command(args: &[String]) -> Outcome {
    let filter = match args {
        [] => None,
        [filter] if !filter.starts_with('-') => Some(filter.as_str()),
        _ => return Err(Failure::usage("It is `cargo xtask test [filter]`.")),
    };
    setup::ensure()?;
    let watch = Stopwatch::start();
    let (counts, outcome) = run(filter);
    report::line(format_args!("\nall tests took {}", watch.elapsed()));
    report::line(counts.closing_line());
    outcome
}

/// Runs all suites to their ends, even when the first fails.
pub(crate) fn run(filter: Option<&str>) -> (Counts, Outcome) {
    let mut counts = Counts::default();
    report::step("the app for browsers");
    let app = web::build();
    report::step("Rust tests");
    let rust = rust_tests(filter, &mut counts);
    report::step("JavaScript tests: the second implementation");
    let javascript = javascript_tests(filter, &mut counts);
    let chip = chip_tests(filter, &mut counts);
    report::step("tests of the app for browsers");
    let browser = web::tests(filter, |line| counts.read_libtest(line));
    let outcome = app.and(rust).and(javascript).and(chip).and(browser).and_then(|()| {
        if counts.passed > 0 {
            return Ok(());
        }
        let which = filter.map_or_else(String::new, |filter| format!(" with `{filter}` in it"));
        Err(Failure::new(format!("No test{which} was run.")))
    });
    (counts, outcome)
}

impl Counts {
    /// `tests: 12 passed, 0 failed`
    pub(crate) fn closing_line(&self) -> String {
        let Self { passed, failed, skipped } = self;
        let skipped = if *skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        format!("tests: {passed} passed, {failed} failed{skipped}")
    }

    /// `test result: ok. 3 passed; 0 failed; 0 ignored; …`
    fn read_libtest(&mut self, line: &str) {
        if !line.starts_with("test result: ") {
            return;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        for pair in words.windows(2) {
            let [number, what] = pair else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match *what {
                "passed;" => self.passed += number,
                "failed;" => self.failed += number,
                "ignored;" => self.skipped += number,
                _ => {}
            }
        }
    }

    /// `ℹ pass 3`, perhaps in colour.
    fn read_node(&mut self, line: &str) {
        let Some((_, told)) = line.split_once("\u{2139} ") else { return };
        let Some((what, number)) = told.split_once(' ') else { return };
        let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
        let Ok(number) = digits.parse::<u64>() else { return };
        match what {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }
}

fn rust_tests(filter: Option<&str>, counts: &mut Counts) -> Outcome {
    let mut cargo = Run::cargo().args(["test", "--workspace", "--no-fail-fast"]).args(filter);
    if report::is_terminal() {
        cargo = cargo.args(["--color=always", "--", "--color=always"]);
    }
    let status = cargo.watch(|line| counts.read_libtest(line))?;
    if status.success() { Ok(()) } else { Err(Failure::new("The Rust tests failed; see above.")) }
}

fn javascript_tests(filter: Option<&str>, counts: &mut Counts) -> Outcome {
    let files = javascript_files()?;
    if files.is_empty() {
        return Err(Failure::new(
            "conformance/js has no file that ends with `.test.js` or `.test.mjs`: the second \
             implementation of the protocol has to be tested too.",
        ));
    }
    let league = agreement_program("countersign-league")?;
    let tally = agreement_program("countersign-judging")?;
    let mut node = Run::new("node")
        .env("COUNTERSIGN_AGREEMENT", &league.display().to_string())
        .env("COUNTERSIGN_TALLY", &tally.display().to_string())
        .args(["--test", "--test-reporter=spec"]);
    if let Some(filter) = filter {
        node = node.arg(&format!("--test-name-pattern={filter}"));
    }
    if report::is_terminal() {
        node = node.env("FORCE_COLOR", "1");
    }
    let node = files.iter().fold(node, |node, file| node.path(file));
    let status = node.watch(|line| counts.read_node(line))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new("The JavaScript tests failed; see above."))
    }
}

/// The parts of the self-test are run all or none: each builds on those before.
fn chip_tests(filter: Option<&str>, counts: &mut Counts) -> Outcome {
    if filter.is_some_and(|filter| !emulate::is_wanted(filter)) {
        return Ok(());
    }
    report::step("the core on an emulated chip");
    let ((passed, failed), outcome) = emulate::run();
    counts.passed += passed;
    counts.failed += failed;
    outcome
}

/// A crate's arithmetic as a browser runs it: the league's rating and draw, the tally of an event. Optimised, because the league
/// plays a million matches.
fn agreement_program(package: &str) -> Result<PathBuf, Failure> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let folder = workspace::root().join("target/agreement").join(package);
    Run::cargo()
        .args(["build", "--quiet", "--release", "--package", package])
        .args(["--example", "agreement", "--target", TARGET, "--target-dir"])
        .path(&folder)
        .run()?;
    Ok(folder.join(TARGET).join("release/examples/agreement.wasm"))
}

/// Named one by one: what `node --test <folder>` does has changed between versions of node.
fn javascript_files() -> Result<Vec<PathBuf>, Failure> {
    let folder = workspace::root().join("conformance/js");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    workspace::files_below(&folder, &[".test.js", ".test.mjs"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_cargo_test_add_up() {
        let mut counts = Counts::default();
        counts
            .read_libtest("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered");
        counts.read_libtest("test result: \x1b[31mFAILED\x1b[m. 4 passed; 2 failed; 0 ignored; 0");
        counts.read_libtest("test tests::test_result_of_9_passed ... ok");
        assert_eq!(counts, Counts { passed: 7, failed: 2, skipped: 1 });
        assert_eq!(counts.closing_line(), "tests: 7 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn results_of_node_add_up() {
        let mut counts = Counts::default();
        for line in ["ℹ tests 5", "\x1b[34mℹ pass 4\x1b[39m", "ℹ fail 1", "ℹ duration_ms 61.5"]
        {
            counts.read_node(line);
        }
        assert_eq!(counts, Counts { passed: 4, failed: 1, skipped: 0 });
        assert_eq!(counts.closing_line(), "tests: 4 passed, 1 failed");
    }
}
