//! What the console's places are made of, beside the kit's parts.

use crate::app::{App, Press};
use crate::ask::Ask;
use crate::route::Route;
use crate::text::Texts;
use countersign_web_kit::node::{Element, Words, el};
use countersign_web_kit::parts::{Hint, busy, field, heading, named, press, send};
use countersign_web_kit::said::Value;

/// What is there while nothing is known yet.
pub(super) fn loading(app: &App, t: &Texts) -> Element {
    match app.asking.is_empty() {
        false => el("p").class("quiet").text(t.loading),
        true => el("p").with(press(Press::Reload.name(), t.try_again)),
    }
}

/// The button below a list that goes on.
pub(super) fn more(app: &App, t: &Texts, next: &Value) -> Option<Element> {
    let button = busy(press(Press::More.name(), t.more), !app.asking.is_empty());
    (!next.is_null()).then(|| el("p").with(button))
}

/// A list, or a word where there is none.
pub(super) fn lines(t: &Texts, rows: Vec<Element>) -> Element {
    match rows.is_empty() {
        true => el("p").class("quiet").text(t.none),
        false => el("ul").class("card lines dense").all(rows),
    }
}

/// Links that narrow a list down.
pub(super) fn narrowed(t: &Texts, here: &Route, all: &[(Route, &'static str)]) -> Element {
    let link = |(route, name): &(Route, &'static str)| {
        let link = el("a").set("href", route.hash()).text(*name);
        el("li").with(if route == here { link.set("aria-current", "true") } else { link })
    };
    el("ul").class("narrow").set("aria-label", t.status).all(all.iter().map(link))
}

/// A form with one field that looks for something.
pub(super) fn find(app: &App, t: &Texts, label: &'static str) -> Element {
    let input = el("input").set("type", "search").set("maxlength", "254");
    let input = input.set("autocapitalize", "none").set("spellcheck", "false");
    let field = field("find", label, input, Some(Hint::Hint(t.find_hint)));
    let is_finding = |ask: &Ask| matches!(ask, Ask::FindDevices(_) | Ask::FindUsers(_));
    let send = send(t.find, app.asking.iter().any(is_finding));
    el("form").set("data-form", "find").set("role", "search").class("find").with(field).with(send)
}

/// A word that says how something is; its class says how urgent that is.
pub(super) fn tag(text: impl Into<Words>, word: &str) -> Element {
    let class = match word {
        "suspect" | "frozen" | "open" | "disputed" => "tag warn",
        "revoked" | "void" => "tag bad",
        _ => "tag",
    };
    el("span").class(class).text(text)
}

/// What a status, a state or a queue is called.
pub(super) fn word(word: &str, t: &Texts) -> Words {
    match word {
        "made" => t.made,
        "sold" => t.sold,
        "active" => t.active,
        "suspect" => t.suspect,
        "rma" => t.rma,
        "revoked" => t.revoked,
        "settled" => t.settled,
        "pending" => t.pending,
        "frozen" => t.frozen,
        "unrated" => t.unrated,
        "void" => t.void,
        "disputed" => t.disputed,
        "open" => t.open,
        other => return other.to_owned().into(),
    }
    .into()
}

/// Names and what they are.
pub(super) fn facts(rows: Vec<(&'static str, Element)>) -> Element {
    let fact = |(name, value): (&'static str, Element)| {
        el("div").with(el("dt").text(name)).with(el("dd").with(value))
    };
    el("dl").class("facts dense").all(rows.into_iter().map(fact))
}

/// Text of the program's own.
pub(super) fn plain(text: impl Into<Words>) -> Element {
    el("span").text(text)
}

/// Something that is compared letter by letter.
pub(super) fn code(text: &str) -> Element {
    el("code").class("wrap").text(text.to_owned())
}

/// Something in the server's words, which are English.
pub(super) fn english(text: &str) -> Element {
    el("span").set("lang", "en").text(text.to_owned())
}

/// The heading of a place that somebody else named.
pub(super) fn named_heading(name: &str) -> Element {
    heading().with(named(name))
}

/// A part of a place.
pub(super) fn section(heading: &'static str) -> Element {
    el("section").class("card").with(el("h2").text(heading))
}
