//! `logout`: the session ends on the server, then its key on this machine.

use super::connection::{Connection, ProfileArgs, forget};
use super::failure::Failure;
use super::show;
use crate::output;
use clap::Args;

/// Ends this session on the server and deletes its key
///
/// The server's root and the version of its key set stay remembered: an old key set cannot come back with the next login.
#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// Only delete the key here; the server is not told, and lists the session until somebody revokes it
    #[arg(long)]
    local: bool,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl Logout {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.local {
            let profile = self.profile.open()?;
            forget(&profile, profile.load()?)?;
        } else {
            let connection = Connection::open(&self.profile)?;
            let id = connection.client.session_id().to_string();
            let payload = serde_json::json!({ "session_id": id }).to_string();
            connection.demand("session.revoke", payload.as_bytes()).await?;
            forget(&connection.profile, connection.client.state())?;
        }
        if self.profile.json {
            show::json(&serde_json::json!({ "logged_out": true, "server_told": !self.local }));
        } else {
            output::line("Logged out; the key was deleted.");
        }
        Ok(())
    }
}
