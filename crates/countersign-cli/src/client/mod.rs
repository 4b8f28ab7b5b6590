//! The client's commands: log in, call, watch, look at every byte.

mod account;
mod call;
pub(crate) mod connection;
pub(crate) mod failure;
mod frame;
pub(crate) mod input;
mod inspect;
mod judge;
mod login;
mod logout;
mod player;
mod record;
mod scoreboard;
mod sessions;
pub(crate) mod show;
mod sign;
mod trust;
mod watch;

use clap::Subcommand;
use failure::{Exit, Failure};
use std::process::ExitCode;

// No doc comment: clap would take it for the description of the whole program. Those of the commands stand at their types.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    Login(login::Login),
    Logout(logout::Logout),
    Call(call::Call),
    Watch(watch::Watch),
    /// Lists, renames and revokes the sessions of this account
    #[command(subcommand)]
    Sessions(sessions::Sessions),
    /// Exports or deletes this account
    #[command(subcommand)]
    Account(account::Account),
    /// Signs records, hands them in, fetches them
    #[command(subcommand)]
    Record(record::Record),
    /// Shows and fetches the server keys that this device believes
    #[command(subcommand)]
    Trust(trust::TrustCommand),
    /// Plays at a goal-line device, prepares for it, and carries results
    #[command(subcommand)]
    Player(player::PlayerCommand),
    /// Judges at an event: bundle, code, votes over the mesh, receipts
    #[command(subcommand)]
    Judge(Box<judge::JudgeCommand>),
    Inspect(inspect::Inspect),
    /// Writes a signed frame without sending it, also wrong ones, for tests and other implementations
    ///
    /// Every field can be overridden with --set name=value, also with what no client would send; the signature is made
    /// over the result. Numbers are decimal or 0x…, bytes hexadecimal; `name=hex:…` replaces the field's bytes as they are.
    /// Further names: payload, append (bytes after the header's last field), signature, header_len, sig_len, domain,
    /// context_key.
    #[command(subcommand)]
    Sign(sign::Sign),
}

/// Runs a command. Exit codes: 0 done, 1 refused by the server, 2 wrong usage, 3 transport or verification failed, 4 logged out.
pub(crate) fn run(command: ClientCommand) -> ExitCode {
    let json = command.wants_json();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(command.run()),
        Err(error) => Err(Failure::new(Exit::Failed, format!("no runtime: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

impl ClientCommand {
    async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Login(command) => command.run().await,
            Self::Logout(command) => command.run().await,
            Self::Call(command) => command.run().await,
            Self::Watch(command) => command.run().await,
            Self::Sessions(command) => command.run().await,
            Self::Account(command) => command.run().await,
            Self::Record(command) => command.run().await,
            Self::Trust(command) => command.run().await,
            Self::Player(command) => command.run().await,
            Self::Judge(command) => command.run().await,
            Self::Inspect(command) => command.run(),
            Self::Sign(command) => command.run(),
        }
    }

    fn wants_json(&self) -> bool {
        match self {
            Self::Login(command) => command.profile.json,
            Self::Logout(command) => command.profile.json,
            Self::Call(command) => command.profile.json,
            Self::Watch(command) => command.profile.json,
            Self::Sessions(command) => command.profile().json,
            Self::Account(command) => command.profile().json,
            Self::Record(command) => command.profile().json,
            Self::Trust(command) => command.profile().json,
            Self::Player(command) => command.profile().json,
            Self::Judge(command) => command.profile().json,
            Self::Inspect(command) => command.profile.json,
            Self::Sign(_) => false,
        }
    }
}
