//! `factory verify`.

use super::Progress;
use crate::client::failure::{Exit, Failure};
use crate::output;
use clap::Args;
use countersign_factory::{Factory, verify};
use std::path::PathBuf;

/// Checks everything that lies at a station
///
/// Signatures of certificates and manifests, the digests in them, every box's folder, its secret key and its file
/// modes, labels against what devices know, and that no key, device id, mark or serial is used twice in any batch.
#[derive(Debug, Args)]
#[command(after_help = "\
Run it before a batch leaves the station, and after anything that may have touched its files. Each finding says \
where it is; the exit code is 1 then.

A batch whose secret key files were deleted on purpose, because they are on the devices now, shows that as missing \
files.")]
pub(super) struct Verify {
    /// The station's folder
    #[arg(default_value = "factory", env = "COUNTERSIGN_FACTORY")]
    dir: PathBuf,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = Factory::open(&self.dir)?;
        let batches = factory.batches()?;
        let mut progress = Progress::new("Pairs checked:");
        let report = verify(&factory, &batches, &mut |done, total| progress.at(done, total));
        report.findings.iter().for_each(|finding| output::line(finding));
        if report.more > 0 {
            output::line(&format!("… and {} more.", report.more));
        }
        let (batches, pairs) = (report.batches, report.pairs);
        if report.is_clean() {
            output::line(&format!("All is well: {batches} batches, {pairs} pairs."));
            return Ok(());
        }
        let count = report.findings.len() + report.more;
        let text = format!("{count} findings in {batches} batches with {pairs} pairs");
        Err(Failure::new(Exit::Refused, text))
    }
}
