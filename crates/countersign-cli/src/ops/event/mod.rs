//! `countersign event`: what the organiser of an event does on the server's machine, before the day and after it.

mod again;
mod assign;
mod desk;
mod error;
mod export;
mod files;
mod judges;
mod package;
mod publish;
mod results;
mod show;

use super::data::DataArgs;
use super::{OpsError, Output};
use crate::event::Verify;
use countersign::{EventId, Timestamp};
use desk::Desk;
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) use error::EventError;

/// Arguments of `event`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Works on the database of a data folder, also while the server runs. What changes something is noted in the audit log \
(`countersign audit`). File formats: docs/judging.md, with an example in examples/event.

Before the day:
  countersign event create event.toml --projects projects.csv --judges judges.csv
  countersign event judges FAIR_2027                  who has enrolled a key (`countersign judge enrol`)
  countersign event assign FAIR_2027 --views 3        who is asked to judge what
  countersign event publish FAIR_2027                 signs the bundle that devices take along
  countersign event bundle FAIR_2027 --out fair.package      for `countersign hub run`

A judge leaves in the middle of round 1:
  countersign hub sync --dir hub                      at the hub, which goes on; or carry its log.bin over (--log)
  countersign event assign FAIR_2027 --again --without J017
  countersign event publish FAIR_2027, then event bundle, and at the hub `hub run --bundle` with the new package

After the day, when the hubs have handed over (`countersign hub sync`):
  countersign event results FAIR_2027                 counts what all hubs accepted
  countersign event results FAIR_2027 --publish       and lets everybody ask for it
  countersign event export FAIR_2027 --out fair       a folder per hub, for `countersign event verify`

Exit codes: 0 done, 1 refused, 2 wrong usage.")]
pub(crate) struct EventArgs {
    #[command(flatten)]
    data: DataArgs,
    /// As JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: EventCommand,
}

#[derive(Debug, clap::Subcommand)]
enum EventCommand {
    /// Take an event from its organiser's files
    Create {
        #[command(flatten)]
        files: files::Files,
    },
    /// Take the files again; keys that judges enrolled stay, and so do assignments that still fit
    Amend {
        #[command(flatten)]
        files: files::Files,
    },
    /// Ask judges to judge projects, in balanced blocks; replaces what was assigned in that round, or deals out the rest of it again
    Assign(assign::AssignArgs),
    /// Sign the next version of the bundle; says everything that is wrong if it cannot
    Publish {
        #[command(flatten)]
        event: Named,
        /// Leave out judges who have no key yet; they can come with the next version
        #[arg(long)]
        without_missing: bool,
    },
    /// List events
    List,
    /// Show an event: counts, versions, logs of hubs
    Show(Named),
    /// List judges and their keys; allow one another key
    Judges(judges::JudgesArgs),
    /// Write the event's package, which a hub takes: a signed bundle and the keys behind it
    Bundle {
        #[command(flatten)]
        event: Named,
        /// Where to; never overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Another version than the newest
        #[arg(long, value_name = "VERSION")]
        number: Option<u32>,
        /// The record event.bundle alone, as judges' devices have it
        #[arg(long)]
        bare: bool,
    },
    /// Count what all hubs handed over; publish it
    Results(results::ResultsArgs),
    /// Write bundles, logs, heads, votes and results into a new folder
    Export {
        #[command(flatten)]
        event: Named,
        /// Where to; a folder that is not there yet
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    Verify(Verify),
}

/// Which event.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Named {
    /// The event's id
    #[arg(value_name = "EVENT", value_parser = event_id)]
    id: EventId,
}

pub(super) fn run(
    args: &EventArgs,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    // Needs no database.
    if let EventCommand::Verify(command) = &args.command {
        return Ok(command.run(args.json));
    }
    let desk = Desk { store: args.data.open()?, data: &args.data.data, now, json: args.json };
    match &args.command {
        EventCommand::Create { files } => publish::create(files, &desk, out)?,
        EventCommand::Amend { files } => publish::amend(files, &desk, out)?,
        EventCommand::Assign(args) => assign::run(args, &desk, out)?,
        EventCommand::Publish { event, without_missing } => {
            publish::publish(event.id, *without_missing, &desk, out)?;
        }
        EventCommand::Verify(_) => {}
        EventCommand::List => show::list(&desk, out)?,
        EventCommand::Show(event) => show::show(event.id, &desk, out)?,
        EventCommand::Judges(args) => judges::run(args, &desk, out)?,
        EventCommand::Bundle { event, out: file, number, bare } => {
            package::write(event.id, *number, *bare, file, &desk, out)?;
        }
        EventCommand::Results(args) => results::run(args, &desk, out)?,
        EventCommand::Export { event, out: folder } => {
            export::export(event.id, folder, &desk, out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn event_id(text: &str) -> Result<EventId, String> {
    EventId::new(text).map_err(|error| error.to_string())
}
