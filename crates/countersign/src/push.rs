//! Pushes: events in a numbered stream, signed by the server.

use crate::domain::{Domain, Realm};
use crate::id::{Epoch, Fingerprint, PayloadHash, ServerKeyId, StreamId};
use crate::key::{Signature, Signer};
use crate::payload;
use crate::time::Timestamp;
use crate::wire::{Flags, Frame, Kind, Malformed, Name, Reader, begin_header, put_lp8};
use alloc::vec::Vec;

/// Everything a push's signature covers besides the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushHeader {
    /// [`Flags::BATCH`] or none.
    pub flags: Flags,
    /// Learned from a signed answer to `stream.open`.
    pub stream: StreamId,
    /// The server's time.
    pub timestamp: Timestamp,
    /// From 1, without gaps.
    pub seq: u64,
    /// Hint: which server key signed.
    pub server_key_id: ServerKeyId,
    /// The epoch to sign the next request for.
    pub epoch: Epoch,
    /// SHA-256 of the payload.
    pub payload_hash: PayloadHash,
    /// What happened.
    pub event_type: Name,
}

impl PushHeader {
    /// The canonical bytes: 81 + length of the event type.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = begin_header(Kind::Push, self.flags, 81 + 64);
        out.extend_from_slice(self.stream.as_bytes());
        out.extend_from_slice(&self.timestamp.as_millis().to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(self.server_key_id.as_bytes());
        out.extend_from_slice(self.epoch.as_bytes());
        out.extend_from_slice(self.payload_hash.as_bytes());
        put_lp8(&mut out, self.event_type.as_bytes());
        out
    }

    /// Reads exactly one header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut reader, flags) = Reader::header(bytes, Kind::Push, Flags::BATCH)?;
        let header = Self {
            flags,
            stream: StreamId::from_bytes(reader.array()?),
            timestamp: reader.time()?,
            seq: reader.u64()?,
            server_key_id: ServerKeyId::from_bytes(reader.array()?),
            epoch: Epoch::from_bytes(reader.array()?),
            payload_hash: PayloadHash::from_bytes(reader.array()?),
            event_type: reader.name()?,
        };
        reader.finish()?;
        Ok(header)
    }
}

/// The bytes that a push's signature, or its leaf in a batch, covers.
pub fn signing_input(realm: &Realm, signer: &Fingerprint, header: &[u8]) -> Vec<u8> {
    realm.signing_input(Domain::Push, signer, &[header])
}

/// A push that waits for its signature.
#[derive(Debug, Clone)]
pub struct UnsignedPush {
    header: Vec<u8>,
    payload: Vec<u8>,
    input: Vec<u8>,
}

impl UnsignedPush {
    /// Fixes the bytes of a push. `header.server_key_id` and `header.payload_hash` are filled in.
    pub fn new(realm: &Realm, signer: &Fingerprint, header: PushHeader, payload: Vec<u8>) -> Self {
        let server_key_id = signer.server_key_id();
        let header =
            PushHeader { server_key_id, payload_hash: payload::hash(&payload), ..header }.encode();
        Self { input: signing_input(realm, signer, &header), header, payload }
    }

    /// What the key signs.
    pub fn signing_input(&self) -> &[u8] {
        &self.input
    }

    /// The frame, with a signature over [`Self::signing_input`].
    pub fn seal(&self, signature: &Signature) -> Vec<u8> {
        Frame::join(&self.header, signature, &self.payload)
    }

    /// The frame, signed by a key at hand.
    pub fn sign(&self, key: &impl Signer) -> Vec<u8> {
        self.seal(&key.sign(&self.input))
    }
}
