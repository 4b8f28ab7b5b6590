//! The bars at the top that every page has, and what a failure is called.

use crate::node::{Element, el};
use crate::text::{Shared, fill};
use countersign_app::Failure;

/// A clock that is off by less is not worth a word; in milliseconds.
const OFFSET_SHOWN_MS: u64 = 30_000;

/// What is not as it should be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the browser has no network, or the server did not answer last time.
    pub offline: bool,
    /// Whether somebody is logged in with a key that is in memory only.
    pub memory_only: bool,
    /// Server time minus this device's, in milliseconds, as far as it is known.
    pub offset_ms: Option<i64>,
}

/// A bar; `class` says how urgent it is: `bar`, `bar warn`, `bar good`, `bar bad`.
pub fn bar(class: &'static str, text: impl Into<crate::node::Words>) -> Element {
    el("p").class(class).text(text)
}

/// The bars about this.
pub fn bars(standing: &Standing, t: &Shared) -> Vec<Element> {
    let mut bars = Vec::new();
    if standing.offline {
        bars.push(bar("bar warn", t.offline));
    }
    if standing.memory_only {
        bars.push(bar("bar warn", t.memory_only));
    }
    if let Some(offset) = standing.offset_ms.filter(|it| it.unsigned_abs() >= OFFSET_SHOWN_MS) {
        bars.push(bar("bar", fill(t.clock_wrong, &[&span(offset.unsigned_abs(), t)])));
    }
    bars
}

fn span(millis: u64, t: &Shared) -> String {
    let seconds = millis / 1000;
    match seconds / 60 {
        0 | 1 => fill(t.seconds, &[&seconds.to_string()]),
        minutes => fill(t.minutes, &[&minutes.to_string()]),
    }
}

/// A failure as a sentence, whatever was asked.
pub fn failed(failure: &Failure, t: &Shared) -> String {
    let (code, detail) = match failure {
        Failure::Unreachable(_) => return t.unreachable.to_owned(),
        Failure::LoggedOut => return t.ended_elsewhere.to_owned(),
        Failure::Refused { code, detail } => (code.as_str(), detail.as_str()),
    };
    match code {
        "not_believed" => t.not_believed.to_owned(),
        "rate_limited" => t.too_often.to_owned(),
        "overloaded" | "internal" => t.busy_server.to_owned(),
        "no_key" => t.cannot_sign.to_owned(),
        "unreadable" => t.unreadable.to_owned(),
        _ => fill(t.refused, &[if detail.is_empty() { code } else { detail }]),
    }
}
