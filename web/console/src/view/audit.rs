//! Who did what, and why.

use super::parts::{lines, loading, more};
use crate::app::App;
use crate::route::Route;
use crate::said::Entry;
use crate::text::Texts;
use crate::when;
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::title;
use countersign_web_kit::said::Value;

pub(super) fn view(app: &App, t: &Texts) -> Vec<Element> {
    let mut view = vec![title(t.audit)];
    match &app.data.audit {
        None => view.push(loading(app, t)),
        Some(audit) => {
            view.push(lines(t, audit.rows.iter().map(row).collect()));
            view.extend(more(app, t, &audit.next));
        }
    }
    view
}

fn row(entry: &Entry) -> Element {
    let at = format!("{} · {}", entry.seq, when::minute(entry.at_ms));
    let by = entry.user.as_ref().map(|user| {
        let short = user.get(..8).unwrap_or(user).to_owned();
        el("a").set("href", Route::User(user.clone()).hash()).text(short)
    });
    let detail = el("span").class("detail").set("dir", "auto").text(detail(&entry.detail));
    el("li")
        .keyed(entry.seq.to_string())
        .with(el("code").text(entry.action.clone()))
        .with(el("span").class("when").text(at))
        .all(by)
        .with(detail)
}

/// `reason: stolen · to: revoked`; what is no object as it is.
fn detail(detail: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let Some(members) = detail.as_object() else { return plain(detail) };
    let known = members.iter().filter(|(_, value)| !value.is_null());
    let known = known.map(|(name, value)| format!("{name}: {}", plain(value)));
    known.collect::<Vec<_>>().join(" · ")
}
