//! Device sessions as they are stored.

use countersign::{Fingerprint, SessionId, Timestamp, UserId};

/// Whether a session may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// In use.
    Live,
    /// Ended at this time; the key stays known so that its holder can be told.
    Revoked(Timestamp),
}

/// A session as read from the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Minted by the server.
    pub id: SessionId,
    /// Its owner.
    pub user: UserId,
    /// Ed25519 public key, 32 bytes, checked at registration.
    pub public_key: [u8; 32],
    /// Shown in the session list, at most 64 characters.
    pub name: String,
    /// What the device says it is, at most 32 characters: `android`, `cli`.
    pub platform: String,
    /// When it was registered.
    pub created: Timestamp,
    /// When a request of it was last accepted; up to a minute late.
    pub last_seen: Timestamp,
    /// Live or revoked.
    pub status: SessionStatus,
    /// The owner's scopes, sorted.
    pub scopes: Vec<String>,
}

/// A session about to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Fresh id.
    pub id: SessionId,
    /// The user to create if the address has none; ignored otherwise.
    pub user_if_new: UserId,
    /// Scopes for a user that is created.
    pub scopes_if_new: Vec<String>,
    /// Ed25519 public key, proven and checked for strength by the caller.
    pub public_key: [u8; 32],
    /// Fingerprint of that key; must equal the login's.
    pub fingerprint: Fingerprint,
    /// At most 64 characters.
    pub name: String,
    /// At most 32 characters.
    pub platform: String,
    /// Live sessions per user at most; the longest unseen are revoked to make room.
    pub max_per_user: u32,
}

/// What registering a session did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The session, live.
    pub session: StoredSession,
    /// The account was created by it.
    pub new_user: bool,
    /// Sessions revoked to stay within `max_per_user`.
    pub displaced: Vec<SessionId>,
    /// The normalised address of the login, for the notice.
    pub address: String,
}
