//! Events that are judged.

use countersign_store::event::{EventSummary, StoredHead};
use serde_json::{Value, json};

/// An event of a list as programs read it.
pub fn summary(event: &EventSummary) -> Value {
    json!({
        "event": event.id.as_str(),
        "title": event.title,
        "starts_ms": event.starts.as_millis(),
        "ends_ms": event.ends.as_millis(),
        "created_ms": event.created.as_millis(),
        "changed_ms": event.changed.as_millis(),
        "version": event.version,
    })
}

/// What a hub handed over.
pub fn head(head: &StoredHead) -> Value {
    json!({
        "hub": head.hub.to_string(),
        "entries": head.entries,
        "fork": head.is_fork,
        "received_ms": head.received.as_millis(),
    })
}
