//! Accounts and their erasure.

use crate::audit::AuditEntry;
use crate::record::StoredRecord;
use crate::session::StoredSession;
use countersign::{Timestamp, UserId};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Random.
    pub id: UserId,
    /// Normalised e-mail address or E.164 phone number.
    pub address: String,
    /// When it was created.
    pub created: Timestamp,
    /// Sorted, without duplicates.
    pub scopes: Vec<String>,
}

/// Scopes as they are stored: sorted, without duplicates.
pub fn normal_scopes(mut scopes: Vec<String>) -> Vec<String> {
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Everything stored about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountExport {
    /// The account.
    pub user: User,
    /// All sessions, live and revoked, newest first.
    pub sessions: Vec<StoredSession>,
    /// All records that the user appended, oldest first.
    pub records: Vec<StoredRecord>,
    /// Audit entries that name the user, oldest first.
    pub audit: Vec<AuditEntry>,
}

/// A line of the erasure ledger: enough to erase again, nothing that identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// The random id of the erased account.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}
