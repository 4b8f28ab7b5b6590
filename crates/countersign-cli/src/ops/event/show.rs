//! Lists and what is known of one event.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::Desk;
use countersign::EventId;
use countersign_keys::Utc;
use countersign_server::desk::event;
use countersign_store::event::{EventStore, EventSummary};
use serde_json::json;

/// Events that are read at once.
const PAGE: u32 = 200;

pub(super) fn list(desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let mut events: Vec<EventSummary> = Vec::new();
    loop {
        let after = events.last().map(|event| event.id);
        let page = wait(desk.store.list_events(after, PAGE))?;
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    if desk.json {
        return Ok(out.json(&events.iter().map(event::summary).collect())?);
    }
    let head = ["event", "starts", "bundle", "title"].map(str::to_owned).to_vec();
    let row = |event: &EventSummary| {
        let version = version(event.version);
        vec![event.id.to_string(), Utc(event.starts).to_string(), version, event.title.clone()]
    };
    let rows: Vec<_> = std::iter::once(head).chain(events.iter().map(row)).collect();
    Ok(out.table(&rows)?)
}

fn version(version: u32) -> String {
    if version == 0 { "none".to_owned() } else { version.to_string() }
}

pub(super) fn show(id: EventId, desk: &Desk<'_>, out: &mut Output<'_>) -> Result<(), OpsError> {
    let (stored, plan) = desk.event(id)?;
    let roster = wait(desk.store.roster(id))?;
    let enrolled = roster.iter().filter(|line| line.enrolment.is_some()).count();
    let heads = wait(desk.store.heads(id))?;
    let union = wait(desk.store.ballot_union(id))?;
    let results = wait(desk.store.find_results(id))?;
    if desk.json {
        let mut said = event::summary(&stored.summary);
        said["projects"] = json!(plan.projects.len());
        said["judges"] = json!(roster.len());
        said["enrolled"] = json!(enrolled);
        said["assignments"] = json!(plan.assignments.len());
        said["hubs"] = json!(plan.hubs.len());
        said["heads"] = heads.iter().map(event::head).collect();
        said["votes"] = json!(union.votes.len());
        said["results_ms"] = json!(results.map(|results| results.published.as_millis()));
        return Ok(out.json(&said)?);
    }
    let summary = &stored.summary;
    out.line(format_args!("{id}: {}", summary.title))?;
    out.line(format_args!("  from         {}", Utc(summary.starts)))?;
    out.line(format_args!("  to           {}", Utc(summary.ends)))?;
    out.line(format_args!("  bundle       {}", version(summary.version)))?;
    out.line(format_args!("  projects     {}", plan.projects.len()))?;
    out.line(format_args!("  judges       {}, {enrolled} with a key", roster.len()))?;
    out.line(format_args!("  assignments  {}", plan.assignments.len()))?;
    out.line(format_args!("  hubs         {}", plan.hubs.len()))?;
    for head in &heads {
        let what = if head.is_fork { "signed ANOTHER log of" } else { "handed over" };
        let (entries, at) = (head.entries, Utc(head.received));
        out.line(format_args!("  hub {} {what} {entries} entries at {at}", head.hub))?;
    }
    out.line(format_args!("  votes        {}", union.votes.len()))?;
    let published = results.map(|results| Utc(results.published).to_string());
    out.line(format_args!("  results      {}", published.as_deref().unwrap_or("not published")))?;
    Ok(())
}
