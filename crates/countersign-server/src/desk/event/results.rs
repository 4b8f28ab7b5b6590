//! Counting what all hubs handed over.

use countersign::evidence::Signed;
use countersign::{EventId, Realm, Timestamp};
use countersign_judging::audit::AuditFault;
use countersign_judging::count::{Count, CountError, counts};
use countersign_judging::event::Event;
use countersign_judging::tally::{Estimate, Standing};
use countersign_judging::venue::MergeRefusal;
use countersign_judging::{Bundle, ProjectId, Venue, verify_log};
use countersign_store::StoreError;
use countersign_store::event::{EventStore, RESULTS_MAX, Results, StoredBundle, StoredHead};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Why there are no results.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// No hub was there yet.
    #[error("no hub has handed over a log of {0} yet")]
    NoLogs(EventId),
    /// A bundle of this server's own.
    #[error("a stored bundle cannot be read: {0}")]
    Bundle(String),
    /// A log that passed when it came.
    #[error("a stored log does not pass its checks any more: {0}")]
    Log(Box<AuditFault>),
    /// Logs of several hubs.
    #[error("two logs cannot be put together: {0}")]
    Merge(Box<MergeRefusal>),
    /// The ballots.
    #[error("the ballots cannot be counted: {0}")]
    Count(Box<CountError>),
    /// Too much to publish.
    #[error("the results have {0} bytes, more than the 4 MiB that can be published")]
    TooLong(usize),
}

/// What hubs handed over of an event, as the store has it; up to 256 MiB for each hub.
#[derive(Debug)]
pub struct Held {
    event: EventId,
    bundles: Vec<StoredBundle>,
    logs: Vec<(StoredHead, Vec<u8>)>,
}

/// A hub's log that passed every check once more.
#[derive(Debug)]
pub struct Log {
    /// The head under which it was verified.
    pub head: StoredHead,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says.
    pub venue: Venue,
}

/// What all hubs together say.
#[derive(Debug)]
pub struct Union {
    /// The logs put together, on top of the one with the newest bundle.
    pub venue: Venue,
    /// Votes and revocations that do not fit that bundle.
    pub left_out: usize,
    /// By round and category.
    pub counts: Vec<Count>,
    /// The same as programs read it, and as it is published.
    pub view: Value,
}

/// Reads what hubs handed over.
pub async fn gather(store: &impl EventStore, event: EventId) -> Result<Held, StoreError> {
    let bundles = store.bundles(event).await?;
    let mut newest: BTreeMap<_, StoredHead> = BTreeMap::new();
    for head in store.heads(event).await?.into_iter().filter(|head| !head.is_fork) {
        newest.insert(head.hub, head);
    }
    let mut logs = Vec::new();
    for head in newest.into_values() {
        let held = store.held_log(event, head.hub).await?;
        let mut bytes = store.read_log(event, head.hub).await?;
        bytes.truncate(usize::try_from(held.verified).unwrap_or(usize::MAX));
        logs.push((head, bytes));
    }
    Ok(Held { event, bundles, logs })
}

impl Held {
    /// Takes every decision once more. Takes a core for a while.
    pub fn check(self, realm: &Realm) -> Result<Vec<Log>, ResultsError> {
        let open = |bundle: &StoredBundle| Signed::<Bundle>::reopen(realm, &bundle.frame);
        let bundles = self.bundles.iter().map(open).collect::<Result<Vec<_>, _>>();
        let bundles = bundles.map_err(|error| ResultsError::Bundle(error.to_string()))?;
        let checked = self.logs.into_iter().map(|(head, bytes)| {
            let audit = verify_log(realm, &bundles, &bytes, &head.frame);
            let venue = audit.map_err(|fault| ResultsError::Log(Box::new(fault)))?.venue;
            Ok(Log { head, bytes, venue })
        });
        checked.collect()
    }

    /// Checks and counts.
    pub fn count(self, realm: &Realm, now: Timestamp) -> Result<Union, ResultsError> {
        let event = self.event;
        Union::of(&self.check(realm)?, event, now)
    }
}

impl Union {
    /// Puts logs together and counts what they say.
    pub fn of(logs: &[Log], event: EventId, now: Timestamp) -> Result<Self, ResultsError> {
        let newest = logs.iter().max_by_key(|log| log.venue.bundle().event().version);
        let newest = newest.ok_or(ResultsError::NoLogs(event))?;
        let (mut venue, mut left_out) = (newest.venue.clone(), 0);
        for log in logs.iter().filter(|log| log.head.hub != newest.head.hub) {
            let merged = venue.merge(&log.venue, now);
            left_out += merged.map_err(|refusal| ResultsError::Merge(Box::new(refusal)))?.left_out;
        }
        let counts = counts(&venue).map_err(|error| ResultsError::Count(Box::new(error)))?;
        let mut union = Self { venue, left_out, counts, view: Value::Null };
        union.view = view(&union, logs, &union.counts);
        Ok(union)
    }

    /// For the store.
    pub fn results(&self, now: Timestamp) -> Result<Results, ResultsError> {
        let content = self.view.to_string().into_bytes();
        if content.len() > RESULTS_MAX {
            return Err(ResultsError::TooLong(content.len()));
        }
        Ok(Results { content, ballot_root: self.venue.head().ballot_root, published: now })
    }
}

fn view(union: &Union, logs: &[Log], counts: &[Count]) -> Value {
    let head = union.venue.head();
    let event = union.venue.bundle().event();
    let hub = |log: &Log| {
        let name = event.hub(&log.head.hub).map(|hub| hub.name.clone());
        json!({ "hub": log.head.hub.to_string(), "name": name, "entries": log.head.entries,
            "head": log.head.digest.to_string() })
    };
    json!({
        "event": event.id.as_str(),
        "title": event.title,
        "bundle": event.version,
        "hubs": logs.iter().map(hub).collect::<Vec<_>>(),
        "votes": head.votes,
        "ballot_root": head.ballot_root.to_string(),
        "alarms": union.venue.alarms().len(),
        "left_out": union.left_out,
        "counts": counts.iter().map(|it| count(it, event)).collect::<Vec<_>>(),
    })
}

fn title(event: &Event, project: &ProjectId) -> String {
    event.project(project).map(|project| project.title.clone()).unwrap_or_default()
}

fn count(of: &Count, event: &Event) -> Value {
    let project = |(standing, project): (&Standing, &ProjectId)| {
        json!({
            "project": project.as_str(),
            "title": title(event, project),
            "anchor": standing.anchor,
            "votes": standing.votes,
            "recused": standing.recused,
            "group": standing.group,
            "raw": estimate(standing.raw),
            "ridge": estimate(standing.ridge),
            "bradley_terry": estimate(standing.bradley_terry),
        })
    };
    let projects = of.tally.projects.iter().zip(&of.ballots.projects).map(project);
    json!({
        "round": of.ballots.round,
        "category": of.ballots.category.as_str(),
        "groups": of.tally.groups,
        "projects": projects.collect::<Vec<_>>(),
    })
}

/// Millionths of the range.
fn estimate(of: Option<Estimate>) -> Value {
    let Some(of) = of else { return Value::Null };
    json!({
        "value": of.value,
        "error": of.error,
        "rank": of.place.map(|place| place.rank),
        "shared_by": of.place.map(|place| place.shared_by),
        "range": of.place.and_then(|place| place.range),
    })
}
