//! Identifiers of judging: one type each, so that none passes for another.

use alloc::string::String;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use core::str::FromStr;
use countersign::{byte_id, text_id};
use thiserror::Error;

text_id!(
    /// A project, as on its table's QR code.
    ProjectId);
text_id!(
    /// A category: what a project is judged as, with a rubric of its own.
    CategoryId);
text_id!(
    /// A judge: a person, whatever device they use.
    JudgeId);

byte_id!(
    /// `SHA-256("countersign-vote-v1" ‖ LP8(event) ‖ JSON)`: one vote, whoever signed it how often.
    VoteDigest, 32);
byte_id!(
    /// The last link of a log's hash chain.
    ChainHash, 32);
byte_id!(
    /// The root of a Merkle tree as in RFC 9162.
    Root, 32);

/// A vote's id, "GUID" in the seed: 16 random bytes, 22 characters of base64url in text. Unique per judge, for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoteId([u8; 16]);

/// Text that is no vote id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a vote id is 16 bytes in 22 characters of base64url without padding")]
pub struct VoteIdError;

impl VoteId {
    /// Characters of its text.
    pub const TEXT_LEN: usize = 22;

    /// Wraps 16 bytes of a cryptographic generator.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for VoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; Self::TEXT_LEN];
        let written = URL_SAFE_NO_PAD.encode_slice(self.0, &mut text).unwrap_or_default();
        f.pad(core::str::from_utf8(&text[..written]).unwrap_or_default())
    }
}

impl fmt::Debug for VoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VoteId({self})")
    }
}

impl FromStr for VoteId {
    type Err = VoteIdError;

    fn from_str(text: &str) -> Result<Self, VoteIdError> {
        if text.len() != Self::TEXT_LEN {
            return Err(VoteIdError);
        }
        // The decoder may want room for a whole group more than comes out.
        let mut bytes = [0; 18];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(16) => bytes.first_chunk().map(|id| Self(*id)).ok_or(VoteIdError),
            Ok(_) | Err(_) => Err(VoteIdError),
        }
    }
}

impl From<VoteId> for String {
    fn from(id: VoteId) -> Self {
        alloc::format!("{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_vote_id_has_one_text() {
        for byte in [0, 1, 0x7f, 0xff] {
            let id = VoteId::from_bytes([byte; 16]);
            assert_eq!(id.to_string().len(), VoteId::TEXT_LEN);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        // The last character carries two bits only; other bits in it would be a second text of the same id.
        for bad in ["", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA="]
        {
            assert_eq!(bad.parse::<VoteId>(), Err(VoteIdError), "{bad}");
        }
    }
}
