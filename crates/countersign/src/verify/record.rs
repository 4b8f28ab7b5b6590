//! A1 to A4: what makes a record evidence, wherever it came from.

use crate::domain::Realm;
use crate::id::{Fingerprint, RecordDigest};
use crate::key::VerifyingKey;
use crate::payload;
use crate::record::{RecordHeader, signing_input};
use crate::wire::{Flags, Frame, Malformed};
use thiserror::Error;

/// Why a record proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordError {
    /// `[A1]` The bytes are no record.
    #[error("the record cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// `[A2]` The key is not the one that the record names.
    #[error("the record names another signer")]
    Signer,
    /// `[A3]` The signature does not verify.
    #[error("the record's signature is not valid")]
    Signature,
    /// `[A4]` The payload is not what was signed.
    #[error("the record's payload is not the one that was signed")]
    Payload,
}

impl RecordError {
    /// The id of the failed check, for answers.
    pub const fn check(self) -> &'static str {
        match self {
            Self::Malformed(_) => "A1",
            Self::Signer => "A2",
            Self::Signature => "A3",
            Self::Payload => "A4",
        }
    }
}

/// A record that has the right shape. Shows only what is needed to find its key.
#[derive(Debug)]
pub struct ReceivedRecord<'f> {
    frame: Frame<'f>,
    header: RecordHeader,
}

impl<'f> ReceivedRecord<'f> {
    /// A1. The caller has bounded the length of `bytes`.
    pub fn decode(bytes: &'f [u8]) -> Result<Self, RecordError> {
        let frame = Frame::split(bytes)?;
        let header = RecordHeader::decode(frame.header)?;
        frame.single_signature()?;
        Ok(Self { frame, header })
    }

    /// Whose key to look for.
    pub fn signer(&self) -> Fingerprint {
        self.header.signer
    }

    /// A2 to A4, with the key that belongs to [`Self::signer`].
    pub fn verify(
        self,
        realm: &Realm,
        key: &VerifyingKey,
    ) -> Result<VerifiedRecord<'f>, RecordError> {
        if *key.fingerprint() != self.header.signer {
            return Err(RecordError::Signer);
        }
        let input = signing_input(realm, key.fingerprint(), self.frame.header);
        key.verify(&input, self.frame.single_signature()?).map_err(|_| RecordError::Signature)?;
        let content = payload::open(Flags::NONE, &self.header.payload_hash, self.frame.payload)
            .map_err(|_| RecordError::Payload)?;
        Ok(VerifiedRecord { digest: self.header.digest(realm), header: self.header, content })
    }
}

/// A record that passed every check.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedRecord<'f> {
    /// The signed header.
    pub header: RecordHeader,
    /// Its digest.
    pub digest: RecordDigest,
    /// The payload.
    pub content: &'f [u8],
}
