//! Counting what all hubs handed over, and publishing it.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::Desk;
use super::{EventError, Named};
use countersign::EventId;
use countersign_judging::ProjectId;
use countersign_judging::count::Count;
use countersign_judging::event::Event;
use countersign_judging::tally::Estimate;
use countersign_server::desk::event::{Log, ResultsError, Union, gather};
use countersign_store::event::EventStore;
use serde_json::json;

/// Arguments of `event results`.
#[derive(Debug, clap::Args)]
pub(super) struct ResultsArgs {
    #[command(flatten)]
    event: Named,
    /// Let everybody see it, at /event/<id> and by `event.results`; again after more hubs handed over
    #[arg(long)]
    publish: bool,
}

pub(super) fn run(
    args: &ResultsArgs,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let event = args.event.id;
    desk.event(event)?;
    let logs = logs(event, desk)?;
    let union = Union::of(&logs, event, desk.now).map_err(EventError::from)?;
    let said = &union.view;
    if args.publish {
        publish(&union, desk)?;
    }
    if desk.json {
        return Ok(out.json(said)?);
    }
    let (votes, root) = (&said["votes"], union.venue.head().ballot_root);
    out.line(format_args!("{event}: {votes} votes of {} hubs, ballot root {root}", logs.len()))?;
    for count in &union.counts {
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
        return Err(EventError::Results(ResultsError::NoLogs(event)).into());
    }
    Ok(logs)
}

/// The same; none if no hub has handed over yet.
pub(super) fn handed_over(event: EventId, desk: &Desk<'_>) -> Result<Vec<Log>, OpsError> {
    let held = wait(gather(&desk.store, event))?;
    Ok(held.check(&desk.realm()?).map_err(EventError::from)?)
}

fn publish(union: &Union, desk: &Desk<'_>) -> Result<(), OpsError> {
    let event = union.venue.bundle().event().id;
    let results = union.results(desk.now).map_err(EventError::from)?;
    let ballot_root = results.ballot_root;
    if !wait(desk.store.publish_results(event, results))? {
        return Err(EventError::NoEvent(event).into());
    }
    let detail = json!({ "ballot_root": ballot_root.to_string(), "votes": union.view["votes"] });
    desk.note("event.results", event, detail)
}

fn title(event: &Event, project: &ProjectId) -> String {
    event.project(project).map(|project| project.title.clone()).unwrap_or_default()
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
