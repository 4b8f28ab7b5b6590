//! `judge bundle`: what this device takes along to the day.

use super::super::connection::{Connection, ProfileArgs};
use super::super::failure::{Exit, Failure};
use super::super::show;
use crate::output;
use clap::Args;
use countersign::EventId;
use countersign::evidence::{Received, Signed};
use countersign_judging::Bundle;
use std::path::PathBuf;

/// Fetches the event's newest signed bundle, checks it with the server's keys, and writes it into a file
///
/// `judge run --bundle FILE` takes it along. A judge with internet on the day needs none of this: `judge run` asks by itself.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// Which event
    #[arg(long, value_name = "EVENT")]
    event: EventId,
    /// Where to
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl Fetch {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let wish = serde_json::json!({ "event": self.event.as_str() }).to_string();
        let reply = connection.demand("event.bundle", wish.as_bytes()).await?;
        let bundle = checked(&connection, &reply.content)?;
        let event = bundle.value.event();
        if event.id != self.event {
            let why = format!("the server answered with a bundle of {}", event.id);
            return Err(Failure::new(Exit::Failed, why));
        }
        show::to_file(&self.out, &reply.content)?;
        let (version, projects) = (event.version, event.projects.len());
        if self.profile.json {
            show::json(&serde_json::json!({
                "event": event.id.as_str(), "version": version, "digest": bundle.digest.to_string(),
                "projects": projects, "judges": event.judges.len(),
            }));
            return Ok(());
        }
        output::line(&format!(
            "{} holds version {version} of {}: {}, {projects} projects, {} judges.",
            self.out.display(),
            event.id,
            event.title,
            event.judges.len()
        ));
        Ok(())
    }
}

/// The bundle, if a key of the server's set signed it at its time.
fn checked(connection: &Connection, frame: &[u8]) -> Result<Signed<Bundle>, Failure> {
    let wrong = |error: &dyn core::fmt::Display| {
        Failure::new(Exit::Failed, format!("the bundle is not to be believed: {error}"))
    };
    let state = connection.client.state();
    let (realm, keyset) = (state.trust.realm(), connection.client.keyset());
    let received = Received::<Bundle>::decode(frame).map_err(|error| wrong(&error))?;
    let signer = received.signer();
    let claimed = Signed::<Bundle>::reopen(realm, frame).map_err(|error| wrong(&error))?;
    let key = keyset.record_key(&signer, claimed.created).map_err(|error| wrong(&error))?;
    received.verify(realm, key).map_err(|error| wrong(&error))
}
