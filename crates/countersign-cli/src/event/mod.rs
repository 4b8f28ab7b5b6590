//! `countersign event`: what anybody can do with an event's files.

mod trust;
mod verify;

pub(crate) use trust::TrustArgs;

use std::process::ExitCode;

/// Look at an event's files and count them again
#[derive(Debug, clap::Args)]
pub(crate) struct EventArgs {
    #[command(subcommand)]
    command: EventCommand,
}

#[derive(Debug, clap::Subcommand)]
enum EventCommand {
    Verify(verify::Verify),
}

pub(crate) fn run(args: EventArgs) -> ExitCode {
    match args.command {
        EventCommand::Verify(command) => command.run(),
    }
}
