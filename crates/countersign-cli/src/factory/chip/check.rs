//! `factory chip check`.

use super::which::{Subject, Which};
use crate::client::failure::Failure;
use crate::output;
use clap::Args;
use countersign_factory::line::{Checked, Identity, Job, Line, Site, Vault, check, identify};

/// Checks a chip against plan and vault: every fuse, the flash, and whether it is the chip that the vault remembers
///
/// Without serial and half it says which pair and half the chip is, by its address. Every bit of the fuses that the
/// plan does not burn and the maker does not use is a finding.
///
/// A real chip that is finished shows neither fuses nor flash nor address any more. Then everything is compared that it
/// still says: secure boot, revoked digests, purposes of its keys, SPI_BOOT_CRYPT_CNT, JTAG, download mode.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign factory chip check GL-00001 slave --virtual trial
  countersign factory chip check --virtual trial                      which one is it?
  countersign factory chip check GL-00001 slave --port /dev/ttyACM0
  countersign factory chip check --radio --port /dev/ttyACM0          needs no passphrase")]
pub(super) struct Check {
    #[command(flatten)]
    which: Which,
}

impl Check {
    pub(super) fn run(self) -> Result<(), Failure> {
        let factory = self.which.place.factory()?;
        let line = self.which.place.line(&factory)?;
        let named = self.which.subject();
        let vault = match named {
            Some(Subject::Radio) => None,
            Some(Subject::Half(..)) | None => {
                Some(line.signing_vault(&self.which.opens.passphrase()?)?)
            }
        };
        let subject = match (named, &vault) {
            (Some(subject), _) => subject,
            (None, Some(vault)) => self.who(&line, vault)?,
            (None, None) => return Err(Failure::usage("a half needs the vault's passphrase")),
        };
        let job = self.which.job(&line, &subject, vault.as_ref())?;
        let name = job.name();
        match check(&line.tools, &job, vault.as_ref())? {
            Checked::Whole(address) => {
                output::line(&format!("{name}: the chip is what it should be ({address})."));
            }
            Checked::Closed => {
                output::line(&format!(
                    "{name}: the chip is closed, and what it still says is what it should be."
                ));
                output::line(&format!("Which chip it is it does not say. {}", known(&job, vault)));
            }
        }
        Ok(())
    }

    fn who(&self, line: &Line<'_>, vault: &Vault) -> Result<Subject, Failure> {
        let bench = self.which.bench()?;
        Ok(match identify(&line.tools, vault, self.which.chip, &bench)? {
            Identity::Half { serial, half, address } => {
                output::line(&format!("This chip, {address}, is the {half} of {serial}."));
                Subject::Half(serial, half)
            }
            Identity::Radio(address) => {
                output::line(&format!("This chip, {address}, is a radio."));
                Subject::Radio
            }
        })
    }
}

/// What the vault remembers of a half whose chip says nothing.
fn known(job: &Job, vault: Option<Vault>) -> String {
    let address = job
        .of
        .as_ref()
        .zip(vault)
        .and_then(|((serial, half), vault)| vault.chip_of(serial, *half, Site::Port));
    match (address, &job.of) {
        (Some(address), _) => format!("{} was burnt into {address}.", job.name()),
        (None, Some(_)) => format!("{} was burnt into no chip at a port.", job.name()),
        (None, None) => "Radios are not remembered.".to_owned(),
    }
}
