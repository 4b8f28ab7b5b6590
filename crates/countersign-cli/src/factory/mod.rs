//! `countersign factory`: from an empty folder to boxes that the server knows.

mod chip;
mod init;
mod make;
mod register;
mod show;
mod verify;

use crate::client::failure::{Exit, Failure};
use countersign_factory::{
    BatchError, ChipError, FactoryError, MakeError, RegisterError, SettingsError,
};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Make goal-line pairs: keys, certificates, device folders, labels; and tell the server of them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A pair is two boxes that belong together for good: a master and a slave. The factory draws a key for each (or takes \
the public keys that chips made), signs a certificate that names both, and writes for each box the folder that \
`countersign-device` starts from. A batch is finished with a signed manifest; the server takes pairs of batches \
whose factory key it has been told.

Once, at the station:
  countersign factory init factory --station 'bench 1' --app league --audience league.example.org \\
      --server https://league.example.org --root 8139770e…f9b394
Then give the public key that it prints to the server.

For every batch:
  countersign factory make --count 100
  countersign factory verify
  countersign factory register --profile station

Boxes that are microcontrollers keep their secrets in fuses: see `countersign factory chip --help`.

An interrupted command is run again as it was: it goes on where it stopped, and no key is used twice.

Back up factory.key to an offline medium. Delete the device folders here when they are on the devices: whoever has \
a copy of master.key can sign matches that were never played.

Exit codes: 0 done, 1 something is wrong with a batch, or the server refused, 2 wrong usage, or the station cannot \
be used, 3 transport or verification failed, 4 logged out.")]
pub(crate) struct FactoryArgs {
    #[command(subcommand)]
    command: FactoryCommand,
}

#[derive(Debug, clap::Subcommand)]
enum FactoryCommand {
    Init(init::Init),
    Refresh(init::Refresh),
    Make(make::Make),
    Verify(verify::Verify),
    Show(show::Show),
    Register(register::Register),
    Chip(chip::ChipArgs),
}

pub(crate) fn run(args: FactoryArgs) -> ExitCode {
    let json = match &args.command {
        FactoryCommand::Register(command) => command.wants_json(),
        FactoryCommand::Init(_)
        | FactoryCommand::Refresh(_)
        | FactoryCommand::Make(_)
        | FactoryCommand::Verify(_)
        | FactoryCommand::Show(_)
        | FactoryCommand::Chip(_) => false,
    };
    let done = match args.command {
        FactoryCommand::Init(command) => command.run(),
        FactoryCommand::Refresh(command) => command.run(),
        FactoryCommand::Make(command) => command.run(),
        FactoryCommand::Verify(command) => command.run(),
        FactoryCommand::Show(command) => command.run(),
        FactoryCommand::Register(command) => command.run(),
        FactoryCommand::Chip(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

/// Runs what needs the network.
fn online<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::new(Exit::Failed, format!("no runtime: {e}")))?;
    runtime.block_on(work)
}

/// How far long work has come: a line that changes on a terminal, a line for each tenth elsewhere.
struct Progress {
    what: &'static str,
    tenth: usize,
}

impl Progress {
    /// Work shorter than this says nothing.
    const LONG: usize = 20;

    fn new(what: &'static str) -> Self {
        Self { what, tenth: 0 }
    }

    fn at(&mut self, done: usize, total: usize) {
        if total < Self::LONG {
            return;
        }
        let (tenth, what) = (done * 10 / total, self.what);
        let mut to = std::io::stderr();
        // Whoever closed it does not want to know.
        if to.is_terminal() {
            let end = if done == total { "\n" } else { "" };
            drop(write!(to, "\r{what} {done} of {total}{end}").and_then(|()| to.flush()));
        } else if tenth > self.tenth {
            drop(writeln!(to, "{what} {done} of {total}"));
        }
        self.tenth = tenth;
    }
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

usage!(FactoryError, MakeError, BatchError, RegisterError, ChipError, SettingsError);
