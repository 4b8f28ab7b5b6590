//! Counting what all hubs handed over, and publishing it.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::Desk;
use super::{EventError, Named};
use countersign::evidence::Signed;
use countersign::{EventId, Realm};
use countersign_hub::count::{Count, counts};
use countersign_judging::event::Event;
use countersign_judging::tally::{Estimate, Standing};
use countersign_judging::{Bundle, ProjectId, Venue, verify_log};
use countersign_store::event::{EventStore, RESULTS_MAX, Results, StoredHead};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Arguments of `event results`.
#[derive(Debug, clap::Args)]
pub(super) struct ResultsArgs {
    #[command(flatten)]
    event: Named,
    /// Let everybody see it, at /event/<id> and by `event.results`; again after more hubs handed over
    #[arg(long)]
    publish: bool,
}

/// A hub's log that passed every check once more.
pub(super) struct Log {
    pub(super) head: StoredHead,
    pub(super) bytes: Vec<u8>,
    pub(super) venue: Venue,
}

/// What all hubs together say.
struct Union {
    venue: Venue,
    /// Votes and revocations that do not fit the newest log's bundle.
    left_out: usize,
}

pub(super) fn run(
    args: &ResultsArgs,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let event = args.event.id;
    desk.event(event)?;
    let logs = logs(event, desk)?;
    let union = union(&logs, event, desk)?;
    let counts = counts(&union.venue).map_err(EventError::from)?;
    let said = as_json(&union, &logs, &counts);
    if args.publish {
        publish(&union, &said, desk)?;
    }
    if desk.json {
        return Ok(out.json(&said)?);
    }
    let (votes, root) = (&said["votes"], union.venue.head().ballot_root);
    out.line(format_args!("{event}: {votes} votes of {} hubs, ballot root {root}", logs.len()))?;
    for count in &counts {
        out.line(format_args!("\nRound {}, {}", count.ballots.round, count.ballots.category))?;
        out.table(&table(count, union.venue.bundle().event()))?;
    }
    let (alarms, left_out) = (union.venue.alarms().len(), union.left_out);
    if alarms + left_out > 0 {
        out.line(format_args!(
            "\nLook at this first: {alarms} judges said two things at two hubs, {left_out} votes do not fit."
        ))?;
    }
    if args.publish {
        out.line("\nThese results are published.")?;
    }
    Ok(())
}

/// Every log that was handed over, each decision in it taken once more.
pub(super) fn logs(event: EventId, desk: &Desk<'_>) -> Result<Vec<Log>, OpsError> {
    let logs = handed_over(event, desk)?;
    if logs.is_empty() {
        return Err(EventError::NoLogs(event).into());
    }
    Ok(logs)
}

/// The same; none if no hub has handed over yet.
pub(super) fn handed_over(event: EventId, desk: &Desk<'_>) -> Result<Vec<Log>, OpsError> {
    let (realm, bundles) = (desk.realm()?, desk.bundles(event)?);
    let mut newest: BTreeMap<_, StoredHead> = BTreeMap::new();
    for head in wait(desk.store.heads(event))?.into_iter().filter(|head| !head.is_fork) {
        newest.insert(head.hub, head);
    }
    let mut logs = Vec::new();
    for head in newest.into_values() {
        let held = wait(desk.store.held_log(event, head.hub))?;
        let mut bytes = wait(desk.store.read_log(event, head.hub))?;
        bytes.truncate(usize::try_from(held.verified).unwrap_or(usize::MAX));
        let venue = verified(&realm, &bundles, &bytes, &head)?;
        logs.push(Log { head, bytes, venue });
    }
    Ok(logs)
}

fn verified(
    realm: &Realm,
    bundles: &[Signed<Bundle>],
    bytes: &[u8],
    head: &StoredHead,
) -> Result<Venue, EventError> {
    Ok(verify_log(realm, bundles, bytes, &head.frame)?.venue)
}

/// The logs put together, on top of the one with the newest bundle.
fn union(logs: &[Log], event: EventId, desk: &Desk<'_>) -> Result<Union, EventError> {
    let newest = logs.iter().max_by_key(|log| log.venue.bundle().event().version);
    let newest = newest.ok_or(EventError::NoLogs(event))?;
    let (mut venue, mut left_out) = (newest.venue.clone(), 0);
    for log in logs.iter().filter(|log| log.head.hub != newest.head.hub) {
        left_out += venue.merge(&log.venue, desk.now)?.left_out;
    }
    Ok(Union { venue, left_out })
}

/// What all logs together say, as it is published.
pub(super) fn all_as_json(
    logs: &[Log],
    event: EventId,
    desk: &Desk<'_>,
) -> Result<Value, EventError> {
    let union = union(logs, event, desk)?;
    let counts = counts(&union.venue)?;
    Ok(as_json(&union, logs, &counts))
}

fn publish(union: &Union, said: &Value, desk: &Desk<'_>) -> Result<(), OpsError> {
    let event = union.venue.bundle().event().id;
    let content = said.to_string().into_bytes();
    if content.len() > RESULTS_MAX {
        return Err(EventError::TooLong(content.len()).into());
    }
    let ballot_root = union.venue.head().ballot_root;
    let results = Results { content, ballot_root, published: desk.now };
    if !wait(desk.store.publish_results(event, results))? {
        return Err(EventError::NoEvent(event).into());
    }
    let detail = json!({ "ballot_root": ballot_root.to_string(), "votes": said["votes"] });
    desk.note("event.results", event, detail)
}

fn as_json(union: &Union, logs: &[Log], counts: &[Count]) -> Value {
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

fn table(of: &Count, event: &Event) -> Vec<Vec<String>> {
    let mut rows: Vec<_> = of.tally.projects.iter().zip(&of.ballots.projects).collect();
    let rank = |of: Option<Estimate>| of.and_then(|it| it.place).map(|place| place.rank);
    rows.sort_by_key(|(standing, _)| (rank(standing.ridge).unwrap_or(u32::MAX), standing.project));
    let percent = |of: Option<Estimate>| {
        of.map_or_else(
            || "-".to_owned(),
            |it| format!("{}.{:02}", it.value / 10_000, it.value.abs() / 100 % 100),
        )
    };
    let ranked =
        |of: Option<Estimate>| rank(of).map_or_else(|| "-".to_owned(), |it| it.to_string());
    let head = ["rank", "project", "votes", "ridge %", "raw %", "raw rank", "title"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for (standing, project) in rows {
        table.push(vec![
            ranked(standing.ridge),
            project.to_string(),
            standing.votes.to_string(),
            percent(standing.ridge),
            percent(standing.raw),
            ranked(standing.raw),
            format!("{}{}", title(event, project), if standing.anchor { " (anchor)" } else { "" }),
        ]);
    }
    table
}
