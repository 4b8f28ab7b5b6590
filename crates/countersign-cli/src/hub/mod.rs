//! `countersign hub`: the venue's server. The commands are thin; `countersign-hub` decides.

mod init;
mod run;
mod sync;

use crate::client::failure::{Exit, Failure};
use crate::output;
use countersign_hub::{Command, HubError, command};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Longest text of a scanned code.
const CODE_MAX: u64 = 4 * 1024;

/// The venue's server: takes votes without the internet, keeps them, shows the tally
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Before the event, on the machine that will be the hub:
  countersign hub init --dir hub --name 'Main hall'
and put what it prints into event.toml. On the day, with the event's package from the server:
  countersign hub run --dir hub --bundle fair.package --root 8139770e…f9b394

While it runs, from another terminal (or on the folder, while it does not):
  countersign hub status --dir hub
  countersign hub open --dir hub --round 1
  countersign hub seal --dir hub
  countersign hub export --dir hub --out results

After the event, with internet and an account that has the scope `hub`:
  countersign hub sync --dir hub

Exit codes: 0 done, 1 the hub said no, 2 wrong usage, or the folder cannot be used, 3 the hub had to stop.")]
pub(crate) struct HubArgs {
    #[command(subcommand)]
    command: HubCommand,
}

#[derive(Debug, clap::Subcommand)]
enum HubCommand {
    Init(init::Init),
    Run(Box<run::Run>),
    /// Opens a round, also one that was closed
    Open(RoundArgs),
    /// Closes a round: votes that come in later are refused
    Close(RoundArgs),
    /// Takes nothing more from a judge's key: for lost phones
    Revoke {
        #[command(flatten)]
        dir: Dir,
        /// The judge's id
        #[arg(long, value_name = "JUDGE")]
        judge: String,
    },
    /// Makes a new event key: the old QR code is of no more use
    Rekey(DirArgs),
    /// Shows the code for relay boxes: with it they forward and check, and read nothing. Keep it off the screen
    Net(DirArgs),
    /// Shows how things stand; no scores
    Status(DirArgs),
    /// Shows the tally by every method
    Tally(DirArgs),
    /// Takes a vote that a judge's phone shows as a QR code
    Scan {
        #[command(flatten)]
        dir: Dir,
        /// The text of the code, `NODUS-VOTE:…`; from standard input if left out
        code: Option<String>,
    },
    /// Takes over the votes and revocations of another hub of this event
    Merge {
        #[command(flatten)]
        dir: Dir,
        /// The other hub's log.bin
        log: PathBuf,
    },
    /// Ends the event: closes every round and signs the log's head
    Seal(DirArgs),
    /// Writes everything that a third party needs to count again
    Export {
        #[command(flatten)]
        dir: Dir,
        /// The folder to make
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    Sync(sync::Sync),
}

/// Which hub.
#[derive(Debug, Clone, clap::Args)]
struct Dir {
    /// The hub's folder
    #[arg(long, value_name = "DIR", default_value = "hub", env = "COUNTERSIGN_HUB")]
    dir: PathBuf,
    /// Answers as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct DirArgs {
    #[command(flatten)]
    dir: Dir,
}

#[derive(Debug, Clone, clap::Args)]
struct RoundArgs {
    #[command(flatten)]
    dir: Dir,
    /// The round's number
    #[arg(long, value_name = "N")]
    round: u8,
}

pub(crate) fn run(args: HubArgs) -> ExitCode {
    let done = match args.command {
        HubCommand::Init(command) => command.run(),
        HubCommand::Run(command) => command.run(),
        HubCommand::Sync(command) => return command.run(),
        HubCommand::Open(_)
        | HubCommand::Close(_)
        | HubCommand::Revoke { .. }
        | HubCommand::Rekey(_)
        | HubCommand::Net(_)
        | HubCommand::Status(_)
        | HubCommand::Tally(_)
        | HubCommand::Scan { .. }
        | HubCommand::Merge { .. }
        | HubCommand::Seal(_)
        | HubCommand::Export { .. } => {
            args.command.into_command().and_then(|(dir, what)| obey(&dir, what))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(false),
    }
}

impl HubCommand {
    fn into_command(self) -> Result<(Dir, Command), Failure> {
        Ok(match self {
            Self::Open(args) => (args.dir, Command::Open { round: args.round }),
            Self::Close(args) => (args.dir, Command::Close { round: args.round }),
            Self::Revoke { dir, judge } => (dir, Command::Revoke { judge }),
            Self::Rekey(args) => (args.dir, Command::Rekey),
            Self::Net(args) => (args.dir, Command::Net),
            Self::Status(args) => (args.dir, Command::Status),
            Self::Tally(args) => (args.dir, Command::Tally),
            Self::Scan { dir, code: Some(text) } => (dir, Command::Scan { text }),
            Self::Scan { dir, code: None } => (dir, Command::Scan { text: scanned()? }),
            Self::Merge { dir, log } => (dir, Command::Merge { log: absolute(&log)? }),
            Self::Seal(args) => (args.dir, Command::Seal),
            Self::Export { dir, out } => (dir, Command::Export { out: absolute(&out)? }),
            Self::Init(_) | Self::Run(_) | Self::Sync(_) => {
                return Err(Failure::usage("this is no command to a hub"));
            }
        })
    }
}

/// The running hub has another working folder.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// A scanner types like a keyboard.
fn scanned() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(CODE_MAX).read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("standard input: {error}")))?;
    Ok(text)
}

fn obey(dir: &Dir, what: Command) -> Result<(), Failure> {
    let runtime = runtime()?;
    let answer = runtime.block_on(command(&dir.dir, what))?;
    if !answer.ok {
        return Err(Failure::new(Exit::Refused, answer.text));
    }
    match (dir.json, answer.state) {
        (true, Some(state)) => output::line(&state.to_string()),
        (true, None) => output::line(&serde_json::json!({ "text": answer.text }).to_string()),
        (false, _) => output::line(&answer.text),
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(Exit::Failed, format!("no runtime: {error}")))
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        let stopped = matches!(error, HubError::Stopped(_) | HubError::Ended | HubError::System(_));
        let exit = if stopped { Exit::Failed } else { Exit::Usage };
        Self::new(exit, error.to_string())
    }
}
