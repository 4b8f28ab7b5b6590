//! Records: lasting evidence that any carrier may deliver at any time.

use crate::domain::{Domain, Realm};
use crate::id::{Fingerprint, PayloadHash, RecordDigest, RecordId};
use crate::key::{Signature, Signer};
use crate::payload;
use crate::time::Timestamp;
use crate::wire::{Flags, Frame, Kind, Malformed, Name, Reader, begin_header, put_lp8};
use alloc::vec::Vec;

/// Everything a record's signature covers besides the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// Fresh random bytes; also the idempotency key of whatever the record brings about.
    pub id: RecordId,
    /// When, as its author knows it.
    pub created: Timestamp,
    /// Whose key signed.
    pub signer: Fingerprint,
    /// Digest of the signer's previous record, or [`RecordHeader::FIRST`].
    pub previous: RecordDigest,
    /// SHA-256 of the payload.
    pub payload_hash: PayloadHash,
    /// What it is evidence of.
    pub record_type: Name,
}

impl RecordHeader {
    /// "There is no previous record."
    pub const FIRST: RecordDigest = RecordDigest::from_bytes([0; 32]);

    /// The canonical bytes: 125 + length of the record type.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = begin_header(Kind::Record, Flags::NONE, 125 + 64);
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(&self.created.as_millis().to_be_bytes());
        out.extend_from_slice(self.signer.as_bytes());
        out.extend_from_slice(self.previous.as_bytes());
        out.extend_from_slice(self.payload_hash.as_bytes());
        put_lp8(&mut out, self.record_type.as_bytes());
        out
    }

    /// Reads exactly one header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut reader, _) = Reader::header(bytes, Kind::Record, Flags::NONE)?;
        let header = Self {
            id: RecordId::from_bytes(reader.array()?),
            created: reader.time()?,
            signer: Fingerprint::from_bytes(reader.array()?),
            previous: RecordDigest::from_bytes(reader.array()?),
            payload_hash: PayloadHash::from_bytes(reader.array()?),
            record_type: reader.name()?,
        };
        reader.finish()?;
        Ok(header)
    }

    /// The digest that receipts and the next record refer to.
    pub fn digest(&self, realm: &Realm) -> RecordDigest {
        RecordDigest::from_bytes(realm.digest(Domain::Record, &self.encode()))
    }
}

/// The bytes that a record's signature covers.
pub fn signing_input(realm: &Realm, signer: &Fingerprint, header: &[u8]) -> Vec<u8> {
    realm.signing_input(Domain::Record, signer, &[header])
}

/// A record that waits for its signature.
#[derive(Debug, Clone)]
pub struct UnsignedRecord {
    header: Vec<u8>,
    payload: Vec<u8>,
    input: Vec<u8>,
}

impl UnsignedRecord {
    /// Fixes the bytes of a record. `header.payload_hash` is filled in.
    pub fn new(realm: &Realm, header: RecordHeader, payload: Vec<u8>) -> Self {
        let header = RecordHeader { payload_hash: payload::hash(&payload), ..header };
        let bytes = header.encode();
        Self { input: signing_input(realm, &header.signer, &bytes), header: bytes, payload }
    }

    /// What the key signs.
    pub fn signing_input(&self) -> &[u8] {
        &self.input
    }

    /// The frame, with a signature over [`Self::signing_input`].
    pub fn seal(&self, signature: &Signature) -> Vec<u8> {
        Frame::join(&self.header, signature, &self.payload)
    }

    /// The frame, signed by a key at hand; its fingerprint must be the header's signer.
    pub fn sign(&self, key: &impl Signer) -> Vec<u8> {
        self.seal(&key.sign(&self.input))
    }
}
