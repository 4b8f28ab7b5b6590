//! What one disagrees with: all of it, and beside one match.

use super::parts::{loading, minute, section, tag, to};
use crate::app::App;
use crate::ask::Ask;
use crate::route::Route;
use crate::said::{Case, Dispute, Facts};
use crate::text::Texts;
use countersign_web_kit::node::{Element, Words, el};
use countersign_web_kit::parts::{Hint, field, send, title};
use countersign_web_kit::text::fill;

pub(super) fn list(app: &App, t: &Texts) -> Vec<Element> {
    let Some(disputes) = &app.data.disputes else {
        return vec![title(t.disputes), loading(app, t)];
    };
    if disputes.rows.is_empty() {
        return vec![title(t.disputes), el("p").class("card quiet").text(t.no_disputes)];
    }
    let row = |case: &Case| {
        let link = to(&Route::Match(case.of.clone()));
        told(app, &case.said, t).with(link.text(format!("{} {:.8}", t.of_match, case.of)))
    };
    let rows = disputes.rows.iter().rev().map(row);
    vec![title(t.disputes), el("ul").class("card lines").all(rows)]
}

/// The state of one's own disputes of a match, and the form for another one while none is open.
pub(super) fn of_match(app: &App, about: &Facts, t: &Texts) -> Element {
    let cases: Vec<&Case> = app.cases().collect();
    let section = section(t.disagree);
    let told = cases.iter().rev().map(|case| told(app, &case.said, t));
    let list = (!cases.is_empty()).then(|| el("ul").class("lines").all(told));
    let is_open = cases.iter().any(|case| case.said.state == "open");
    let form = (!is_open).then(|| form(app, t));
    section.with(deadline(app, about, t)).all(list).all(form)
}

fn deadline(app: &App, about: &Facts, t: &Texts) -> Element {
    let text = match (about.settlement.as_str(), about.counts_at_ms) {
        ("pending", Some(at)) => fill(t.pending_until, &[&minute(app, at)]),
        ("settled", _) => t.counts_already.to_owned(),
        _ => t.disagree_hint.to_owned(),
    };
    el("p").class("quiet").text(text)
}

fn form(app: &App, t: &Texts) -> Element {
    let kinds = [
        ("goal", t.kind_goal),
        ("roster", t.kind_roster),
        ("conduct", t.kind_conduct),
        ("other", t.kind_other),
    ];
    let option =
        |(value, text): (&'static str, &'static str)| el("option").set("value", value).text(text);
    let kind = el("select").all(kinds.into_iter().map(option));
    let text = el("textarea").set("rows", "5").set("maxlength", "2000").set("dir", "auto");
    let hint = match app.data.too_long {
        Some(bytes) => Hint::Wrong(fill(t.text_long, &[&bytes.to_string()])),
        None => Hint::Hint(t.text_hint),
    };
    let is_busy = app.asking.iter().any(|ask| matches!(ask, Ask::Dispute { .. }));
    let send = send(if is_busy { t.sending } else { t.send_dispute }, is_busy);
    el("form")
        .set("data-form", "dispute")
        .keyed("dispute")
        .with(field("kind", t.about, kind, None))
        .with(field("text", t.text, text.flag("required", true), Some(hint)))
        .with(el("p").class("hint").text(t.disagree_hint))
        .with(send)
}

/// A dispute in one's own words, whatever they look like.
fn told(app: &App, said: &Dispute, t: &Texts) -> Element {
    let kind = match said.kind.as_str() {
        "goal" => t.kind_goal,
        "roster" => t.kind_roster,
        "conduct" => t.kind_conduct,
        _ => t.kind_other,
    };
    let (class, state): (_, Words) = match said.state.as_str() {
        "open" => ("tag warn", t.case_open.into()),
        "upheld" => ("tag", t.case_upheld.into()),
        "amended" => ("tag", t.case_amended.into()),
        "void" => ("tag", t.case_void.into()),
        "refunded" => ("tag", t.case_refunded.into()),
        other => ("tag", other.to_owned().into()),
    };
    let opened = fill(t.opened, &[&minute(app, said.opened_ms)]);
    let ruled = said.ruled_ms.map(|at| fill(t.ruled, &[&minute(app, at)]));
    let dates = [Some(opened), ruled].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let text = (!said.text.is_empty())
        .then(|| el("blockquote").set("dir", "auto").text(said.text.clone()));
    el("li")
        .keyed(said.dispute.to_string())
        .with(el("p").text(kind).text(" ").with(tag(state, class)))
        .with(el("span").class("quiet").text(dates))
        .all(text)
}
