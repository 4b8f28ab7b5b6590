//! Events that are judged: descriptions, the bundles and sheets that are made of them, what hubs handed over.

mod assign;
mod fault;
mod files;
mod next;
mod plan;
mod results;
mod sheets;

pub use assign::{Slots, deal_out};
pub use fault::{PlanError, Rows};
pub use files::{Source, Sources};
pub use next::{Next, NextError, published};
pub use plan::{Plan, PlanJudge, PlanProject, PlanRound, Row, id};
pub use results::{Held, Log, ResultsError, Union, gather};
pub use sheets::{SheetsError, sheets};

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
