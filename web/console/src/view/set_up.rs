//! Files become an event: where they are given, what is wrong with them, what they describe.

use super::parts::{facts, plain, section};
use crate::app::{App, Press};
use crate::ask::Ask;
use crate::files::{Category, Checked, Criterion, Files, Invited, Listed, Preview, SetUp};
use crate::route::Route;
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{Hint, field, named, press, send, title};
use countersign_web_kit::text::fill;

/// Lines of a list that are shown; the rest is only counted.
const SHOWN: usize = 50;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let set_up = &app.data.set_up;
    let mut view = vec![title(t.set_up), el("p").class("lead").text(t.set_up_lead)];
    match &set_up.checked {
        None => {}
        Some(Checked::Faults(faults)) => view.push(wrong(t, faults)),
        Some(Checked::Good(preview)) => view.extend(shown(t, preview)),
    }
    let is_busy = app.asking.iter().any(|ask| matches!(ask, Ask::Check(_)));
    view.push(form(t, set_up, is_busy));
    view
}

fn form(t: &Texts, set_up: &SetUp, is_busy: bool) -> Element {
    let Files { event, projects, judges, conflicts } = &set_up.files;
    let parts = [
        ("event", "event-file", t.file_event, t.file_event_hint, event),
        ("projects", "projects-file", t.file_projects, t.file_projects_hint, projects),
        ("judges", "judges-file", t.file_judges, t.file_judges_hint, judges),
        ("conflicts", "conflicts-file", t.file_conflicts, t.file_conflicts_hint, conflicts),
    ];
    let part = |(id, file, label, hint, text): (_, _, _, _, &String)| {
        let area = el("textarea").set("rows", "5").set("spellcheck", "false").set("dir", "auto");
        let area = area.set("autocomplete", "off").set("autocapitalize", "none").text(text.clone());
        let area = field(id, t.paste, area, Some(Hint::Hint(hint)));
        let chosen = el("input").set("type", "file").set("accept", ".toml,.csv,.txt,text/*");
        let chosen = field(file, t.or_choose, chosen, None);
        let key = format!("{id}-{}", set_up.turn);
        el("fieldset").keyed(key).with(el("legend").text(label)).with(area).with(chosen)
    };
    let text = if is_busy { t.doing } else { t.look_at };
    let form = el("form").set("data-form", "files").class("files").keyed("files");
    form.all(parts.map(part)).with(send(text, is_busy))
}

fn wrong(t: &Texts, faults: &[String]) -> Element {
    let line = |fault: &String| el("li").set("lang", "en").set("dir", "auto").text(fault.clone());
    let more = faults.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| el("p").text(fill(t.and_more, &[&more.to_string()])));
    el("section")
        .class("card")
        .set("role", "alert")
        .with(el("h2").text(fill(t.faults, &[&faults.len().to_string()])))
        .with(el("ul").class("faults").all(faults.iter().take(SHOWN).map(line)))
        .all(more)
}

fn shown(t: &Texts, preview: &Preview) -> Vec<Element> {
    let hubs = match preview.hubs.is_empty() {
        true => plain(t.no_hub_yet),
        false => named(&preview.hubs.join(", ")),
    };
    let rounds = preview.rounds.iter().map(|it| format!("{} {}", it.number, it.title));
    let about = facts(vec![
        (t.id, named(&preview.event)),
        (t.starts, plain(when::minute(preview.starts_ms))),
        (t.ends, plain(when::minute(preview.ends_ms))),
        (t.rounds, named(&rounds.collect::<Vec<_>>().join(", "))),
        (t.hubs_named, hubs),
        (t.conflicts, plain(preview.conflicts.to_string())),
        (t.per_judge, plain(per_judge(preview, t))),
    ]);
    let store = match (preview.may_change, preview.revision) {
        (false, _) => el("p").class("wrong").text(t.taken),
        (true, None) => el("p").with(press(Press::Store.name(), t.put_new).class("main")),
        (true, Some(_)) => el("p").with(press(Press::Store.name(), t.put_again).class("main")),
    };
    let good = el("section").class("card").set("role", "status");
    let good = good.with(el("h2").with(named(&preview.title))).with(about).with(store);
    let mut view = vec![good];
    view.extend(preview.categories.iter().map(|it| category(t, it)));
    view.push(list(t, t.projects, preview.projects.iter().map(project).collect()));
    view.push(list(t, t.judges, preview.judges.iter().map(|it| judge(t, it)).collect()));
    view
}

/// What a judge would have to do with three views of each project, on average, rounded up.
fn per_judge(preview: &Preview, t: &Texts) -> String {
    const VIEWS: usize = 3;
    let views = VIEWS.min(preview.judges.len());
    let each = (preview.projects.len() * views).div_ceil(preview.judges.len().max(1));
    fill(t.per_judge_line, &[&each.to_string(), &views.to_string()])
}

fn category(t: &Texts, category: &Category) -> Element {
    let number = |value: u32| el("td").class("number").text(value.to_string());
    let row = |it: &Criterion| {
        let name = el("th").set("scope", "row").with(named(&it.title));
        el("tr").with(name).with(number(it.least)).with(number(it.most)).with(number(it.weight))
    };
    let head = |text: &'static str| el("th").set("scope", "col").class("number").text(text);
    let head = el("tr")
        .with(el("th").set("scope", "col").text(t.criterion))
        .with(head(t.least))
        .with(head(t.most))
        .with(head(t.weight));
    let table = el("table").class("tally").with(el("thead").with(head));
    let table = table.with(el("tbody").all(category.criteria.iter().map(row)));
    el("section").class("card").with(el("h2").with(named(&category.title))).with(table)
}

fn list(t: &Texts, heading: &'static str, mut rows: Vec<Element>) -> Element {
    let count = rows.len();
    let more = count.saturating_sub(SHOWN);
    rows.truncate(SHOWN);
    let more = (more > 0).then(|| el("p").text(fill(t.and_more, &[&more.to_string()])));
    let counted = el("p").class("quiet").text(fill(t.counted_lines, &[&count.to_string()]));
    section(heading).with(counted).with(el("ul").class("lines dense").all(rows)).all(more)
}

fn project(of: &Listed) -> Element {
    let place = match of.table.as_str() {
        "" => of.categories.join(", "),
        table => format!("{table} · {}", of.categories.join(", ")),
    };
    el("li")
        .with(named(&of.title))
        .with(el("span").class("tag").text(of.id.clone()))
        .with(el("span").class("quiet").with(named(&place)))
}

fn judge(t: &Texts, of: &Invited) -> Element {
    let capacity = of
        .capacity
        .map(|most| el("span").class("quiet").text(fill(t.at_most, &[&most.to_string()])));
    el("li")
        .with(named(&of.name))
        .with(el("span").class("tag").text(of.judge.clone()))
        .with(el("span").class("quiet").with(named(of.address.as_deref().unwrap_or_default())))
        .all(capacity)
}

/// The way to this place.
pub(super) fn link(t: &Texts, text: fn(&Texts) -> &'static str) -> Element {
    let link = el("a").class("button").set("href", Route::SetUp.hash()).text(text(t));
    el("p").with(link)
}
