//! Records with a typed content: certificates, tickets, results, bundles. Protocols that build on this one declare theirs here.
//!
//! Each is the payload of a record (`docs/PROTOCOL.md` section 4), in canonical bytes: a version byte, then the fields in
//! order, numbers big-endian, nothing left over. [`Received::verify`] is the only way to a [`Signed`].

use crate::domain::Realm;
use crate::id::{Fingerprint, PayloadHash, RecordDigest, RecordId};
use crate::key::{Signer, VerifyingKey};
use crate::record::RecordHeader;
use crate::time::Timestamp;
use crate::verify::{ReceivedRecord, RecordError};
use crate::wire::{Malformed, Name, Reader};
use alloc::vec::Vec;

/// The version byte that every artefact starts with.
pub const VERSION: u8 = 1;

/// A payload of a record, in canonical bytes.
pub trait Artefact: Sized {
    /// The record type.
    const TYPE: &'static str;
    /// Most bytes that its frame may have; longer ones are not looked at.
    const MAX_FRAME: usize;

    /// Appends the fields.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads the fields.
    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed>;

    /// Reads the fields after the signature over them was verified, which may spare a check that whoever signed has done.
    fn take_verified(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::take(reader)
    }

    /// The canonical bytes.
    fn encode(&self) -> Vec<u8> {
        let mut out = alloc::vec![VERSION];
        self.put(&mut out);
        out
    }

    /// Reads exactly one.
    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        decode_by(bytes, Self::take)
    }
}

fn decode_by<T>(
    bytes: &[u8],
    take: fn(&mut Reader<'_>) -> Result<T, Malformed>,
) -> Result<T, Malformed> {
    let mut reader = Reader::new(bytes);
    let version = reader.u8()?;
    if version != VERSION {
        return Err(Malformed::Version(version));
    }
    let value = take(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Why a piece of evidence proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The record fails one of A1 to A4.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Longer than its type allows.
    #[error("the evidence is longer than {0} bytes")]
    TooLong(usize),
    /// A record of another type.
    #[error("the record is not of the type {0}")]
    Type(&'static str),
    /// What was signed does not read as what it should be.
    #[error("the signed content cannot be read: {0}")]
    Content(Malformed),
}

/// Evidence that has the right shape. Shows only what is needed to find the key.
#[derive(Debug)]
pub struct Received<'f, T> {
    record: ReceivedRecord<'f>,
    kind: core::marker::PhantomData<T>,
}

impl<'f, T: Artefact> Received<'f, T> {
    /// Bounds and reads the envelope.
    pub fn decode(frame: &'f [u8]) -> Result<Self, EvidenceError> {
        if frame.len() > T::MAX_FRAME {
            return Err(EvidenceError::TooLong(T::MAX_FRAME));
        }
        let record = ReceivedRecord::decode(frame)?;
        Ok(Self { record, kind: core::marker::PhantomData })
    }

    /// Whose key to look for.
    pub fn signer(&self) -> Fingerprint {
        self.record.signer()
    }

    /// A2 to A4, then the type, then the content.
    pub fn verify(self, realm: &Realm, key: &VerifyingKey) -> Result<Signed<T>, EvidenceError> {
        let record = self.record.verify(realm, key)?;
        if record.header.record_type.as_str() != T::TYPE {
            return Err(EvidenceError::Type(T::TYPE));
        }
        let value = decode_by(record.content, T::take_verified).map_err(EvidenceError::Content)?;
        Ok(Signed {
            value,
            id: record.header.id,
            created: record.header.created,
            signer: record.header.signer,
            previous: record.header.previous,
            digest: record.digest,
        })
    }
}

/// Evidence that passed every check of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed<T> {
    /// What was signed.
    pub value: T,
    /// The record's id.
    pub id: RecordId,
    /// When, as its author knows it.
    pub created: Timestamp,
    /// Whose key signed.
    pub signer: Fingerprint,
    /// Digest of the record before it, or [`RecordHeader::FIRST`].
    pub previous: RecordDigest,
    /// Digest of this record.
    pub digest: RecordDigest,
}

impl<T: Artefact> Signed<T> {
    /// Reads a frame again that this program verified before and kept where only it can write. Checks no signature: never for
    /// bytes that came from elsewhere.
    pub fn reopen(realm: &Realm, frame: &[u8]) -> Result<Self, Malformed> {
        let parts = crate::wire::Frame::split(frame)?;
        let header = RecordHeader::decode(parts.header)?;
        Ok(Self {
            value: T::decode(parts.payload)?,
            id: header.id,
            created: header.created,
            signer: header.signer,
            previous: header.previous,
            digest: header.digest(realm),
        })
    }
}

/// Reads and verifies in one go, for a key that is known beforehand.
pub fn open<T: Artefact>(
    realm: &Realm,
    key: &VerifyingKey,
    frame: &[u8],
) -> Result<Signed<T>, EvidenceError> {
    Received::<T>::decode(frame)?.verify(realm, key)
}

/// What a record needs besides its content.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Fresh random bytes.
    pub id: RecordId,
    /// When.
    pub created: Timestamp,
    /// The record before it, or [`RecordHeader::FIRST`].
    pub previous: RecordDigest,
}

/// The unsigned record of an artefact; for keys that are not at hand.
pub fn unsigned<T: Artefact>(
    realm: &Realm,
    signer: Fingerprint,
    stamp: Stamp,
    value: &T,
) -> Result<crate::record::UnsignedRecord, Malformed> {
    let header = RecordHeader {
        id: stamp.id,
        created: stamp.created,
        signer,
        previous: stamp.previous,
        payload_hash: PayloadHash::from_bytes([0; 32]),
        record_type: Name::new(T::TYPE)?,
    };
    Ok(crate::record::UnsignedRecord::new(realm, header, value.encode()))
}

/// The frame of an artefact, signed by a key at hand.
pub fn seal<T: Artefact>(
    realm: &Realm,
    key: &impl Signer,
    stamp: Stamp,
    value: &T,
) -> Result<Vec<u8>, Malformed> {
    let signer = *key.verifying_key().fingerprint();
    unsigned(realm, signer, stamp, value).map(|record| record.sign(key))
}

/// The digest of a frame that was not verified: for comparing, never for trusting.
pub fn digest_of(realm: &Realm, frame: &[u8]) -> Result<RecordDigest, Malformed> {
    let frame = crate::wire::Frame::split(frame)?;
    RecordHeader::decode(frame.header).map(|header| header.digest(realm))
}
