//! `cargo xtask tidy`: the rules of this project that neither rustc nor clippy can see.
//!
//! ```text
//!   tree        all files of the repository, as text
//!   layers      which crate may depend on which
//!   manifests   what every Cargo.toml has in common
//!   checks      docs/PROTOCOL.md <-> anchors in the code <-> tests
//!   faults      docs/league.md, docs/judging.md <-> tests of faults and attacks
//!   files       length, names, #[ignore]
//!   traces      paths of one machine, hosts of package registries
//!   duplicates  one version of each dependency
//! ```
//!
//! A rule is a function from the tree to findings, so each is tested on trees made of literals.

mod checks;
mod duplicates;
mod faults;
mod files;
mod layers;
mod manifests;
mod table;
mod traces;
mod tree;

use std::fmt;

use crate::failure::{Failure, Outcome};
use crate::report;
use tree::Tree;

/// One violation of one rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    file: String,
    /// 0 when the finding concerns the whole file.
    line: usize,
    /// What is wrong and what would be right.
    sentence: String,
}

struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const RULES: &[Rule] = &[
    Rule { name: "layers", check: layers::check },
    Rule { name: "manifests", check: manifests::check },
    Rule { name: "checks", check: checks::check },
    Rule { name: "faults", check: faults::check },
    Rule { name: "files", check: files::check },
    Rule { name: "traces", check: traces::check },
    Rule { name: "duplicates", check: duplicates::check },
];

pub(crate) fn command(args: &[String]) -> Outcome {
    if args.is_empty() { run() } else { Err(Failure::usage("It is `cargo xtask tidy`.")) }
}

/// Applies every rule; all findings are shown before it fails.
pub(crate) fn run() -> Outcome {
    let tree = Tree::of_the_repository()?;
    let mut total = 0;
    for rule in RULES {
        let findings = (rule.check)(&tree);
        total += findings.len();
        for finding in &findings {
            report::line(format_args!("{finding} [{}]", rule.name));
        }
    }
    if total > 0 {
        let s = if total == 1 { "" } else { "s" };
        return Err(Failure::new(format!(
            "{total} finding{s}. `cargo xtask tidy --help` explains."
        )));
    }
    report::line(format_args!("{} rules hold in {} files.", RULES.len(), tree.files().len()));
    Ok(())
}

impl Finding {
    fn in_file(file: &str, sentence: impl Into<String>) -> Self {
        Self::at(file, 0, sentence)
    }

    fn at(file: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, sentence: sentence.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.sentence),
            line => write!(f, "{}:{line}: {}", self.file, self.sentence),
        }
    }
}
