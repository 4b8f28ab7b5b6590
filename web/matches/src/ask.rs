//! Questions to the server.

use serde_json::{Value, json};

/// Matches that are fetched at once.
pub const PAGE: u32 = 20;

/// A question to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Who asks.
    Me,
    /// Another player.
    Player(String),
    /// Matches, newest first.
    History {
        /// Of whom; nobody is oneself.
        user: Option<String>,
        /// Before this one; `Null` from the newest on.
        before: Value,
    },
    /// Changes of the own rating after this one.
    Ledger(u64),
    /// Meetings with a player.
    Met(String),
    /// A match.
    Match(String),
    /// The own disputes, after this one.
    Disputes(u64),
    /// The own penalties, after this one.
    Penalties(u64),
    /// Disagree with a match.
    Dispute {
        /// The match.
        of: String,
        /// What about.
        kind: String,
        /// Why.
        text: String,
    },
}

impl Ask {
    /// Message type and payload.
    pub fn message(&self) -> (&'static str, Value) {
        match self {
            Self::Me => ("league.profile", json!({})),
            Self::Player(user) => ("league.profile", json!({ "user": user })),
            Self::History { user, before } => {
                ("league.history", json!({ "user": user, "before": before, "limit": PAGE }))
            }
            Self::Ledger(after) => ("league.ledger", json!({ "after": after })),
            Self::Met(user) => ("league.head_to_head", json!({ "user": user })),
            Self::Match(of) => ("league.match", json!({ "match_id": of })),
            Self::Disputes(after) => ("league.disputes", json!({ "after": after })),
            Self::Penalties(after) => ("league.penalties", json!({ "after": after })),
            Self::Dispute { of, kind, text } => {
                ("league.dispute", json!({ "match_id": of, "kind": kind, "text": text }))
            }
        }
    }

    /// Whether it only fetches what a place shows: offline, the bar at the top says enough.
    pub const fn is_reading(&self) -> bool {
        !matches!(self, Self::Dispute { .. })
    }
}
