//! Identifiers of the league: one type each, so that none passes for another.

use countersign::byte_id;
use sha2::{Digest, Sha256};

byte_id!(
    /// A goal-line pair: a master and its slave. Drawn in the factory, never reused.
    DeviceId, 16);
byte_id!(
    /// One match; see [`MatchId::derive`].
    MatchId, 16);
byte_id!(
    /// A set of rules: the hash of its expectation table and parameters.
    RulesetId, 32);
byte_id!(
    /// The last link of a journal's hash chain.
    JournalHead, 32);
byte_id!(
    /// Sixteen bytes of a cryptographic generator, used once.
    Nonce, 16);
byte_id!(
    /// A hash that fixes a secret before it is shown.
    Commitment, 32);
byte_id!(
    /// A production batch.
    BatchId, 16);

impl MatchId {
    /// `SHA-256("countersign-match-v1" ‖ device ‖ u32 device_seq ‖ commit)[..16]`: the device cannot choose it freely, and
    /// cannot use it twice.
    pub fn derive(device: &DeviceId, device_seq: u32, commit: &Commitment) -> Self {
        let hash = Sha256::new_with_prefix(b"countersign-match-v1")
            .chain_update(device.as_bytes())
            .chain_update(device_seq.to_be_bytes())
            .chain_update(commit.as_bytes())
            .finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        Self::from_bytes(id)
    }
}

impl Commitment {
    /// `SHA-256("countersign-commit-v1" ‖ secret)`.
    pub fn to(secret: &[u8; 32]) -> Self {
        let hash = Sha256::new_with_prefix(b"countersign-commit-v1").chain_update(secret);
        Self::from_bytes(hash.finalize().into())
    }
}

impl Nonce {
    /// "No nonce": a travel ticket is bound to no device.
    pub const NONE: Self = Self::from_bytes([0; 16]);
}

impl DeviceId {
    /// "No device": a travel ticket.
    pub const NONE: Self = Self::from_bytes([0; 16]);
}
