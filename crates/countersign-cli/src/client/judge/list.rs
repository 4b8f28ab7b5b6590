//! What this device knows of the event.

use super::super::connection::ProfileArgs;
use super::super::failure::Failure;
use super::DayArgs;
use super::places::word;
use crate::output;
use clap::Args;
use countersign_app::judge::{HubState, Judge, JudgeScreen, ProjectLine};
use serde_json::{Value, json};

/// Lists the projects, what was voted and what became of it
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(super) profile: ProfileArgs,
}

impl List {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let day = DayArgs::offline(self.profile);
        let headless = super::open(&day).await?;
        show(headless.judge(), day.profile.json);
        headless.stop().await;
        Ok(())
    }
}

/// The whole list.
pub(super) fn show(judge: &Judge, json: bool) {
    let screen = judge.screen();
    if json {
        return output::line(&document(&screen).to_string());
    }
    match (screen.event, screen.judge) {
        (Some(event), Some(id)) => {
            output::line(&format!("{} ({}), you are {id}", event.title, event.id));
        }
        (_, _) => return output::line("no event yet; see: countersign judge bundle --help"),
    }
    output::line(&format!(
        "{}; {}; {} still to do, {} without a receipt",
        hub(screen.hub),
        screen
            .round
            .map_or("no round is open".to_owned(), |round| format!("round {round} is open")),
        screen.left,
        screen.waiting
    ));
    screen.lines.iter().for_each(|line| output::line(&text(line)));
}

fn text(line: &ProjectLine<'_>) -> String {
    let mark = match (line.has_conflict, line.is_assigned) {
        (true, _) => 'x',
        (false, true) => '*',
        (false, false) => ' ',
    };
    let ballot = line.ballot.map_or(String::new(), |ballot| {
        let points: Vec<_> = ballot.points.iter().map(ToString::to_string).collect();
        format!("{} {}", points.join(","), word(&ballot.state))
    });
    let (project, category) = (line.project, &line.category.id);
    format!(
        "{mark} {:<16} {:<12} {:<8} {:<32} {ballot}",
        project.id, category, project.table, project.title
    )
    .trim_end()
    .to_owned()
}

const fn hub(state: HubState) -> &'static str {
    match state {
        HubState::NoCode => "the event's code was not scanned yet",
        HubState::Looking => "looking for the hub",
        HubState::Heard => "the hub was heard",
        HubState::Welcome => "the hub knows you",
        HubState::NewCode(_) => "the event has a new code: scan it",
    }
}

fn document(screen: &JudgeScreen<'_>) -> Value {
    let line = |line: &ProjectLine<'_>| {
        json!({
            "project": line.project.id.as_str(),
            "category": line.category.id.as_str(),
            "table": line.project.table,
            "title": line.project.title,
            "assigned": line.is_assigned,
            "conflict": line.has_conflict,
            "points": line.ballot.map(|ballot| &ballot.points),
            "revision": line.ballot.map(|ballot| ballot.revision),
            "state": line.ballot.map(|ballot| word(&ballot.state)),
        })
    };
    json!({
        "event": screen.event.map(|event| event.id.as_str()),
        "version": screen.event.map(|event| event.version),
        "judge": screen.judge.as_ref().map(|judge| judge.as_str()),
        "hub": hub(screen.hub),
        "offset_ms": screen.offset_ms,
        "round": screen.round,
        "left": screen.left,
        "waiting": screen.waiting,
        "lines": screen.lines.iter().map(line).collect::<Vec<_>>(),
    })
}
