//! `console.events`, `console.event`: what is judged, by whom, and how far it is.

use super::proof::{Desk, Organiser};
use super::{Stop, limit, not_found};
use crate::app::Backend;
use crate::desk::event::{Plan, PlanRound, head, summary};
use crate::reply::Reply;
use countersign::{EventId, Fingerprint, ResultCode};
use countersign_store::StoreError;
use countersign_store::event::{BallotUnion, RosterLine, StoredEvent};
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
    let (event, store) = (named(desk)?, desk.store());
    let stored = store.find_event(event).await?.ok_or_else(not_found)?;
    let plan = decoded(&stored.content)?;
    let (roster, union) = (store.roster(event).await?, store.ballot_union(event).await?);
    let results = store.find_results(event).await?;
    let mut said = summary(&stored.summary);
    said["judges"] = judges(&roster, &union, &plan);
    said["hubs"] = store.heads(event).await?.iter().map(head).collect();
    said["votes"] = union.votes.len().into();
    said["may_change"] = Mine::may(desk, &plan).into();
    said["revision"] = stored.revision.into();
    said["projects"] = plan.projects.len().into();
    said["cards"] = plan.projects.iter().map(|it| it.categories.len()).sum::<usize>().into();
    said["rounds"] = plan.rounds.iter().map(|it| round(it, &plan)).collect();
    said["hub_names"] = plan.hubs.iter().map(|hub| hub.name.as_str()).collect();
    said["results_ms"] = results.map(|it| it.published.as_millis()).into();
    Ok(Reply::json(&said))
}

/// Who judges, whether they have a key, and how many of their votes arrived.
fn judges(roster: &[RosterLine], union: &BallotUnion, plan: &Plan) -> Value {
    let mut assigned: HashMap<&str, u32> = HashMap::new();
    for (judge, ..) in &plan.assignments {
        *assigned.entry(judge).or_default() += 1;
    }
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
            "assigned": assigned.get(line.judge.as_str()).copied().unwrap_or(0),
            "published": key.map(|key| key.published),
            "replaceable": key.is_some_and(|key| key.replaceable),
        })
    };
    roster.iter().map(judge).collect()
}

fn round(round: &PlanRound, plan: &Plan) -> Value {
    let assigned = plan.assignments.iter().filter(|row| row.1 == round.number).count();
    json!({ "round": round.number, "title": round.title, "assigned": assigned })
}

/// An event that whoever is at the desk may change.
pub(super) struct Mine {
    pub(super) stored: StoredEvent,
    pub(super) plan: Plan,
}

impl Mine {
    /// Whoever made it, and operators. What was made beside the server is nobody's.
    pub(super) fn may<S: Backend>(desk: &Desk<'_, S, Organiser>, plan: &Plan) -> bool {
        desk.is_operator() || plan.owner.as_deref() == Some(desk.me().0.to_string().as_str())
    }
}

/// The event, if it is theirs. `[O4]`
pub(super) async fn mine<S: Backend>(
    desk: &Desk<'_, S, Organiser>,
    event: EventId,
) -> Result<Mine, Stop> {
    let stored = desk.store().find_event(event).await?.ok_or_else(not_found)?;
    let plan = decoded(&stored.content)?;
    match Mine::may(desk, &plan) {
        true => Ok(Mine { stored, plan }),
        false => {
            let message = "only who made this event, or an operator, may do this";
            let members = [("reason", "not_yours".into()), ("message", message.into())];
            Err(Reply::error_with(ResultCode::CONFLICT, &members).into())
        }
    }
}

/// The event that a payload of nothing else names.
pub(super) fn named<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<EventId, Reply> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        event: String,
    }
    let Wish { event } = desk.payload(r#"expected {"event":"<id>"}"#)?;
    id(&event)
}

pub(super) fn decoded(content: &[u8]) -> Result<Plan, StoreError> {
    Plan::decode(content).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Work that takes a core for a while, beside those that verify requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Engine(format!("it was not done: {error}")))
}

pub(super) fn id(text: &str) -> Result<EventId, Reply> {
    let expected = "an event's id has 1 to 32 of A-Z a-z 0-9 _ - .";
    EventId::new(text).map_err(|_| Reply::invalid(expected))
}
