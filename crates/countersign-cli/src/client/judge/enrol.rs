//! `judge enrol`: the key that this device votes with gets onto the roster.

use super::super::connection::{Connection, ProfileArgs};
use super::super::failure::{Exit, Failure};
use super::super::show;
use super::key::of_or_new;
use crate::output;
use clap::Args;
use countersign::statement::{self, Subject};
use countersign::{EventId, Name, Signer};
use serde_json::{Value, json};

/// Registers the key that this device votes with, or lists the events that this account is invited to judge
///
/// The organiser has put the account's e-mail address on the event's roster. The key is made now if there is none, and stays on
/// this device. Once a bundle with it is published, only the organiser can let another take its place.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  countersign judge enrol                       where am I invited?
  countersign judge enrol --event FAIR_2027     register this device
  countersign judge bundle --event FAIR_2027 --out fair.bundle")]
pub(crate) struct Enrol {
    /// Which event
    #[arg(long, value_name = "EVENT")]
    event: Option<EventId>,
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl Enrol {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let connection = Connection::open(&self.profile)?;
        let Some(event) = self.event else { return list(&connection, self.profile.json).await };
        let key = of_or_new(&connection.profile)?;
        let state = connection.client.state();
        let session = state.session.as_ref();
        let session = session.ok_or_else(|| Failure::new(Exit::LoggedOut, "log in first"))?;
        let kind = Name::new("judge.key").map_err(|error| Failure::usage(error.to_string()))?;
        let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
        let input = session.session_id.as_bytes();
        let proof = statement::sign(state.trust.realm(), &key, subject, input);
        let wish = json!({
            "event": event.as_str(),
            "key": hex::encode(key.verifying_key().as_bytes()),
            "proof": hex::encode(proof),
        });
        let reply = connection.demand("event.enrol", wish.to_string().as_bytes()).await?;
        let said = show::payload(&reply.content);
        if self.profile.json {
            show::json(&said);
            return Ok(());
        }
        let judge = said["judge"].as_str().unwrap_or_default();
        let fingerprint = said["fingerprint"].as_str().unwrap_or_default();
        output::line(&format!("This device votes at {event} as {judge}."));
        output::line(&format!("Its key is {fingerprint}."));
        Ok(())
    }
}

async fn list(connection: &Connection, is_json: bool) -> Result<(), Failure> {
    let reply = connection.demand("event.list", b"{}").await?;
    let said = show::payload(&reply.content);
    if is_json {
        show::json(&said);
        return Ok(());
    }
    let events = said["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    if events.is_empty() {
        output::line("No event has this account's address on its roster.");
    }
    for event in events {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let key = if event["key"] == Value::Null { "no key yet" } else { "a key is registered" };
        output::line(&format!("{} as {}: {} ({key})", text("event"), text("judge"), text("title")));
    }
    Ok(())
}
