//! What happened: a digest of everything, the lines themselves if somebody wants to read them, counts, and violations.

use crate::time::{Micros, S};
use core::fmt::Arguments;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most lines that are kept; the digest goes on without them.
const LINES_MAX: usize = 2_000_000;
/// Most violations that are kept: the first one tells most.
const VIOLATIONS_MAX: usize = 32;

/// What a world writes down.
pub(crate) struct Log {
    hash: Sha256,
    line: String,
    lines: Option<Vec<String>>,
    counts: BTreeMap<&'static str, u64>,
    violations: Vec<String>,
}

impl Log {
    pub(crate) fn new(keeps_lines: bool) -> Self {
        let lines = keeps_lines.then(Vec::new);
        let (hash, line, counts) = (Sha256::new(), String::new(), BTreeMap::new());
        Self { hash, line, lines, counts, violations: Vec::new() }
    }

    pub(crate) fn note(&mut self, now: Micros, what: Arguments<'_>) {
        self.line.clear();
        // Writing into a string cannot fail.
        let _ = writeln!(self.line, "{:>7}.{:06} {what}", now / S, now % S);
        self.hash.update(self.line.as_bytes());
        if let Some(lines) = self.lines.as_mut().filter(|lines| lines.len() < LINES_MAX) {
            lines.push(self.line.trim_end().to_owned());
        }
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// Something that must not be.
    pub(crate) fn violate(&mut self, now: Micros, what: Arguments<'_>) {
        self.note(now, format_args!("VIOLATION {what}"));
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(format!("at {}.{:06} s: {what}", now / S, now % S));
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        !self.violations.is_empty()
    }

    pub(crate) fn finish(self) -> Finished {
        let Self { hash, lines, counts, violations, .. } = self;
        let lines = lines.unwrap_or_default();
        Finished { digest: hash.finalize().into(), lines, counts, violations }
    }
}

pub(crate) struct Finished {
    pub(crate) digest: [u8; 32],
    pub(crate) lines: Vec<String>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) violations: Vec<String>,
}
