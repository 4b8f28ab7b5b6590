//! All projects: what is to be done, what is done, what else there is.

use super::ballot;
use super::event::chip;
use crate::app::App;
use crate::device::{Device, Disk};
use crate::route::Route;
use crate::text::Texts;
use countersign_app::judge::{BallotState, Place, ProjectLine};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, field, heading, named};
use countersign_web_kit::text::fill;

/// Most lines of a list: what comes after them is searched for.
const LINES_MAX: usize = 100;

pub(super) fn view(app: &App, device: &Device, t: &Texts) -> Vec<Element> {
    let screen = device.screen();
    let Some(event) = screen.event else { return Vec::new() };
    // Who is asked for what is a matter of the round.
    let state = match screen.round {
        Some(_) => progress(device, t),
        None => el("p").class("card warn").text(t.no_round),
    };
    let mut view = vec![heading().with(named(&event.title))];
    view.extend(chip(app, t));
    view.push(state);
    let input = el("input").set("type", "search").set("autocomplete", "off").set("maxlength", "64");
    let input = input.set("data-input", "search");
    view.push(el("div").set("role", "search").with(field(
        "search",
        t.search,
        input,
        Some(Hint::Hint(t.search_hint)),
    )));
    let wanted = app.search.trim().to_lowercase();
    let lines: Vec<_> = screen.lines.iter().filter(|line| fits(line, &wanted)).collect();
    if lines.is_empty() && !wanted.is_empty() {
        view.push(
            el("p")
                .class("card quiet")
                .set("role", "status")
                .text(fill(t.found_none, &[app.search.trim()])),
        );
        return view;
    }
    let is_done = |line: &ProjectLine<'_>| line.ballot.is_some_and(|it| it.revision > 0);
    let part = |of: &dyn Fn(&ProjectLine<'_>) -> bool| -> Vec<&ProjectLine<'_>> {
        lines.iter().copied().filter(|line| of(line)).collect()
    };
    let todo = part(&|line| line.is_assigned && !is_done(line));
    let done = part(&is_done);
    let others = part(&|line| !line.is_assigned && !is_done(line));
    for (name, key, lines) in
        [(t.left, "left", todo), (t.done, "done", done), (t.others, "others", others)]
    {
        if !lines.is_empty() {
            view.push(list(name, key, &lines, device.disk(), t));
        }
    }
    view
}

fn progress(device: &Device, t: &Texts) -> Element {
    let screen = device.screen();
    let assigned = screen.lines.iter().filter(|line| line.is_assigned).count();
    let mut card = el("section").class("card").set("role", "status");
    card = match (assigned, screen.left) {
        (0, _) => card.with(el("p").text(t.nothing_assigned)),
        (_, 0) => card.with(el("p").class("big").text(t.left_none)),
        (_, left) => card.with(el("p").class("big").text(fill(t.left_count, &[&left.to_string()]))),
    };
    if assigned > 0 {
        let done = assigned - screen.left;
        let bar = el("progress")
            .set("max", assigned.to_string())
            .set("value", done.to_string())
            .set("aria-hidden", "true");
        card = card
            .with(bar)
            .with(el("p").text(fill(t.done_of, &[&done.to_string(), &assigned.to_string()])));
    }
    if screen.waiting > 0 && !device.is_stuck() {
        card = card.with(el("p").text(fill(t.waiting_count, &[&screen.waiting.to_string()])));
    }
    card
}

fn fits(line: &ProjectLine<'_>, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    wanted.is_empty()
        || has(&line.project.title)
        || has(&line.project.table)
        || has(line.project.id.as_str())
        || has(&line.category.title)
}

fn list(
    name: &'static str,
    key: &'static str,
    lines: &[&ProjectLine<'_>],
    disk: Disk,
    t: &Texts,
) -> Element {
    let shown = lines.iter().take(LINES_MAX).map(|it| line(it, disk, t));
    let list = el("ul").class("lines").all(shown);
    let more = lines.len().saturating_sub(LINES_MAX);
    let more = (more > 0)
        .then(|| el("p").class("quiet").text(fill(t.more_projects, &[&more.to_string()])));
    el("section").class("card").keyed(key).with(el("h2").text(name)).with(list).all(more)
}

fn line(line: &ProjectLine<'_>, disk: Disk, t: &Texts) -> Element {
    let place = Place { project: line.project.id, category: line.category.id };
    let link = el("a").set("href", Route::Vote(place).hash()).with(named(&line.project.title));
    let tag = match line.has_conflict {
        true => Some(el("span").class("tag bad").text(t.state_conflict)),
        false => line.ballot.and_then(|it| ballot::tag(it, disk, t)),
    };
    let about = el("span")
        .class("quiet")
        .all(table(&line.project.table, t))
        .with(named(&line.category.title));
    let is_waiting = line.ballot.is_some_and(|it| matches!(it.state, BallotState::Sent { .. }));
    let told = el("div").with(link).with(about);
    let item = el("li")
        .class("split")
        .keyed(format!("{} {}", place.project, place.category))
        .with(told)
        .all(tag);
    if is_waiting { item.set("data-waiting", "") } else { item }
}

/// "Table A1 · ", if the organiser said a table.
pub(super) fn table(table: &str, t: &Texts) -> Option<Element> {
    (!table.is_empty())
        .then(|| el("span").class("at").with(named(&fill(t.table_at, &[table]))).text(" · "))
}
