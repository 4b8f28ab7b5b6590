//! What a command of the line is about, and where its chip is.

use super::{Opens, Place, chip};
use crate::client::failure::Failure;
use clap::Args;
use countersign_factory::line::{Bench, Chip, Job, Kind, Line, Release, Vault, Virtual};
use countersign_provision::Half;
use std::path::PathBuf;

/// Which device, and where its chip is.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The pair's serial
    #[arg(requires = "half")]
    serial: Option<String>,
    /// Which half: master or slave
    #[arg(value_parser = half)]
    half: Option<Half>,
    /// The radio of a Linux master; it belongs to no pair
    #[arg(long, conflicts_with = "serial")]
    radio: bool,
    /// Folder of a virtual chip: efuse.bin and flash.bin; made if it is not there
    #[arg(
        long = "virtual",
        value_name = "DIR",
        required_unless_present = "port",
        conflicts_with = "port"
    )]
    folder: Option<PathBuf>,
    /// Serial port of a chip in download mode
    #[arg(long, value_name = "DEVICE")]
    port: Option<PathBuf>,
    /// Which chip: esp32c3 or esp32c6
    #[arg(long, value_name = "CHIP", default_value = "esp32c3", value_parser = chip)]
    pub(super) chip: Chip,
    /// Name of a release in chip/releases [default: the newest for this half and chip]
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    #[command(flatten)]
    pub(super) place: Place,
    #[command(flatten)]
    pub(super) opens: Opens,
}

/// What a chip is for.
#[derive(Debug)]
pub(super) enum Subject {
    /// A half of the pair with this serial.
    Half(String, Half),
    /// A Linux master.
    Radio,
}

impl Which {
    /// What was named, if anything was.
    pub(super) fn subject(&self) -> Option<Subject> {
        match (&self.serial, self.half) {
            (Some(serial), Some(half)) => Some(Subject::Half(serial.clone(), half)),
            (_, _) => self.radio.then_some(Subject::Radio),
        }
    }

    pub(super) fn bench(&self) -> Result<Bench, Failure> {
        match (&self.folder, &self.port) {
            (Some(folder), _) => Ok(Bench::Virtual(Virtual::new(folder))),
            (None, Some(port)) => Ok(Bench::Port(port.clone())),
            (None, None) => Err(Failure::usage("say where the chip is: --virtual or --port")),
        }
    }

    /// The work on it; a half needs the vault.
    pub(super) fn job(
        &self,
        line: &Line<'_>,
        subject: &Subject,
        vault: Option<&Vault>,
    ) -> Result<Job, Failure> {
        let bench = self.bench()?;
        let release = |kind| match &self.release {
            Some(name) => Release::open(line, &line.releases_folder().join(name)),
            None => Release::newest(line, kind, self.chip),
        };
        match (subject, vault) {
            (Subject::Half(serial, half), Some(vault)) => {
                let of = (serial.as_str(), *half, self.chip);
                Ok(Job::prepare(line, vault, of, || release(Kind::from(*half)), bench)?)
            }
            (Subject::Radio, _) => Ok(Job::radio(line, self.chip, release(Kind::Radio)?, bench)?),
            (Subject::Half(..), None) => Err(Failure::usage("a half needs the vault's passphrase")),
        }
    }
}

fn half(text: &str) -> Result<Half, &'static str> {
    let found = Half::BOTH.into_iter().find(|half| half.as_str() == text);
    found.ok_or("a half is master or slave")
}
