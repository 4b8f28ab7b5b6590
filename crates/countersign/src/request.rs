//! Requests: fresh, signed by a device session, answered.

use crate::domain::{Domain, Realm};
use crate::id::{Epoch, PayloadHash, RequestDigest, RequestId, SessionId};
use crate::key::{Signature, Signer, VerifyingKey};
use crate::payload::Payload;
use crate::time::Timestamp;
use crate::wire::{Flags, Frame, Kind, Malformed, Name, Reader, begin_header, put_lp8};
use alloc::vec::Vec;

/// Everything a request's signature covers besides the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHeader {
    /// [`Flags::CHUNKED`] or none.
    pub flags: Flags,
    /// Who asks.
    pub session: SessionId,
    /// When, on the server's clock as the client knows it.
    pub timestamp: Timestamp,
    /// Fresh random bytes, used once.
    pub request_id: RequestId,
    /// The server process that this is meant for.
    pub epoch: Epoch,
    /// SHA-256 of the payload, or of its manifest.
    pub payload_hash: PayloadHash,
    /// What is asked.
    pub message_type: Name,
}

impl RequestHeader {
    /// The canonical bytes: 85 + length of the message type.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = begin_header(Kind::Request, self.flags, 85 + 64);
        out.extend_from_slice(self.session.as_bytes());
        out.extend_from_slice(&self.timestamp.as_millis().to_be_bytes());
        out.extend_from_slice(self.request_id.as_bytes());
        out.extend_from_slice(self.epoch.as_bytes());
        out.extend_from_slice(self.payload_hash.as_bytes());
        put_lp8(&mut out, self.message_type.as_bytes());
        out
    }

    /// Reads exactly one header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (mut reader, flags) = Reader::header(bytes, Kind::Request, Flags::CHUNKED)?;
        let header = Self {
            flags,
            session: SessionId::from_bytes(reader.array()?),
            timestamp: reader.time()?,
            request_id: RequestId::from_bytes(reader.array()?),
            epoch: Epoch::from_bytes(reader.array()?),
            payload_hash: PayloadHash::from_bytes(reader.array()?),
            message_type: reader.name()?,
        };
        reader.finish()?;
        Ok(header)
    }
}

/// What an answer is bound to. Known before the session is, so that errors can be bound too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyTo {
    /// The request's id.
    pub request_id: RequestId,
    /// The request's digest.
    pub digest: RequestDigest,
}

impl ReplyTo {
    /// For a request header in its canonical bytes.
    pub fn request(realm: &Realm, header: &[u8], request_id: RequestId) -> Self {
        let digest = RequestDigest::from_bytes(realm.digest(Domain::Request, header));
        Self { request_id, digest }
    }
}

/// The bytes that a request's signature covers.
pub fn signing_input(realm: &Realm, key: &VerifyingKey, header: &[u8]) -> Vec<u8> {
    realm.signing_input(Domain::Request, key.fingerprint(), &[header])
}

/// A request that waits for its signature.
#[derive(Debug, Clone)]
pub struct UnsignedRequest {
    header: Vec<u8>,
    payload: Vec<u8>,
    input: Vec<u8>,
    reply_to: ReplyTo,
}

impl UnsignedRequest {
    /// Fixes the bytes of a request. `header.flags` and `header.payload_hash` are taken from the payload.
    pub fn new(realm: &Realm, key: &VerifyingKey, header: RequestHeader, payload: Payload) -> Self {
        let header =
            RequestHeader { flags: payload.flags(), payload_hash: payload.hash(), ..header };
        let bytes = header.encode();
        Self {
            input: signing_input(realm, key, &bytes),
            reply_to: ReplyTo::request(realm, &bytes, header.request_id),
            header: bytes,
            payload: payload.into_bytes(),
        }
    }

    /// What the key signs.
    pub fn signing_input(&self) -> &[u8] {
        &self.input
    }

    /// What the answer will be bound to.
    pub fn reply_to(&self) -> ReplyTo {
        self.reply_to
    }

    /// The frame, with the signature that some key made over [`Self::signing_input`].
    pub fn seal(&self, signature: &Signature) -> Vec<u8> {
        Frame::join(&self.header, signature, &self.payload)
    }

    /// The frame, signed by a key at hand.
    pub fn sign(&self, key: &impl Signer) -> Vec<u8> {
        self.seal(&key.sign(&self.input))
    }
}
