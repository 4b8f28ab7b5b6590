//! `hub sync`: after the event, the server gets everything and checks it once more.

use crate::client::connection::{Connection, ProfileArgs, refused};
use crate::client::failure::{Exit, Failure};
use crate::output;
use clap::Args;
use countersign::evidence::{Received, Signed};
use countersign_client::{HandOver, HandOverError};
use countersign_hub::{Command, Export, command};
use countersign_judging::log::{HandOverReceipt, LogHead};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Hands what the hub recorded over to the server, which verifies every vote again
///
/// Safe to repeat, and it goes on where it broke off. Every hub of an event hands over for itself, in any order; the server puts
/// together what they say. What it signs in return is kept beside the log.
#[derive(Debug, Args)]
#[command(after_help = "\
The profile's account needs the scope `hub`: countersign user grant ana@example.org hub, on the server.

Examples:
  countersign hub sync --dir hub                   a hub's folder, whether the hub runs or not
  countersign hub sync --dir results               what `countersign hub export` wrote
  countersign hub sync --dir hub --profile fair

Exit codes: 0 done, 1 the server refused (signed), 2 wrong usage, 3 transport or verification failed, 4 logged out.")]
pub(super) struct Sync {
    /// The hub's folder, or an export of it
    #[arg(long, value_name = "DIR", default_value = "hub", env = "COUNTERSIGN_HUB")]
    dir: PathBuf,
    #[command(flatten)]
    profile: ProfileArgs,
}

impl Sync {
    pub(super) fn run(self) -> ExitCode {
        let json = self.profile.json;
        let done = super::runtime().and_then(|runtime| runtime.block_on(self.sync()));
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(json),
        }
    }

    async fn sync(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let Export { log, head, .. } = recorded(&self.dir).await?;
        let realm = connection.client.state().trust.realm().clone();
        // The server says whether it is signed; here it only says whose it is.
        let own = Signed::<LogHead>::reopen(&realm, &head)
            .map_err(|error| Failure::usage(format!("the log's head cannot be read: {error}")))?;
        let hand_over =
            HandOver { event: own.value.event, hub: own.signer, log: &log, head: &head };
        let mut said = 0;
        let progress = |sent: u64, all: u64| {
            let percent = (sent * 100).checked_div(all).unwrap_or(100);
            if percent / 10 > said {
                said = percent / 10;
                output::note(&format!("{percent} % of {all} bytes"));
            }
        };
        let outcome = hand_over.run(&connection.client, progress).await;
        let frame = connection.settle(outcome)?;
        let receipt = signed_receipt(&connection, &frame)?;
        let file = self.dir.join("log.receipt");
        std::fs::write(&file, &frame)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        say(&receipt, self.profile.json);
        Ok(())
    }
}

/// Log and head: of an export, or of a hub's folder by way of one.
async fn recorded(dir: &Path) -> Result<Export, Failure> {
    let unreadable = |error: &dyn core::fmt::Display| Failure::usage(error.to_string());
    if !dir.join("hub.toml").is_file() {
        return Export::read(dir).map_err(|error| unreadable(&error));
    }
    let out = super::absolute(&dir.join("sync"))?;
    let remove = || match std::fs::remove_dir_all(&out) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unreadable(&error)),
        Ok(()) | Err(_) => Ok(()),
    };
    remove()?;
    let answer = command(dir, Command::Export { out: out.clone() }).await?;
    if !answer.ok {
        return Err(Failure::new(Exit::Refused, answer.text));
    }
    let export = Export::read(&out).map_err(|error| unreadable(&error))?;
    remove()?;
    Ok(export)
}

/// The receipt, if a key of the server's set signed it.
fn signed_receipt(connection: &Connection, frame: &[u8]) -> Result<HandOverReceipt, Failure> {
    let wrong = |error: &dyn core::fmt::Display| {
        Failure::new(Exit::Failed, format!("the server's receipt is not to be believed: {error}"))
    };
    let state = connection.client.state();
    let (realm, keyset) = (state.trust.realm(), connection.client.keyset());
    let received = Received::<HandOverReceipt>::decode(frame).map_err(|error| wrong(&error))?;
    let signer = received.signer();
    let created = Signed::<HandOverReceipt>::reopen(realm, frame).map_err(|error| wrong(&error))?;
    let key = keyset.record_key(&signer, created.created).map_err(|error| wrong(&error))?;
    Ok(received.verify(realm, key).map_err(|error| wrong(&error))?.value)
}

fn say(receipt: &HandOverReceipt, json: bool) {
    if json {
        return output::line(
            &serde_json::json!({
                "event": receipt.event.as_str(),
                "hub": receipt.hub.to_string(),
                "head": receipt.head.to_string(),
                "entries": receipt.entries,
                "votes": receipt.votes,
                "ballot_root": receipt.ballot_root.to_string(),
                "hubs": receipt.hubs,
                "all_votes": receipt.all_votes,
                "all_ballot_root": receipt.all_ballot_root.to_string(),
            })
            .to_string(),
        );
    }
    let HandOverReceipt { event, entries, votes, ballot_root, hubs, .. } = receipt;
    output::line(&format!("The server has this log of {event}: {entries} entries, {votes} votes."));
    output::line(&format!("Ballot root {ballot_root}"));
    if *hubs > 1 {
        let (votes, root) = (receipt.all_votes, receipt.all_ballot_root);
        output::line(&format!("Of {hubs} hubs: {votes} votes, ballot root {root}"));
    }
}

impl From<HandOverError> for Failure {
    fn from(error: HandOverError) -> Self {
        match error {
            HandOverError::Call(error) => error.into(),
            HandOverError::Refused(reply) => refused(&reply),
            HandOverError::Name(_) | HandOverError::Answer | HandOverError::OtherLog => {
                Self::new(Exit::Failed, error.to_string())
            }
        }
    }
}
