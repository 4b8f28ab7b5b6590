//! The audit log: who did what to accounts, sessions and keys.

use countersign::{SessionId, Timestamp, UserId};

/// Something worth remembering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// A name of the form `session.revoke`.
    pub action: String,
    /// Whose account, if any.
    pub user: Option<UserId>,
    /// By or on which session, if any.
    pub session: Option<SessionId>,
    /// Details as JSON without secrets and addresses.
    pub detail: String,
}

/// An event with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub seq: u64,
    /// The event.
    pub event: AuditEvent,
}
