//! What an organiser does with an event of their own: deal out rounds, publish, take along, count.

use super::parts::{plain, section};
use super::set_up;
use crate::act::Act;
use crate::app::{App, Press};
use crate::ask::Ask;
use crate::said::{Coverage, Event, Fair, Judge, Round};
use crate::text::Texts;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{busy, field, named, press, send};
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts, fair: &Fair) -> Vec<Element> {
    let Fair { event, coverage } = fair;
    if !coverage.may_change {
        return vec![el("p").class("hint").text(t.not_yours)];
    }
    vec![
        before(app, t, event, coverage),
        rounds(t, coverage),
        take_along(app, t, event, coverage),
        after(app, t, event, coverage),
    ]
}

fn before(app: &App, t: &Texts, event: &Event, coverage: &Coverage) -> Element {
    let missing = coverage.judges.iter().filter(|it| it.enrolled_ms.is_none()).count();
    let (all, next) = (coverage.judges.len().to_string(), (event.version + 1).to_string());
    let enrolled = (coverage.judges.len() - missing).to_string();
    let publish = |is_without_missing, text: String| {
        let act = Act::Publish { event: event.event.clone(), is_without_missing };
        let button = el("button").set("type", "button").set("data-press", Press::Act(act).name());
        busy(button.text(text), !app.asking.is_empty())
    };
    let publish = match missing {
        0 => publish(false, fill(t.publish, &[&next])),
        missing => publish(true, fill(t.publish_without, &[&next, &missing.to_string()])),
    };
    let no_hub = coverage.hub_names.is_empty().then(|| el("p").class("hint").text(t.no_hub_hint));
    section(t.before)
        .with(el("p").text(fill(t.enrolled_line, &[&enrolled, &all])))
        .with(el("p").class("hint").text(t.invite_hint))
        .all(no_hub)
        .with(el("p").class("acts").with(publish))
        .with(set_up::link(t, |t| t.other_files))
}

fn rounds(t: &Texts, coverage: &Coverage) -> Element {
    let line = |round: &Round| {
        let number = round.round.to_string();
        let assigned = match round.assigned {
            0 => t.nothing_assigned.to_owned(),
            count => fill(t.assigned_line, &[&count.to_string()]),
        };
        el("li")
            .with(named(&fill(t.round, &[&number, &round.title])))
            .with(el("span").class("quiet").text(assigned))
    };
    let option = |round: &Round| {
        let text = fill(t.round, &[&round.round.to_string(), &round.title]);
        el("option").set("value", round.round.to_string()).set("dir", "auto").text(text)
    };
    let views = el("input").set("type", "number").set("inputmode", "numeric").set("min", "1");
    let views = views.set("max", "2000").set("value", "3").flag("required", true);
    let select = el("select").all(coverage.rounds.iter().map(option));
    let form = el("form")
        .set("data-form", "assign")
        .class("assign")
        .with(field("round", t.which_round, select, None))
        .with(field("views", t.views, views, None))
        .with(send(t.assign, false));
    section(t.rounds)
        .with(el("ul").class("lines dense").all(coverage.rounds.iter().map(line)))
        .with(form)
}

fn take_along(app: &App, t: &Texts, event: &Event, coverage: &Coverage) -> Element {
    let button = |what: Press, text| {
        let is_busy = app.asking.iter().any(|ask| matches!(ask, Ask::Sheets(_) | Ask::Package(_)));
        busy(press(what.name(), text), is_busy)
    };
    let package = (event.version > 0).then(|| button(Press::Package, t.package));
    section(t.take_along)
        .with(el("p").text(fill(t.cards_line, &[&coverage.cards.to_string()])))
        .with(el("p").class("acts").with(button(Press::Sheets, t.sheets)).all(package))
        .with(el("p").class("hint").text(t.sheets_hint))
}

fn after(app: &App, t: &Texts, event: &Event, coverage: &Coverage) -> Element {
    let after = section(t.after);
    if coverage.hubs.is_empty() {
        return after.with(el("p").class("quiet").text(t.no_hubs));
    }
    let is_busy = app.asking.iter().any(|ask| matches!(ask, Ask::Count(_)));
    let act = Act::Results { event: event.event.clone() };
    let publish = press(Press::Act(act).name(), t.publish_results);
    let publish = app.data.counted.is_some().then_some(publish);
    after.with(el("p").class("hint").text(t.after_hint)).with(
        el("p").class("acts").with(busy(press(Press::Count.name(), t.count), is_busy)).all(publish),
    )
}

/// Lets a judge whose key is published enrol another one.
pub(super) fn another_key(t: &Texts, fair: &Fair, judge: &Judge) -> Option<Element> {
    if judge.replaceable {
        return Some(plain(t.may_replace).class("quiet"));
    }
    if !fair.coverage.may_change || judge.published.unwrap_or(0) == 0 {
        return None;
    }
    let act = Act::Replace { event: fair.event.event.clone(), judge: judge.judge.clone() };
    let button = press(Press::Act(act).name(), t.replace);
    let name = fill(t.replace_named, &[&judge.judge]);
    Some(el("p").class("acts").with(button.set("aria-label", name)))
}
