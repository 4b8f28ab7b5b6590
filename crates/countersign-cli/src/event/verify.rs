//! `event verify`.

use super::TrustArgs;
use crate::client::failure::{Exit, Failure};
use crate::output;
use clap::Args;
use countersign_hub::export::{Report, verify};
use std::path::PathBuf;
use std::process::ExitCode;

/// Counts an exported event again, from its files alone
#[derive(Debug, Args)]
#[command(after_help = "\
Needs no network and no database. Every bundle's signature, the log's chain, every vote's signature and every \
decision of the hub, the Merkle roots, the hub's signed head, the tally by every method and every table are made \
again and compared.

What passed is evidence: judges with these keys said this, the hub took it in this order by the event's rules, and \
signed that nothing was left out since. It does not know what a hub never showed: compare the ballot root with what \
was read out, and judges' receipts with the log.

Exit codes: 0 sound, 1 some check failed, 2 wrong usage, or the files cannot be read.")]
pub(crate) struct Verify {
    /// What `countersign hub export` wrote, or one hub's folder of `countersign event export`
    dir: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
}

impl Verify {
    pub(crate) fn run(&self, json: bool) -> ExitCode {
        match self.report() {
            Ok(report) => show(&report, json),
            Err(failure) => failure.report(json),
        }
    }

    fn report(&self) -> Result<Report, Failure> {
        let trust = self.trust.trust()?;
        verify(&self.dir, &trust).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    }
}

fn show(report: &Report, json: bool) -> ExitCode {
    let is_sound = report.is_sound();
    if json {
        let facts: serde_json::Map<_, _> = report
            .facts
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
            .collect();
        let found =
            serde_json::json!({ "ok": is_sound, "checks": report.findings, "facts": facts });
        output::line(&found.to_string());
    } else {
        for finding in &report.findings {
            match &finding.fault {
                None => output::line(&format!("ok    {}: {}", finding.id, finding.what)),
                Some(why) => {
                    output::line(&format!("FAIL  {}: {}: {why}", finding.id, finding.what))
                }
            }
        }
        for (name, value) in report.facts.iter().filter(|_| is_sound) {
            output::line(&format!("{name:<16} {value}"));
        }
        output::line(match is_sound {
            true => report.tally.as_str(),
            false => "The files prove nothing; see above.",
        });
    }
    if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
