//! The check of an export by somebody who has only its files and a root key.

use super::{Export, ExportError, TABLE_MAX, table};
use crate::view;
use countersign_judging::audit::{Audit, verify_log};
use countersign_judging::count::{Count, counts};
use countersign_judging::package::{PackageError, Trust};
use countersign_keys::Utc;
use countersign_keys::disk::read_up_to;
use serde::Serialize;
use std::path::Path;

/// One check, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A word for programs.
    pub id: &'static str,
    /// What it checks.
    pub what: &'static str,
    /// Why it failed; nothing if it passed.
    pub fault: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Checks that were made; after one of the chain has failed, those that rest on it are not.
    pub findings: Vec<Finding>,
    /// Facts of a sound export, for people: name and value.
    pub facts: Vec<(&'static str, String)>,
    /// The tally in words, recomputed.
    pub tally: String,
}

/// Why there is nothing to check.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The files.
    #[error(transparent)]
    Export(#[from] ExportError),
}

impl Report {
    /// Whether every check was made and passed.
    pub fn is_sound(&self) -> bool {
        self.findings.len() == CHECKS && self.findings.iter().all(|it| it.fault.is_none())
    }

    fn add<T, E: ToString>(
        &mut self,
        (id, what): (&'static str, &'static str),
        outcome: Result<T, E>,
    ) -> Option<T> {
        let (found, fault) = match outcome {
            Ok(found) => (Some(found), None),
            Err(error) => (None, Some(error.to_string())),
        };
        self.findings.push(Finding { id, what, fault });
        found
    }
}

const CHECKS: usize = 4;
const BUNDLES: (&str, &str) = ("bundles", "a root that you trust stands behind every bundle");
const LOG_CHECK: (&str, &str) = (
    "log",
    "the chain holds, every decision follows from the rules and every signature is good, and the hub signed exactly this log",
);
const COUNTED: (&str, &str) = ("tally", "the ballots can be counted");
const TABLES: (&str, &str) = ("tables", "every table says what the log says");

/// Recomputes everything: bundle signatures, chain, every vote's signature and every decision, Merkle roots, head, tally, tables.
pub fn verify(folder: &Path, trust: &Trust) -> Result<Report, VerifyError> {
    let export = Export::read(folder)?;
    let mut report = Report::default();
    let events = export.packages.iter().map(|package| package.open(trust));
    let events = events.collect::<Result<Vec<_>, PackageError>>();
    let Some(events) = report.add(BUNDLES, events) else { return Ok(report) };
    // There is at least one, or there would have been nothing to read.
    let Some(realm) = events.first().map(|event| event.realm.clone()) else { return Ok(report) };
    let bundles: Vec<_> = events.into_iter().map(|event| event.bundle).collect();
    let audit = verify_log(&realm, &bundles, &export.log, &export.head);
    let Some(audit) = report.add(LOG_CHECK, audit) else { return Ok(report) };
    let counted = counts(&audit.venue);
    let Some(counted) = report.add(COUNTED, counted) else { return Ok(report) };
    let tables = table::all(&audit.venue, &counted);
    let same = tables.iter().try_for_each(|(name, expected)| same(folder, name, expected));
    report.add(TABLES, same);
    describe(&mut report, &audit, &counted);
    Ok(report)
}

/// The whole table, so that not one line of it can be another one.
fn same(folder: &Path, name: &str, expected: &str) -> Result<(), String> {
    let file = read_up_to(&folder.join(name), TABLE_MAX).map_err(|error| error.to_string())?;
    let file = file.ok_or_else(|| format!("{name} is missing"))?;
    if file.content.as_slice() == expected.as_bytes() {
        return Ok(());
    }
    let found = String::from_utf8_lossy(&file.content);
    let lines = found.lines().zip(expected.lines());
    let differs = lines.enumerate().find(|(_, (found, expected))| found != expected);
    let at = differs.map_or_else(|| expected.lines().count().min(found.lines().count()), |it| it.0);
    Err(format!("{name} differs from what was recomputed, first in line {}", at + 1))
}

fn describe(report: &mut Report, audit: &Audit, counted: &[Count]) {
    let Audit { venue, head, .. } = audit;
    let event = venue.bundle().event();
    let hub = event.hub(venue.hub()).map(|hub| hub.name.clone()).unwrap_or_default();
    report.facts = vec![
        ("event", format!("{} ({}), bundle version {}", event.title, event.id, event.version)),
        ("hub", format!("{hub} {}", venue.hub())),
        ("head signed", Utc(head.created).to_string()),
        ("entries", head.value.entries.to_string()),
        ("votes that hold", head.value.votes.to_string()),
        ("ballots", venue.ballots().count().to_string()),
        ("quarantined", venue.quarantine().len().to_string()),
        ("alarms", venue.alarms().len().to_string()),
        ("log root", head.value.root.to_string()),
        ("ballot root", head.value.ballot_root.to_string()),
    ];
    report.tally = view::tally_text(&view::shown_counts(venue, counted));
}
