//! Questions to the server.

use crate::act::Act;
use crate::files::Files;
use serde_json::{Value, json};

/// Rows of a list that are fetched at once.
pub const PAGE: u32 = 50;

/// A question to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// What waits.
    Hello,
    /// Goal-line pairs.
    Devices {
        /// Only those.
        status: Option<String>,
        /// After this one; `Null` from the beginning.
        after: Value,
    },
    /// Pairs with this id or serial.
    FindDevices(String),
    /// A pair.
    Device(String),
    /// Matches.
    Matches {
        /// Only those.
        queue: Option<String>,
        /// Before this one; `Null` from the newest on.
        before: Value,
    },
    /// A match.
    Match(String),
    /// Open disputes, after this one.
    Disputes(Value),
    /// Accounts, after this one.
    Users(Value),
    /// The account with this address, id or display name.
    FindUsers(String),
    /// An account.
    User(String),
    /// Events, after this one.
    Events(Value),
    /// An event.
    Event(String),
    /// What was published of an event.
    Results(String),
    /// What files say.
    Check(Box<Files>),
    /// An event's cards with codes.
    Sheets(String),
    /// An event's package.
    Package(String),
    /// What hubs handed over of an event, counted.
    Count(String),
    /// The audit log, before this entry.
    Audit(Value),
    /// How the server is.
    Health,
    /// Its keys.
    Keys,
    /// Do something.
    Act {
        /// What.
        act: Act,
        /// Why.
        reason: String,
    },
    /// End the session that a fresh one took the place of.
    Drop(String),
}

impl Ask {
    /// Message type and payload.
    pub fn message(&self) -> (&'static str, Value) {
        match self {
            Self::Hello => ("console.hello", json!({})),
            Self::Devices { status, after } => {
                ("console.devices", json!({ "status": status, "after": after, "limit": PAGE }))
            }
            Self::FindDevices(text) => ("console.devices", json!({ "find": text })),
            Self::Device(id) => ("console.device", json!({ "device": id })),
            Self::Matches { queue, before } => {
                ("console.matches", json!({ "queue": queue, "before": before, "limit": PAGE }))
            }
            Self::Match(id) => ("console.match", json!({ "match": id })),
            Self::Disputes(after) => ("console.disputes", json!({ "after": after, "limit": PAGE })),
            Self::Users(after) => ("console.users", json!({ "after": after, "limit": PAGE })),
            Self::FindUsers(text) => ("console.users", json!({ "find": text })),
            Self::User(id) => ("console.user", json!({ "user": id })),
            Self::Events(after) => ("console.events", json!({ "after": after, "limit": PAGE })),
            Self::Event(id) => ("console.event", json!({ "event": id })),
            Self::Results(id) => ("event.results", json!({ "event": id })),
            Self::Check(files) => ("console.event_check", json!({ "files": files.json() })),
            Self::Sheets(id) => ("console.event_sheets", json!({ "event": id })),
            Self::Package(id) => ("console.event_package", json!({ "event": id })),
            Self::Count(id) => ("console.event_count", json!({ "event": id })),
            Self::Audit(before) => ("console.audit", json!({ "before": before, "limit": PAGE })),
            Self::Health => ("console.health", json!({})),
            Self::Keys => ("console.keys", json!({})),
            Self::Act { act, reason } => act.message(reason),
            Self::Drop(session) => ("session.revoke", json!({ "session_id": session })),
        }
    }

    /// Whether it fills a list that has a form above it to find something.
    pub const fn is_list_to_find_in(&self) -> bool {
        matches!(
            self,
            Self::Devices { .. } | Self::Users(_) | Self::FindDevices(_) | Self::FindUsers(_)
        )
    }

    /// Whether it only fetches what a place shows: offline, the bar at the top says enough.
    pub fn is_reading(&self) -> bool {
        !self.is_wished_for()
    }

    /// Whether somebody waits for just this.
    const fn is_wished_for(&self) -> bool {
        matches!(
            self,
            Self::Act { .. }
                | Self::FindDevices(_)
                | Self::FindUsers(_)
                | Self::Check(_)
                | Self::Sheets(_)
                | Self::Package(_)
                | Self::Count(_)
        )
    }
}
