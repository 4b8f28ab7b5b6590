//! Disputes.

use countersign_store::league::{DisputeEntry, DisputeKind, DisputeState, RulingKind};
use serde_json::{Value, json};

/// A dispute as programs read it.
pub fn view(entry: &DisputeEntry) -> Value {
    let DisputeEntry { id, match_id, user, kind, text, opened, state } = entry;
    let ruled = match state {
        DisputeState::Open => None,
        DisputeState::Ruled(_, at) => Some(at.as_millis()),
    };
    json!({
        "dispute": id.0,
        "match": match_id.to_string(),
        "user": user.map(String::from),
        "kind": kind_word(*kind),
        "text": text,
        "opened_ms": opened.as_millis(),
        "state": state_word(*state),
        "ruled_ms": ruled,
    })
}

/// What a dispute is about.
pub const fn kind_word(kind: DisputeKind) -> &'static str {
    match kind {
        DisputeKind::Other => "other",
        DisputeKind::Goal => "goal",
        DisputeKind::Roster => "roster",
        DisputeKind::Conduct => "conduct",
        DisputeKind::Fork => "fork",
    }
}

/// Where a dispute is.
pub const fn state_word(state: DisputeState) -> &'static str {
    match state {
        DisputeState::Open => "open",
        DisputeState::Ruled(kind, _) => ruling_word(kind),
    }
}

/// How a dispute ended.
pub const fn ruling_word(kind: RulingKind) -> &'static str {
    match kind {
        RulingKind::Uphold => "upheld",
        RulingKind::Amend => "amended",
        RulingKind::Void => "void",
        RulingKind::Refund => "refunded",
    }
}
