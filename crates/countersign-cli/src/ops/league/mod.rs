//! `countersign league`: what the operator of a league looks at and decides.

mod ask;
mod checks;
mod desk;
mod device;
mod dispute;
mod error;
mod evidence;
mod export;
mod game;
mod keys;
mod ledger;
mod player;
mod review;
mod ruling;
mod season;
mod show;

use super::data::DataArgs;
use super::{OpsError, Output};
use countersign::Timestamp;
use desk::Desk;
use std::process::ExitCode;

pub(super) use error::LeagueError;

/// Arguments of `league`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Works on the database of a data folder, also while the server runs. What changes something asks for --reason, which \
is kept in the audit log (`countersign audit`); what cannot be taken back, or moves ratings, asks for a word typed \
by hand, or for --yes. Numbers of points are points; --json gives thousandths, and times in milliseconds since 1970.

What waits for you:
  countersign league review                 queues, and what looks wrong in the last 30 days
  countersign league dispute list           players who disagree, devices that signed two results
  countersign league match list --frozen    matches that count only after your decision

Why a match counts as it does:
  countersign league match show ID
  countersign league match verify ID        every check again, from the stored evidence

A device that was stolen:
  countersign league device set GL-00007 revoked --reason 'stolen in Lyon, case 12'

Exit codes: 0 done or sound, 1 refused, or something is not sound, 2 wrong usage.")]
pub(crate) struct LeagueArgs {
    #[command(flatten)]
    data: DataArgs,
    /// As JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: LeagueCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LeagueCommand {
    /// List goal-line pairs, show one, and move it on in its life
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// List matches, show one, check its evidence again, and hand it to somebody else
    #[command(subcommand)]
    Match(game::MatchCommand),
    /// Check an exported match without any database: with the root key alone
    Verify(export::VerifyArgs),
    /// List disputes, show one, and rule on it
    #[command(subcommand)]
    Dispute(dispute::DisputeCommand),
    /// Show a player, bar one, take a penalty back, and say whose flags and votes count
    #[command(subcommand)]
    Player(player::PlayerCommand),
    /// Show the present season, and open the next one
    #[command(subcommand)]
    Season(season::SeasonCommand),
    /// List the lines of the rating ledger, or check it
    Ledger(ledger::LedgerArgs),
    /// Look for what is wrong in the matches of the last days, and for what waits
    Review(review::ReviewArgs),
}

pub(super) fn run(
    args: &LeagueArgs,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<ExitCode, OpsError> {
    // Needs no database.
    if let LeagueCommand::Verify(command) = &args.command {
        return export::verify(command, args.json, now, out);
    }
    let desk = Desk { store: args.data.open()?, data: &args.data.data, now, json: args.json };
    match &args.command {
        LeagueCommand::Device(command) => device::run(command, &desk, out)?,
        LeagueCommand::Match(command) => return game::run(command, &desk, out),
        LeagueCommand::Verify(_) => {}
        LeagueCommand::Dispute(command) => dispute::run(command, &desk, out)?,
        LeagueCommand::Player(command) => player::run(command, &desk, out)?,
        LeagueCommand::Season(command) => season::run(command, &desk, out)?,
        LeagueCommand::Ledger(command) => return ledger::run(command, &desk, out),
        LeagueCommand::Review(command) => review::run(command, &desk, out)?,
    }
    Ok(ExitCode::SUCCESS)
}
