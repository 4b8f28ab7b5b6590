//! `factory chip burn`.

use super::refused;
use super::which::{Subject, Which};
use crate::client::failure::Failure;
use crate::client::input;
use crate::output;
use clap::Args;
use countersign_factory::line::{
    Bench, BurnError, Job, Progress, Standing, burn, claim, may_claim, state,
};

/// Burns one chip: fuses and flash, step by step, from wherever it stands
///
/// A chip in a folder (--virtual) is burnt at once: Espressif's own model decides what its fuses let happen. A chip at
/// a port is only looked at, and the plan is shown; --really carries it out, after you have typed the serial (or the
/// word radio). What is burnt stays burnt.
///
/// A half goes into one chip: the vault remembers the chip's address before anything is burnt, and another chip is
/// refused. A trial in a folder does not count against the chip at a port.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory chip burn GL-00001 slave --virtual trial
  countersign factory chip burn GL-00001 slave --port /dev/ttyACM0             looks, and says what it would do
  countersign factory chip burn GL-00001 slave --port /dev/ttyACM0 --really
  countersign factory chip burn GL-00001 slave --port /dev/ttyACM0 --really --replace    the first chip is broken
  countersign factory chip burn --radio --port /dev/ttyACM0 --really           the radio of any Linux master

The steps of a half: device id and half; three keys that nobody can read afterwards; the flash, encrypted for this \
chip; flash encryption; the digest of the boot key, the other two revoked; secure boot; debugging ports; read \
protection fixed; secure download mode, after which the chip shows nothing more.

A radio has no key, no record and no passphrase to type: the same steps without keys and encryption. It starts only \
what this line signed.

Interrupted, it goes on: what is done is read from the fuses. A chip that carries something else is refused.")]
pub(super) struct Burn {
    #[command(flatten)]
    which: Which,
    /// Burn a chip at a port, after the serial was typed
    #[arg(long, requires = "port", conflicts_with = "folder")]
    really: bool,
    /// Let this chip take the place of the one that the half was burnt into; destroy that one
    #[arg(long, conflicts_with = "radio")]
    replace: bool,
}

impl Burn {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = self.which.place.factory()?;
        let line = self.which.place.line(&factory)?;
        let subject = self.which.subject().ok_or_else(|| {
            Failure::usage("say what to burn: a serial and a half (GL-00001 slave), or --radio")
        })?;
        let passphrase = match &subject {
            Subject::Half(..) => Some(self.which.opens.passphrase()?),
            Subject::Radio => None,
        };
        let vault = passphrase.as_ref().map(|text| line.signing_vault(text)).transpose()?;
        let job = self.which.job(&line, &subject, vault.as_ref())?;
        let standing = state(&line.tools, &job)?;
        if let Some(vault) = &vault {
            may_claim(vault, &job, standing.address, self.replace).map_err(BurnError::from)?;
        }
        if let Bench::Port(_) = job.bench {
            plan(&self.which, &job, &standing);
            if !self.really {
                output::line(
                    "Dry run: nothing was burnt. --really carries out what is open, for good.",
                );
                return Ok(());
            }
            confirm(&subject, &standing)?;
        }
        let open = || match &passphrase {
            Some(text) => Ok(line.vault(text)?),
            None => Err(Failure::usage("a half needs the vault's passphrase")),
        };
        let claim = claim(&line, &job, &standing, self.replace, open)?;
        let burnt =
            burn(&line.tools, &job, &claim, &mut |step| output::note(&format!("{step} …")))?;
        let (name, steps) = (job.name(), burnt.steps.len());
        match steps {
            0 => output::line(&format!("{name}: nothing was left to burn.")),
            _ => output::line(&format!("{name}: done, {steps} steps in this run.")),
        }
        Ok(())
    }
}

/// What would be done, a line for each step.
fn plan(which: &Which, job: &Job, standing: &Standing) {
    let (name, chip, address) = (job.name(), which.chip, standing.address);
    output::line(&format!("{name} on {chip} {address}, release {}", job.release.display()));
    for (step, progress) in &standing.steps {
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
fn confirm(subject: &Subject, standing: &Standing) -> Result<(), Failure> {
    if standing.open().is_none() {
        return Ok(());
    }
    let (what, wanted) = match subject {
        Subject::Half(serial, _) => ("the serial", serial.as_str()),
        Subject::Radio => ("the word", "radio"),
    };
    output::note(&format!("Fuses cannot be unburnt. Type {what}, {wanted}, to go on:"));
    match input::line()?.as_deref() {
        Some(typed) if typed == wanted => Ok(()),
        Some(_) | None => Err(refused(&format!("{what} was not typed; nothing was burnt"))),
    }
}
