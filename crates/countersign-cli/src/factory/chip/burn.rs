//! `factory chip burn` and `factory chip check`.

use super::{Opens, Place, chip, refused};
use crate::client::failure::Failure;
use crate::client::input;
use crate::output;
use clap::Args;
use countersign_factory::line::{
    Bench, Chip, Job, Kind, Progress, Release, Step, Virtual, burn, check, state,
};
use countersign_provision::Half;
use std::path::PathBuf;

/// Burns one chip: fuses and encrypted flash, step by step, from wherever it stands
///
/// A chip in a folder (--virtual) is burnt at once: Espressif's own model decides what its fuses let happen. A chip at
/// a port is only looked at, and the plan is shown; --really carries it out, after you have typed the serial. What is
/// burnt stays burnt.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory chip burn GL-00001 slave --virtual trial
  countersign factory chip burn GL-00001 slave --port /dev/ttyACM0             looks, and says what it would do
  countersign factory chip burn GL-00001 slave --port /dev/ttyACM0 --really

The steps: device id and half; three keys that nobody can read afterwards; the flash, encrypted for this chip; flash \
encryption; the digest of the boot key, the other two revoked; secure boot; debugging ports; read protection fixed; \
secure download mode, after which the chip shows nothing more.

Interrupted, it goes on: what is done is read from the fuses. A chip that carries something else is refused.")]
pub(super) struct Burn {
    #[command(flatten)]
    which: Which,
    /// Burn a chip at a port, after the serial was typed
    #[arg(long, requires = "port", conflicts_with = "folder")]
    really: bool,
}

/// Checks a finished chip against plan and vault: every fuse, and the flash
///
/// A real chip that is finished shows neither any more; it is asked what its security settings are, which it always
/// says.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    which: Which,
}

/// Which device, and where its chip is.
#[derive(Debug, Args)]
struct Which {
    /// The pair's serial
    serial: String,
    /// Which half: master or slave
    #[arg(value_parser = half)]
    half: Half,
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
    chip: Chip,
    /// Name of a release in chip/releases [default: the newest for this half and chip]
    #[arg(long, value_name = "NAME")]
    release: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    opens: Opens,
}

impl Which {
    fn job(&self) -> Result<Job, Failure> {
        let factory = self.place.factory()?;
        let line = self.place.line(&factory)?;
        let release = match &self.release {
            Some(name) => Release::open(&line, &line.releases_folder().join(name))?,
            None => Release::newest(&line, Kind::from(self.half), self.chip)?,
        };
        let vault = line.signing_vault(&self.opens.passphrase()?)?;
        let bench = match (&self.folder, &self.port) {
            (Some(folder), _) => Bench::Virtual(Virtual::new(folder)),
            (None, Some(port)) => Bench::Port(port.clone()),
            (None, None) => {
                return Err(Failure::usage("say where the chip is: --virtual or --port"));
            }
        };
        Ok(Job::prepare(&line, &vault, (&self.serial, self.half, self.chip), release, bench)?)
    }

    fn says(&self) -> String {
        format!("{} {}", self.serial, self.half)
    }
}

impl Burn {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (job, tools) = (self.which.job()?, self.which.place.tools());
        if let Bench::Port(_) = job.bench {
            let steps = state(&tools, &job)?;
            plan(&self.which, &job, &steps);
            if !self.really {
                output::line(
                    "Dry run: nothing was burnt. --really carries out what is open, for good.",
                );
                return Ok(());
            }
            confirm(&self.which.serial, &steps)?;
        }
        let burnt = burn(&tools, &job, &mut |step| output::note(&format!("{step} …")))?;
        let steps = burnt.steps.len();
        match steps {
            0 => output::line(&format!("{}: nothing was left to burn.", self.which.says())),
            _ => output::line(&format!("{}: done, {steps} steps in this run.", self.which.says())),
        }
        Ok(())
    }
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (job, tools) = (self.which.job()?, self.which.place.tools());
        check(&tools, &job)?;
        output::line(&format!("{}: the chip is what it should be.", self.which.says()));
        Ok(())
    }
}

/// What would be done, a line for each step.
fn plan(which: &Which, job: &Job, steps: &[(Step, Progress)]) {
    output::line(&format!("{} on {}, release {}", which.says(), which.chip, job.release.display()));
    for (step, progress) in steps {
        let state = match progress {
            Progress::Open => "open ",
            Progress::Begun => "begun",
            Progress::Done => "done ",
        };
        let kind = if step.is_irreversible() { "for good" } else { "" };
        output::line(format!("  {state}  {step}  {kind}").trim_end());
    }
}

/// The serial has to be typed before anything is burnt that cannot be undone.
fn confirm(serial: &str, steps: &[(Step, Progress)]) -> Result<(), Failure> {
    if steps.iter().all(|(_, progress)| *progress == Progress::Done) {
        return Ok(());
    }
    output::note(&format!("Fuses cannot be unburnt. Type the serial, {serial}, to go on:"));
    match input::line()?.as_deref() {
        Some(typed) if typed == serial => Ok(()),
        Some(_) | None => Err(refused(&"the serial was not typed; nothing was burnt")),
    }
}

fn half(text: &str) -> Result<Half, &'static str> {
    let found = Half::BOTH.into_iter().find(|half| half.as_str() == text);
    found.ok_or("a half is master or slave")
}
