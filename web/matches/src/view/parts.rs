//! What the page's places are made of, beside the kit's parts.

use crate::app::{App, Press};
use crate::ask::Ask;
use crate::route::Route;
use crate::text::Texts;
use countersign_web_kit::node::{Element, Words, el};
use countersign_web_kit::parts::{busy, press};
use countersign_web_kit::when;

/// What is there while nothing is known yet.
pub(super) fn loading(app: &App, t: &Texts) -> Element {
    match app.asking.is_empty() {
        false => el("p").class("quiet").text(t.loading),
        true => el("p").with(press(Press::Reload.name(), t.try_again)),
    }
}

/// The button below a list that goes on.
pub(super) fn more(app: &App, t: &Texts) -> Element {
    let is_busy = app.asking.iter().any(|ask| matches!(ask, Ask::History { .. }));
    el("p").with(busy(press(Press::More.name(), t.more), is_busy))
}

/// A moment as the clocks on the wall show it.
pub(super) fn minute(app: &App, ms: u64) -> String {
    when::minute(ms.saturating_add_signed((app.zone)(ms).saturating_mul(60_000)))
}

/// The same, to the day.
pub(super) fn day(app: &App, ms: u64) -> String {
    minute(app, ms).chars().take(10).collect()
}

/// Thousandths of a point as a change to the tenth: `+8.3`.
pub(super) fn change(thousandths: i64) -> String {
    let tenths = (thousandths.unsigned_abs() + 50) / 100;
    let sign = match (tenths, thousandths < 0) {
        (0, _) => "±",
        (_, true) => "−",
        (_, false) => "+",
    };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// `3 : 1`.
pub(super) fn score(score: &[u32]) -> String {
    score.iter().map(u32::to_string).collect::<Vec<_>>().join(" : ")
}

/// A word that says how something is; its class says how urgent that is.
pub(super) fn tag(text: impl Into<Words>, class: &'static str) -> Element {
    el("span").class(class).text(text)
}

/// What became of a match.
pub(super) fn settlement(word: &str, t: &Texts) -> Element {
    match word {
        "settled" => tag(t.settled, "tag"),
        "pending" => tag(t.pending, "tag warn"),
        "frozen" => tag(t.frozen, "tag warn"),
        "unrated" => tag(t.unrated, "tag"),
        "void" => tag(t.void, "tag bad"),
        other => tag(other.to_owned(), "tag"),
    }
}

/// A team as people say it.
pub(super) const fn team(letter: &str) -> &'static str {
    match letter.as_bytes() {
        b"b" => "B",
        _ => "A",
    }
}

/// A link to a place of this page.
pub(super) fn to(route: &Route) -> Element {
    el("a").set("href", route.hash())
}

/// Names and what they are.
pub(super) fn facts(rows: Vec<(&'static str, Element)>) -> Element {
    let fact = |(name, value): (&'static str, Element)| {
        el("div").with(el("dt").text(name)).with(el("dd").with(value))
    };
    el("dl").class("card facts").all(rows.into_iter().map(fact))
}

/// Text of the program's own.
pub(super) fn plain(text: impl Into<Words>) -> Element {
    el("span").text(text)
}

/// A part of a place.
pub(super) fn section(heading: &'static str) -> Element {
    el("section").class("card").with(el("h2").text(heading))
}
