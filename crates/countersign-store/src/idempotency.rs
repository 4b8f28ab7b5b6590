//! Idempotency keys of effects that happen behind the gateway.

use countersign::{PayloadHash, UserId};

/// Scope and fingerprint of one effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Whose effect.
    pub user: UserId,
    /// Message type.
    pub message_type: String,
    /// The client's key, 1 to 128 bytes.
    pub key: String,
    /// Hash of the payload: the same key with another payload is a mistake. Not part of the identity.
    pub fingerprint: PayloadHash,
}

/// One try at an effect, drawn at random for each: only who claimed a key may give it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimId(pub [u8; 16]);

/// An answer to be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Result code.
    pub code: u16,
    /// Payload, to be signed anew for each request.
    pub payload: Vec<u8>,
}

/// What became of claiming a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotent {
    /// Go ahead; finish or abandon it.
    Claimed,
    /// Done before, with this answer.
    Done(StoredAnswer),
    /// Claimed by another call that has not ended, and whose lease has not expired.
    InProgress,
    /// Used with another payload.
    Mismatch,
}
