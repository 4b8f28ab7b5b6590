//! The audit log.

use countersign_store::AuditEntry;
use serde_json::{Value, json};

/// An entry as programs read it. A detail that is no JSON is shown as the text that it is.
pub fn view(entry: &AuditEntry) -> Value {
    let event = &entry.event;
    let detail = serde_json::from_str(&event.detail).unwrap_or_else(|_| json!(event.detail));
    json!({
        "seq": entry.seq,
        "at_ms": event.at.as_millis(),
        "action": event.action,
        "user": event.user.map(String::from),
        "session": event.session.map(String::from),
        "detail": detail,
    })
}
