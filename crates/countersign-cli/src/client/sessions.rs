//! `sessions`: every device of the account.

use super::connection::{Connection, ProfileArgs, forget};
use super::failure::Failure;
use super::show;
use crate::output;
use clap::{Args, Subcommand};
use countersign::{SessionId, Timestamp};
use serde::Deserialize;

#[derive(Debug, Subcommand)]
pub(crate) enum Sessions {
    /// Lists every device that is logged in to this account
    List(#[command(flatten)] ProfileArgs),
    /// Gives a session another name
    Rename(Rename),
    /// Ends a session; its key is worthless from then on
    Revoke(Revoke),
    /// Ends every session but this one
    RevokeOthers(#[command(flatten)] ProfileArgs),
    /// Ends every session, also this one, and deletes its key
    RevokeAll(#[command(flatten)] ProfileArgs),
}

#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Which session; `sessions list` shows the ids
    session_id: SessionId,
    /// Its new name
    name: String,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Which session; `sessions list` shows the ids
    session_id: SessionId,
    #[command(flatten)]
    profile: ProfileArgs,
}

#[derive(Debug, Deserialize)]
struct Listed {
    sessions: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    session_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    platform: String,
    created_ms: u64,
    last_seen_ms: Option<u64>,
    #[serde(default)]
    current: bool,
    #[serde(default)]
    status: String,
}

impl Sessions {
    pub(super) fn profile(&self) -> &ProfileArgs {
        match self {
            Self::List(profile) | Self::RevokeOthers(profile) | Self::RevokeAll(profile) => profile,
            Self::Rename(command) => &command.profile,
            Self::Revoke(command) => &command.profile,
        }
    }

    pub(super) async fn run(self) -> Result<(), Failure> {
        let args = self.profile().clone();
        let connection = Connection::open(&args)?;
        let (message_type, payload) = self.request();
        let reply = connection.demand(message_type, payload.to_string().as_bytes()).await?;
        let ended = match &self {
            Self::RevokeAll(_) => true,
            Self::Revoke(command) => command.session_id == connection.client.session_id(),
            Self::List(_) | Self::Rename(_) | Self::RevokeOthers(_) => false,
        };
        if ended {
            forget(&connection.profile, connection.client.state())?;
        }
        if args.json {
            show::json(&show::payload(&reply.content));
            return Ok(());
        }
        match &self {
            Self::List(_) => list(&reply.content)?,
            Self::Rename(command) => output::line(&format!("It is called '{}' now.", command.name)),
            Self::Revoke(_) => output::line("The session has ended."),
            Self::RevokeOthers(_) | Self::RevokeAll(_) => {
                let revoked = show::payload(&reply.content)["revoked"].clone();
                output::line(&format!("{revoked} session(s) ended."));
            }
        }
        if ended {
            output::line("This was one of them; its key was deleted.");
        }
        Ok(())
    }

    fn request(&self) -> (&'static str, serde_json::Value) {
        match self {
            Self::List(_) => ("session.list", serde_json::json!({})),
            Self::Rename(Rename { session_id, name, .. }) => (
                "session.rename",
                serde_json::json!({ "session_id": session_id.to_string(), "name": name }),
            ),
            Self::Revoke(Revoke { session_id, .. }) => {
                ("session.revoke", serde_json::json!({ "session_id": session_id.to_string() }))
            }
            Self::RevokeOthers(_) => ("session.revoke_others", serde_json::json!({})),
            Self::RevokeAll(_) => ("session.revoke_all", serde_json::json!({})),
        }
    }
}

fn list(content: &[u8]) -> Result<(), Failure> {
    let listed: Listed = serde_json::from_slice(content).map_err(|e| {
        Failure::new(super::Exit::Failed, format!("the list of sessions cannot be read: {e}"))
    })?;
    let head = ["", "session", "name", "platform", "since", "last seen", "status"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let time = |ms| show::time(Timestamp::from_millis(ms));
    rows.extend(listed.sessions.into_iter().map(|entry| {
        vec![
            if entry.current { "*" } else { "" }.to_owned(),
            entry.session_id,
            entry.name,
            entry.platform,
            time(entry.created_ms),
            entry.last_seen_ms.map_or_else(|| "never".to_owned(), time),
            entry.status,
        ]
    }));
    show::table(&rows);
    Ok(())
}
