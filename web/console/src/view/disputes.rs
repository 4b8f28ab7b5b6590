//! Who disagrees with a match.

use super::parts::{lines, loading, more, tag, word};
use crate::app::App;
use crate::route::Route;
use crate::said::{Dispute, name_of};
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{named, title};
use countersign_web_kit::said::Value;
use countersign_web_kit::text::fill;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let mut view = vec![title(t.disputes)];
    match &app.data.disputes {
        None => view.push(loading(app, t)),
        Some(disputes) => {
            let row = |it: &Dispute| {
                let short = it.of.get(..8).unwrap_or_default();
                let link = el("a").set("href", Route::Match(it.of.clone()).hash());
                said(it, &disputes.names, t).with(link.text(format!("{} {short}", t.of_match)))
            };
            view.push(lines(t, disputes.rows.iter().map(row).collect()));
            view.extend(more(app, t, &disputes.next));
        }
    }
    view
}

/// A dispute in the player's words, whatever they look like.
pub(super) fn said(dispute: &Dispute, names: &Value, t: &Texts) -> Element {
    let words = &dispute.words;
    let opened = fill(t.opened_by, &[&words.kind, &when::minute(words.opened_ms)]);
    let by = match &words.user {
        Some(user) => {
            el("a").set("href", Route::User(user.clone()).hash()).with(named(name_of(names, user)))
        }
        None => el("span").text(t.by_server),
    };
    let text = (!words.text.is_empty())
        .then(|| el("blockquote").set("dir", "auto").text(words.text.clone()));
    el("li")
        .keyed(words.dispute.to_string())
        .with(tag(word(&words.state, t), &words.state))
        .with(el("p").class("quiet").text(opened + " ").with(by))
        .all(text)
}
