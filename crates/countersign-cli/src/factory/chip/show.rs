//! `factory chip show`.

use super::{Place, image};
use crate::client::failure::Failure;
use crate::client::show::json;
use crate::output;
use clap::Args;
use countersign_factory::Secrets;
use countersign_factory::line::Release;

/// Shows the chip line: the digest of its boot key, its releases, its batches; opens no vault
#[derive(Debug, Args)]
pub(super) struct Show {
    /// As JSON; times in milliseconds since 1970
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

impl Show {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = self.place.factory()?;
        let line = self.place.line(&factory)?;
        let mut releases = Vec::new();
        for name in line.releases()? {
            releases.push(Release::open(&line, &line.releases_folder().join(name))?);
        }
        let batches = factory.batches()?;
        let chips = batches.iter().filter(|batch| batch.plan.secret != Secrets::File);
        if self.json {
            let made: Vec<_> = releases
                .iter()
                .map(|release| {
                    serde_json::json!({
                        "name": release.manifest.name(),
                        "created_ms": release.created.as_millis(),
                        "manifest": &release.manifest,
                    })
                })
                .collect();
            json(&serde_json::json!({
                "boot_digest": hex::encode(line.boot_digest),
                "releases": made,
                "batches": chips.map(|batch| batch.name()).collect::<Vec<_>>(),
            }));
            return Ok(());
        }
        output::line(&format!("Boot digest  {}", hex::encode(line.boot_digest)));
        if releases.is_empty() {
            output::line("No releases; make one with `countersign factory chip image`");
        }
        releases.iter().for_each(image::say);
        for batch in chips {
            let (count, first, last) =
                (batch.plan.count, batch.serial(0), batch.serial(batch.plan.count - 1));
            output::line(&format!("{}: {count} pairs, {first} to {last}", batch.name()));
        }
        Ok(())
    }
}
