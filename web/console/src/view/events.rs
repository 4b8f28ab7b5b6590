//! Events that are judged: how far they are, and the tally with its three ways to count side by side.

use super::parts::{code, facts, lines, loading, more, named_heading, plain, section, tag};
use super::{prepare, set_up};
use crate::app::App;
use crate::route::Route;
use crate::said::{Count, Estimate, Event, Fair, Head, Judge, Project, Results};
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{named, title};
use countersign_web_kit::text::fill;

pub(super) fn list(app: &App, t: &Texts) -> Vec<Element> {
    let mut view = vec![title(t.events), set_up::link(t, |t| t.new_event)];
    match &app.data.events {
        None => view.push(loading(app, t)),
        Some(events) => {
            view.push(lines(t, events.rows.iter().map(|it| row(it, t)).collect()));
            view.extend(more(app, t, &events.next));
        }
    }
    view
}

fn row(event: &Event, t: &Texts) -> Element {
    let link = el("a").set("href", Route::Event(event.event.clone()).hash());
    let state = match event.version {
        0 => t.draft.to_owned(),
        version => fill(t.published, &[&version.to_string()]),
    };
    let (from, to) = (when::minute(event.starts_ms), when::minute(event.ends_ms));
    el("li")
        .keyed(event.event.clone())
        .with(link.with(named(&event.title)))
        .with(tag(state, ""))
        .with(el("span").class("quiet").text(fill(t.event_line, &[&from, &to])))
}

pub(super) fn one(app: &App, t: &Texts) -> Vec<Element> {
    let Some(fair) = &app.data.fair else {
        return vec![title(t.event), loading(app, t)];
    };
    let Fair { event, coverage } = fair;
    let bundle = match event.version {
        0 => t.none_yet.to_owned(),
        version => version.to_string(),
    };
    let results = coverage.results_ms.map_or_else(|| t.not_published.to_owned(), when::minute);
    let about = facts(vec![
        (t.starts, plain(when::minute(event.starts_ms))),
        (t.ends, plain(when::minute(event.ends_ms))),
        (t.bundle, plain(bundle)),
        (t.projects, plain(coverage.projects.to_string())),
        (t.votes, plain(coverage.votes.to_string())),
        (t.results, plain(results)),
        (t.id, code(&event.event)),
    ]);
    let about = el("section").class("card").with(about);
    let mut view = vec![named_heading(&event.title)];
    view.push(about);
    view.extend(prepare::view(app, t, fair));
    let judges = coverage.judges.iter().map(|it| judge(fair, it, t)).collect();
    view.push(el("h2").text(t.judges));
    view.push(lines(t, judges));
    let hubs = section(t.hubs);
    view.push(match coverage.hubs.is_empty() {
        true => hubs.with(el("p").class("quiet").text(t.no_hubs)),
        false => hubs.with(el("ul").class("lines").all(coverage.hubs.iter().map(|it| head(it, t)))),
    });
    match (&app.data.counted, &app.data.results) {
        (Some(Results { counts }), _) => {
            view.push(el("p").class("bar warn").set("role", "status").text(t.only_counted));
            view.extend(counts.iter().map(|it| count(it, t)));
        }
        (None, Some(Results { counts })) => view.extend(counts.iter().map(|it| count(it, t))),
        (None, None) => {}
    }
    view
}

fn judge(fair: &Fair, judge: &Judge, t: &Texts) -> Element {
    let who = match &judge.address {
        Some(address) => named(address),
        None => el("span").class("quiet").text(t.erased),
    };
    let state = match judge.enrolled_ms {
        Some(_) => {
            plain(fill(t.judge_line, &[&judge.votes.to_string(), &judge.assigned.to_string()]))
        }
        None => tag(t.no_judge_key, "open"),
    };
    let id = el("span").class("quiet").text(judge.judge.clone());
    el("li").with(who).with(state).with(id).all(prepare::another_key(t, fair, judge))
}

fn head(head: &Head, t: &Texts) -> Element {
    let entries = head.entries.to_string();
    let about = fill(t.hub_line, &[&entries, &when::minute(head.received_ms)]);
    let fork = head.fork.then(|| tag(t.fork, "void"));
    el("li").with(code(&head.hub)).all(fork).with(el("span").class("quiet").text(about))
}

fn count(count: &Count, t: &Texts) -> Element {
    let heading = fill(t.round, &[&count.round.to_string(), &count.category]);
    let apart = (count.groups > 1)
        .then(|| el("p").class("hint").text(fill(t.groups_hint, &[&count.groups.to_string()])));
    let cell = |text: &'static str| el("th").set("scope", "col").class("number").text(text);
    let head = el("tr")
        .with(el("th").set("scope", "col").text(t.project))
        .with(cell(t.judged))
        .with(cell(t.raw))
        .with(cell(t.ridge))
        .with(cell(t.bradley_terry));
    let mut projects: Vec<&Project> = count.projects.iter().collect();
    projects.sort_by_key(|it| (rank(&it.ridge).unwrap_or(u32::MAX), it.project.clone()));
    let body = el("tbody").all(projects.into_iter().map(project));
    let table = el("table").class("tally").with(el("thead").with(head)).with(body);
    el("section").class("card").with(el("h2").text(heading)).all(apart).with(table)
}

fn project(project: &Project) -> Element {
    let number = |text: String| el("td").class("number").text(text);
    let ranked = |of: &Option<Estimate>| {
        number(rank(of).map_or_else(|| "–".to_owned(), |rank| rank.to_string()))
    };
    el("tr")
        .with(el("th").set("scope", "row").with(named(&project.title)))
        .with(number(project.votes.to_string()))
        .with(ranked(&project.raw))
        .with(ranked(&project.ridge))
        .with(ranked(&project.bradley_terry))
}

fn rank(of: &Option<Estimate>) -> Option<u32> {
    of.as_ref().and_then(|it| it.rank)
}
