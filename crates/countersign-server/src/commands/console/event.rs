//! `console.events`, `console.event`: what is judged, by whom, and how far it is.

use super::proof::{Desk, Organiser};
use super::{Stop, limit, not_found};
use crate::app::Backend;
use crate::desk::event::{head, summary};
use crate::reply::Reply;
use countersign::{EventId, Fingerprint};
use countersign_store::event::{BallotUnion, RosterLine};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) async fn list<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        after: Option<String>,
        limit: Option<u32>,
    }
    let expected = r#"expected {"after":"<id>","limit":<1 to 200>}, each optional"#;
    let Wish { after, limit: wanted } = desk.payload(expected)?;
    let (after, limit) = (after.map(|it| id(&it)).transpose()?, limit(wanted)?);
    let events = desk.store().list_events(after, limit).await?;
    let next = events.last().filter(|_| events.len() == limit as usize);
    let next = next.map(|last| last.id.as_str().to_owned());
    let events: Vec<Value> = events.iter().map(summary).collect();
    Ok(Reply::json(&json!({ "events": events, "next": next })))
}

pub(super) async fn show<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        event: String,
    }
    let Wish { event } = desk.payload(r#"expected {"event":"<id>"}"#)?;
    let (event, store) = (id(&event)?, desk.store());
    let stored = store.find_event(event).await?.ok_or_else(not_found)?;
    let (roster, union) = (store.roster(event).await?, store.ballot_union(event).await?);
    let results = store.find_results(event).await?;
    let mut said = summary(&stored.summary);
    said["judges"] = judges(&roster, &union);
    said["hubs"] = store.heads(event).await?.iter().map(head).collect();
    said["votes"] = union.votes.len().into();
    said["results_ms"] = results.map(|it| it.published.as_millis()).into();
    Ok(Reply::json(&said))
}

/// Who judges, whether they have a key, and how many of their votes arrived.
fn judges(roster: &[RosterLine], union: &BallotUnion) -> Value {
    let mut votes: HashMap<Fingerprint, u32> = HashMap::new();
    for vote in &union.votes {
        *votes.entry(vote.signer).or_default() += 1;
    }
    let judge = |line: &RosterLine| {
        let key = line.enrolment.as_ref();
        let count = key.and_then(|key| votes.get(&key.fingerprint)).copied();
        json!({
            "judge": line.judge.as_str(),
            "address": line.address,
            "enrolled_ms": key.map(|key| key.at.as_millis()),
            "votes": count.unwrap_or(0),
        })
    };
    roster.iter().map(judge).collect()
}

fn id(text: &str) -> Result<EventId, Reply> {
    let expected = "an event's id has 1 to 32 of A-Z a-z 0-9 _ - .";
    EventId::new(text).map_err(|_| Reply::invalid(expected))
}
