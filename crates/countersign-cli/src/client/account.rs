//! `account`: take everything along, or delete everything.

use super::connection::{Connection, ProfileArgs, forget};
use super::failure::Failure;
use super::show;
use crate::output;
use clap::{Args, Subcommand};
use std::path::PathBuf;

const CONFIRMATION: &str = "delete my account";

#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Fetches everything that the server stores about this account
    Export(Export),
    /// Deletes the account, all its sessions, and this session's key
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Write it to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  countersign account delete --confirm 'delete my account'")]
pub(crate) struct Delete {
    /// Has to be: delete my account
    #[arg(long, value_name = "TEXT")]
    confirm: String,
    #[command(flatten)]
    profile: ProfileArgs,
}

impl Account {
    pub(super) fn profile(&self) -> &ProfileArgs {
        match self {
            Self::Export(command) => &command.profile,
            Self::Delete(command) => &command.profile,
        }
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Export(command) => command.run().await,
            Self::Delete(command) => command.run().await,
        }
    }
}

impl Export {
    async fn run(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let reply = connection.demand("account.export", b"{}").await?;
        match &self.out {
            Some(path) => show::to_file(path, &reply.content)?,
            None => show::json(&show::payload(&reply.content)),
        }
        Ok(())
    }
}

impl Delete {
    async fn run(self) -> Result<(), Failure> {
        if self.confirm != CONFIRMATION {
            return Err(Failure::usage(format!(
                "nothing was deleted; to delete the account for good, add --confirm '{CONFIRMATION}'"
            )));
        }
        let connection = Connection::open(&self.profile)?;
        let payload = serde_json::json!({ "confirm": CONFIRMATION }).to_string();
        connection.demand("account.delete", payload.as_bytes()).await?;
        forget(&connection.profile, connection.client.state())?;
        if self.profile.json {
            show::json(&serde_json::json!({ "deleted": true }));
        } else {
            output::line("The account was deleted, and so was this session's key.");
        }
        Ok(())
    }
}
