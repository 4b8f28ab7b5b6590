//! `countersign factory chip`: pairs whose secrets are burnt into microcontrollers.

mod burn;
mod check;
mod image;
mod init;
mod interrupt;
mod make;
mod show;
mod which;

use crate::client::failure::{Exit, Failure};
use clap::Args;
use countersign_factory::Factory;
use countersign_factory::line::{
    BurnError, CheckError, Chip, ChipMakeError, FusesError, ImageError, Line, LineError,
    ReleaseError, ToolError, Tools, VaultError, VaultPassphrase,
};
use std::path::PathBuf;

/// Make pairs of ESP32-C3 or C6 chips: keys in fuses, signed images, encrypted flash
#[derive(Debug, Args)]
#[command(after_help = "\
A chip has its secrets in fuses that nobody can read: the key that its flash is encrypted with, the key that its \
identity is derived from, the key that its record is sealed with. They are drawn here, and kept in the station's \
vault, chip/vault.sealed, which a passphrase opens. Espressif's tools (`pip install esptool`, version 5) convert, \
sign and burn; what is secret reaches them through memory, never through a file or an argument.

Once, at the station:
  countersign factory chip init
Then copy chip/vault.sealed to an offline medium, now and after every batch. Without it no image can be signed, and \
no chip that is half burnt can be finished.

For every version of the firmware:
  cargo xtask firmware
  countersign factory chip image slave --second-stage boot.elf --app slave.elf

For every batch:
  countersign factory chip make --count 100                           both halves are chips, up to 10 players
  countersign factory chip make --count 100 --master linux            the slave is a chip, up to 22 players
  countersign factory chip burn GL-00001 slave --virtual trial        a chip in a folder; try it first
  countersign factory chip burn GL-00001 slave --port /dev/ttyACM0    says what it would do
  countersign factory chip burn GL-00001 slave --port /dev/ttyACM0 --really
  countersign factory chip burn --radio --virtual radio               the radio of a Linux master; no keys
  countersign factory chip check --port /dev/ttyACM0                  which half is it, and is it whole?
  countersign factory register --profile station

An interrupted command is run again as it was: it goes on where it stopped. What a chip has become is read from its \
fuses. Which chip a half went into is remembered in the vault: a second chip for it is refused.

A lost record.bin is sealed again by `countersign factory chip make --records`.

The label of a pair, with the passphrase of its Wi-Fi, lies in its batch as for any pair; that passphrase is printed, \
and is the one secret of a chip that is not in the vault alone.

Exit codes: 0 done, 1 the chip is another's or is not what it should be, 2 wrong usage, or station, vault, release \
or tools cannot be used.")]
pub(super) struct ChipArgs {
    #[command(subcommand)]
    command: ChipCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ChipCommand {
    Init(init::Init),
    Image(image::MakeImage),
    Make(make::Make),
    Burn(burn::Burn),
    Check(check::Check),
    Show(show::Show),
}

impl ChipArgs {
    pub(super) fn run(self) -> Result<(), Failure> {
        interrupt::ends_the_tools()?;
        match self.command {
            ChipCommand::Init(command) => command.run(),
            ChipCommand::Image(command) => command.run(),
            ChipCommand::Make(command) => command.run(),
            ChipCommand::Burn(command) => command.run(),
            ChipCommand::Check(command) => command.run(),
            ChipCommand::Show(command) => command.run(),
        }
    }
}

/// Where the station and the tools are.
#[derive(Debug, Args)]
struct Place {
    /// The station's folder
    #[arg(long, value_name = "DIR", default_value = "factory", env = "COUNTERSIGN_FACTORY")]
    dir: PathBuf,
    /// Folder with esptool, espsecure and espefuse [default: where programs are found]
    #[arg(long, value_name = "DIR", env = "COUNTERSIGN_ESPTOOL")]
    tools: Option<PathBuf>,
}

impl Place {
    fn factory(&self) -> Result<Factory, Failure> {
        Ok(Factory::open(&self.dir)?)
    }

    fn tools(&self) -> Tools {
        Tools { folder: self.tools.clone() }
    }

    fn line<'f>(&self, factory: &'f Factory) -> Result<Line<'f>, Failure> {
        Ok(Line::open(factory, self.tools())?)
    }
}

/// What opens the vault.
#[derive(Debug, Args)]
struct Opens {
    /// File with the vault's passphrase in its first line, mode 0600 [default: you are asked]
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_PASSPHRASE_FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Opens {
    fn passphrase(&self) -> Result<VaultPassphrase, Failure> {
        match &self.passphrase_file {
            Some(path) => Ok(VaultPassphrase::read(path)?),
            None => Ok(VaultPassphrase::new(asked("Passphrase of the vault: ")?)?),
        }
    }

    /// The same for a vault that is being made.
    fn new_passphrase(&self) -> Result<VaultPassphrase, Failure> {
        if self.passphrase_file.is_some() {
            return self.passphrase();
        }
        let first = asked("New passphrase of the vault, 12 characters or more: ")?;
        if first != asked("The same again: ")? {
            return Err(Failure::usage("the two passphrases differ; nothing was made"));
        }
        Ok(VaultPassphrase::new(first)?)
    }
}

/// Asks at the terminal, which shows nothing of it.
fn asked(prompt: &str) -> Result<String, Failure> {
    rpassword::prompt_password(prompt).map_err(|error| {
        Failure::usage(format!(
            "no passphrase ({error}); without a terminal, use --passphrase-file"
        ))
    })
}

fn chip(text: &str) -> Result<Chip, &'static str> {
    text.parse()
}

/// A finding about a chip, as against a station that cannot be used.
fn refused(error: &impl ToString) -> Failure {
    Failure::new(Exit::Refused, error.to_string())
}

macro_rules! usage {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::usage(error.to_string())
            }
        })*
    };
}

usage!(LineError, VaultError, ImageError, ReleaseError, ChipMakeError, ToolError, FusesError);

impl From<BurnError> for Failure {
    fn from(error: BurnError) -> Self {
        match &error {
            BurnError::Foreign(_)
            | BurnError::NotDone { .. }
            | BurnError::Flash(_)
            | BurnError::Signature { .. }
            | BurnError::Closed
            | BurnError::Torn(_)
            | BurnError::Claim(_)
            | BurnError::Swapped { .. }
            | BurnError::Image { .. }
            | BurnError::OtherImage(_)
            | BurnError::Fuses(_)
            | BurnError::Tool(_) => refused(&error),
            BurnError::NoPair(_)
            | BurnError::NoKeys(_)
            | BurnError::Linux(_)
            | BurnError::Vault(_)
            | BurnError::FlashKey(_)
            | BurnError::Record(_)
            | BurnError::Release(_)
            | BurnError::Line(_)
            | BurnError::Factory(_)
            | BurnError::Batch(_)
            | BurnError::Random(_)
            | BurnError::Disk(_) => Self::usage(error.to_string()),
        }
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Burn(error) => error.into(),
            CheckError::Unfinished(_)
            | CheckError::Said { .. }
            | CheckError::Unknown(_)
            | CheckError::OtherChip { .. }
            | CheckError::Forgotten { .. }
            | CheckError::Nobody(_)
            | CheckError::NeverBurnt(_)
            | CheckError::Anonymous
            | CheckError::Tool(_) => refused(&error),
        }
    }
}
