//! `factory chip image`.

use super::{Opens, Place, chip};
use crate::client::failure::Failure;
use crate::output;
use clap::Args;
use countersign_factory::line::{Chip, Image, Kind, Release, image};
use countersign_server::clock;
use std::path::PathBuf;

/// Makes a release from ELFs: converted, padded, signed, verified, with a manifest that the station signs
///
/// The version is what the application says of itself. The same ELFs give the same padded images byte for byte, and \
/// the release that is there; other ELFs need another version.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory chip image slave --second-stage boot.elf --app slave.elf
  countersign factory chip image master --chip esp32c6 --second-stage boot.elf --app master.elf

The release is the folder chip/releases/KIND-CHIP-VERSION:
  second-stage.padded.bin, app.padded.bin   what is signed; compare these with a build of your own
  second-stage.bin, app.bin                 the same with the signature sector; signatures have salt
  release.bin                               the manifest: sizes, SHA-256, versions, signed by factory.key")]
pub(super) struct MakeImage {
    /// What it is for: master, slave or radio
    kind: Kind,
    /// On which chip: esp32c3 or esp32c6
    #[arg(long, value_name = "CHIP", default_value = "esp32c3", value_parser = chip)]
    chip: Chip,
    /// ELF of the second stage
    #[arg(long, value_name = "FILE")]
    second_stage: PathBuf,
    /// ELF of the application
    #[arg(long, value_name = "FILE")]
    app: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    opens: Opens,
}

impl MakeImage {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = self.place.factory()?;
        let line = self.place.line(&factory)?;
        let vault = line.signing_vault(&self.opens.passphrase()?)?;
        let from = Image {
            kind: self.kind,
            chip: self.chip,
            second_stage: self.second_stage,
            app: self.app,
        };
        let (release, earlier) = image(&line, &vault, &from, clock::now())?;
        if earlier {
            output::note("The release was there, made of the same.");
        }
        say(&release);
        Ok(())
    }
}

/// A release for people.
pub(super) fn say(release: &Release) {
    let manifest = &release.manifest;
    output::line(&format!(
        "{}: {} {}, secure version {}",
        manifest.name(),
        manifest.project,
        manifest.version,
        manifest.secure_version
    ));
    for file in &manifest.files {
        output::line(&format!("  {}  {:>8}  {}", file.sha256, file.size, file.name));
    }
}
