//! The bars at the top: what just happened, and what is not as it should be.

use crate::app::{App, Ask, Notice, Phase};
use crate::node::{Element, el};
use crate::text::{Texts, fill};
use countersign_app::Failure;

/// A clock that is off by less is not worth a word; in milliseconds.
const OFFSET_SHOWN_MS: u64 = 30_000;

pub(super) fn bars(app: &App, t: &Texts) -> Vec<Element> {
    let bar = |class: &'static str, text: String| el("p").class(class).text(text);
    let mut bars = Vec::new();
    if let Some(notice) = &app.notice {
        let (class, text) = notice_text(notice, t);
        bars.push(bar(class, text));
    }
    if app.offline {
        bars.push(bar("bar warn", t.offline.to_owned()));
    }
    if app.memory_only && matches!(app.phase, Phase::In { .. }) {
        bars.push(bar("bar warn", t.memory_only.to_owned()));
    }
    if let Some(offset) = app.offset_ms.filter(|it| it.unsigned_abs() >= OFFSET_SHOWN_MS) {
        bars.push(bar("bar", fill(t.clock_wrong, &[&span(offset.unsigned_abs(), t)])));
    }
    bars
}

fn span(millis: u64, t: &Texts) -> String {
    let seconds = millis / 1000;
    match seconds / 60 {
        0 | 1 => fill(t.seconds, &[&seconds.to_string()]),
        minutes => fill(t.minutes, &[&minutes.to_string()]),
    }
}

fn notice_text(notice: &Notice, t: &Texts) -> (&'static str, String) {
    let plain = |text: &str| ("bar", text.to_owned());
    match notice {
        Notice::KeyLost => plain(t.key_lost),
        Notice::Unreadable => ("bar warn", t.storage_unreadable.to_owned()),
        Notice::LoggedOut => plain(t.logged_out_here),
        Notice::Ended => plain(t.ended_elsewhere),
        Notice::Saved => ("bar good", t.saved.to_owned()),
        Notice::Revoked => ("bar good", t.revoked.to_owned()),
        Notice::RevokedOthers(count) => ("bar good", fill(t.revoked_others, &[&count.to_string()])),
        Notice::Failed(ask, failure) => ("bar bad", failed(ask, failure, t)),
    }
}

fn failed(ask: &Ask, failure: &Failure, t: &Texts) -> String {
    let (code, detail) = match failure {
        Failure::Unreachable(_) => return t.unreachable.to_owned(),
        Failure::LoggedOut => return t.ended_elsewhere.to_owned(),
        Failure::Refused { code, detail } => (code.as_str(), detail.as_str()),
    };
    let said = if detail.is_empty() { code } else { detail };
    match (code, ask) {
        ("not_believed", _) => t.not_believed.to_owned(),
        ("rate_limited", _) => t.too_often.to_owned(),
        ("overloaded" | "internal", _) => t.busy_server.to_owned(),
        ("no_key", _) => t.cannot_sign.to_owned(),
        ("unreadable", _) => t.unreadable.to_owned(),
        ("not_found", Ask::Player(_)) => t.no_such_player.to_owned(),
        ("invalid_payload" | "conflict", Ask::Save { .. }) => fill(t.name_refused, &[said]),
        _ => fill(t.refused, &[said]),
    }
}
