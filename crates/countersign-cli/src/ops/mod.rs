//! What an operator does beside running the server: keys, backups, a look at what is stored.

mod audit;
mod backup;
mod data;
mod doctor;
mod error;
mod event;
mod keys;
mod league;
mod output;
mod span;
#[cfg(test)]
mod tests;
mod user;

use countersign::Timestamp;
use countersign_server::clock;
use std::io::Write;
use std::process::ExitCode;

use error::OpsError;
use output::Output;

/// The operator's commands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum OpsCommand {
    /// Make, show and change the keys that clients trust
    Keys(Box<keys::KeysArgs>),
    /// Copy the database while the server runs
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the database; the server has to be stopped
    Restore(backup::RestoreArgs),
    /// Look for what is wrong, or will be, and say what to do about it
    Doctor(doctor::DoctorArgs),
    /// List accounts, show one, and give or take its scopes
    User(user::UserArgs),
    /// Read the audit log
    Audit(audit::AuditArgs),
    /// Devices, matches, disputes, players, seasons and the rating ledger of a league
    League(Box<league::LeagueArgs>),
    /// Events that are judged: rosters, assignments, signed bundles, results
    Event(Box<event::EventArgs>),
}

/// Runs a command on standard output. The exit code is a failure, too, when `doctor` found something bad.
pub(crate) fn run(command: OpsCommand) -> ExitCode {
    match perform(command, clock::now(), &mut std::io::stdout().lock()) {
        Ok(code) => code,
        Err(error) => {
            crate::output::error(&error);
            ExitCode::FAILURE
        }
    }
}

/// Runs a command at a time, and writes what it found.
fn perform(command: OpsCommand, now: Timestamp, out: &mut dyn Write) -> Result<ExitCode, OpsError> {
    let mut out = Output::new(out);
    match command {
        OpsCommand::Keys(args) => keys::run(&args, now, &mut out)?,
        OpsCommand::Backup(args) => backup::backup(&args, &mut out)?,
        OpsCommand::Restore(args) => backup::restore(&args, &mut out)?,
        OpsCommand::Doctor(args) => return doctor::run(&args, now, &mut out),
        OpsCommand::User(args) => user::run(&args, now, &mut out)?,
        OpsCommand::Audit(args) => audit::run(&args, &mut out)?,
        OpsCommand::League(args) => return league::run(&args, now, &mut out),
        OpsCommand::Event(args) => return event::run(&args, now, &mut out),
    }
    Ok(ExitCode::SUCCESS)
}
