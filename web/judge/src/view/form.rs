//! A project's form: its rubric, what was given, what became of it.

use super::{ballot, projects};
use crate::app::{App, Press};
use crate::device::Device;
use crate::form::Form;
use crate::route::Route;
use crate::text::Texts;
use countersign_app::judge::{Ballot, BallotState, Place, ProjectLine};
use countersign_judging::event::{Category, Criterion};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{busy, heading, named, press, title};
use countersign_web_kit::text::fill;

/// So many points of a criterion have a button each; more are typed.
const BUTTONS_MAX: u16 = 20;

pub(super) fn view(app: &App, device: &Device, place: &Place, t: &Texts) -> Vec<Element> {
    let screen = device.screen();
    let is_it = |line: &&ProjectLine<'_>| {
        line.project.id == place.project && line.category.id == place.category
    };
    let Some(line) = screen.lines.iter().find(is_it) else {
        return vec![title(t.project), el("p").class("card").text(t.not_here), back(t)];
    };
    let lead = el("p")
        .class("lead")
        .all(projects::table(&line.project.table, t))
        .with(named(&line.category.title));
    let mut view = vec![heading().with(named(&line.project.title)), lead];
    if line.has_conflict {
        view.extend([el("p").class("card bad").text(t.conflict), back(t)]);
        return view;
    }
    if screen.round.is_none() {
        view.push(el("p").class("card warn").text(t.no_round));
    } else if !line.is_assigned {
        view.push(el("p").class("card warn").text(t.not_assigned));
    }
    // A place of its own, so that what follows keeps its own.
    view.push(el("div").all(line.ballot.and_then(|it| ballot::card(it, device.disk(), t))));
    view.push(el("div").class("next").all(next(&screen.lines, line, t)).all(as_code(
        line.ballot.filter(|_| !device.is_stuck()),
        place,
        t,
    )));
    let Some(form) = app.form.as_ref().filter(|form| form.place == *place) else { return view };
    if form.is_recusing {
        view.push(recusing(t));
        return view;
    }
    let weights: u32 = line.category.criteria.iter().map(|it| u32::from(it.weight)).sum();
    let criteria = line.category.criteria.iter().enumerate();
    let rubric = el("div").keyed("rubric");
    view.push(rubric.all(criteria.map(|(index, it)| criterion(form, index, it, weights, t))));
    view.push(actions(form, line.category, line.ballot, screen.round.is_some(), t));
    view
}

fn back(t: &Texts) -> Element {
    el("p").with(el("a").set("href", Route::Projects.hash()).text(t.back))
}

fn criterion(form: &Form, index: usize, criterion: &Criterion, weights: u32, t: &Texts) -> Element {
    let id = format!("criterion-{index}");
    let given = form.points.get(index).copied().flatten();
    let name = el("h2").set("id", id.clone()).with(named(&criterion.title));
    let counts = fill(t.weight, &[&criterion.weight.to_string(), &weights.to_string()]);
    let range = fill(t.range, &[&criterion.min.to_string(), &criterion.max.to_string()]);
    let about = el("p").class("quiet").text(format!("{counts} · {range}"));
    let section = el("section")
        .class("card")
        .set("role", "group")
        .set("aria-labelledby", id)
        .with(name)
        .with(about);
    match criterion.max - criterion.min <= BUTTONS_MAX {
        true => section.with(buttons(index, criterion, given, t)),
        false => section.with(number(form, index, criterion, given, t)),
    }
}

fn buttons(index: usize, criterion: &Criterion, given: Option<u16>, t: &Texts) -> Element {
    let button = |points: u16| {
        let label = fill(t.points_named, &[&criterion.title, &points.to_string()]);
        let button = el("button")
            .set("type", "button")
            .set("data-press", Press::Points(index, points).name());
        let is_given = if given == Some(points) { "true" } else { "false" };
        button.set("aria-label", label).set("aria-pressed", is_given).text(points.to_string())
    };
    el("div").class("points").all((criterion.min..=criterion.max).map(button))
}

fn number(
    form: &Form,
    index: usize,
    criterion: &Criterion,
    given: Option<u16>,
    t: &Texts,
) -> Element {
    let step = |by: i8, sign: &'static str, label: &str| {
        press(Press::Step(index, by).name(), sign)
            .set("aria-label", fill(label, &[&criterion.title]))
    };
    let input = el("input")
        .set("type", "number")
        .set("inputmode", "numeric")
        .set("autocomplete", "off")
        .set("min", criterion.min.to_string())
        .set("max", criterion.max.to_string())
        .set("name", format!("points-{index}"))
        .set("data-input", format!("points-{index}"))
        .set("aria-labelledby", format!("criterion-{index}"))
        // Made anew when it has to show something else than what was typed.
        .keyed(format!("{index}-{}", form.generation));
    let input = match given {
        Some(points) => input.set("value", points.to_string()),
        None => input,
    };
    let outside = given.is_some_and(|points| !(criterion.min..=criterion.max).contains(&points));
    let input = if outside { input.set("aria-invalid", "true") } else { input };
    el("div").class("stepper").with(step(-1, "−", t.fewer)).with(input).with(step(1, "+", t.more))
}

fn actions(
    form: &Form,
    category: &Category,
    ballot: Option<&Ballot>,
    is_open: bool,
    t: &Texts,
) -> Element {
    let is_signing = ballot.is_some_and(|it| it.state == BallotState::Signing);
    let is_complete = form.complete(category).is_some();
    let has_voted = ballot.is_some_and(|it| it.revision > 0);
    let is_new =
        !has_voted || form.differs(ballot) || ballot.is_some_and(|it| it.points.is_empty());
    let text = match (is_complete, has_voted) {
        (false, _) => t.cast_missing,
        (true, true) => t.cast_again,
        (true, false) => t.cast,
    };
    let cast = busy(
        press(Press::Cast.name(), text).class("main"),
        !is_complete || is_signing || !is_open || !is_new,
    );
    let undo = busy(press(Press::Undo.name(), t.undo), !form.can_undo());
    let recuse = press(Press::Recuse.name(), t.recuse).class("plain danger");
    el("div")
        .class("actions")
        .keyed("actions")
        .with(cast)
        .with(el("div").class("row").with(undo).with(recuse))
}

fn recusing(t: &Texts) -> Element {
    let sure = press(Press::RecuseSure.name(), t.recuse_sure).class("danger");
    let not = press(Press::RecuseNot.name(), t.recuse_not);
    let row = el("div").class("row").with(sure).with(not);
    el("section")
        .class("card")
        .keyed("recusing")
        .with(el("h2").text(t.recuse))
        .with(el("p").text(t.recuse_lead))
        .with(row)
}

/// After a vote: where to go on.
fn next(lines: &[ProjectLine<'_>], here: &ProjectLine<'_>, t: &Texts) -> Option<Element> {
    here.ballot.filter(|it| it.revision > 0 && !ballot::has_changes(it))?;
    let is_open = |line: &&ProjectLine<'_>| {
        line.is_assigned && !line.has_conflict && line.ballot.is_none_or(|it| it.revision == 0)
    };
    let next = lines.iter().find(is_open)?;
    let place = Place { project: next.project.id, category: next.category.id };
    let link = el("a").class("button").set("href", Route::Vote(place).hash());
    Some(link.text(fill(t.next_project, &[&next.project.title])))
}

fn as_code(ballot: Option<&Ballot>, place: &Place, t: &Texts) -> Option<Element> {
    let waits = |ballot: &&Ballot| matches!(ballot.state, BallotState::Sent { .. });
    ballot.filter(waits)?;
    Some(el("a").class("button").set("href", Route::Code(*place).hash()).text(t.show_code))
}
