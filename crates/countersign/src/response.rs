//! Responses: signed by the server and bound to the one request that they answer.

use crate::batch;
use crate::domain::{Domain, Realm};
use crate::id::{Epoch, Fingerprint, PayloadHash, RequestId, ServerKeyId};
use crate::key::{Signature, Signer};
use crate::payload::Payload;
use crate::request::ReplyTo;
use crate::result::ResultCode;
use crate::time::Timestamp;
use crate::wire::{Flags, Frame, Kind, Malformed, Reader, begin_header};
use alloc::vec::Vec;

/// Everything a response's signature covers besides the context and the request's digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHeader {
    /// [`Flags::CHUNKED`], [`Flags::BATCH`], both or none.
    pub flags: Flags,
    /// The request's id again.
    pub request_id: RequestId,
    /// The server's time.
    pub timestamp: Timestamp,
    /// How it went.
    pub result: ResultCode,
    /// Hint: which server key signed.
    pub server_key_id: ServerKeyId,
    /// The epoch to sign the next request for.
    pub epoch: Epoch,
    /// SHA-256 of the payload, or of its manifest.
    pub payload_hash: PayloadHash,
}

impl ResponseHeader {
    /// Length of the canonical bytes.
    pub const LEN: usize = 74;

    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = begin_header(Kind::Response, self.flags, Self::LEN);
        out.extend_from_slice(self.request_id.as_bytes());
        out.extend_from_slice(&self.timestamp.as_millis().to_be_bytes());
        out.extend_from_slice(&self.result.as_u16().to_be_bytes());
        out.extend_from_slice(self.server_key_id.as_bytes());
        out.extend_from_slice(self.epoch.as_bytes());
        out.extend_from_slice(self.payload_hash.as_bytes());
        out
    }

    /// Reads exactly one header.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let allowed = Flags::CHUNKED.with(Flags::BATCH);
        let (mut reader, flags) = Reader::header(bytes, Kind::Response, allowed)?;
        let header = Self {
            flags,
            request_id: RequestId::from_bytes(reader.array()?),
            timestamp: reader.time()?,
            result: ResultCode::from_u16(reader.u16()?),
            server_key_id: ServerKeyId::from_bytes(reader.array()?),
            epoch: Epoch::from_bytes(reader.array()?),
            payload_hash: PayloadHash::from_bytes(reader.array()?),
        };
        reader.finish()?;
        Ok(header)
    }
}

/// The bytes that a response's signature, or its leaf in a batch, covers.
pub fn signing_input(
    realm: &Realm,
    signer: &Fingerprint,
    reply_to: &ReplyTo,
    header: &[u8],
) -> Vec<u8> {
    realm.signing_input(Domain::Response, signer, &[reply_to.digest.as_bytes(), header])
}

/// What a server answers, besides the request that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The server's time.
    pub timestamp: Timestamp,
    /// How it went.
    pub result: ResultCode,
    /// The epoch to sign the next request for.
    pub epoch: Epoch,
    /// The content.
    pub payload: Payload,
}

/// A response that waits for its signature.
#[derive(Debug, Clone)]
pub struct UnsignedResponse {
    header: Vec<u8>,
    payload: Vec<u8>,
    input: Vec<u8>,
}

impl UnsignedResponse {
    /// Fixes the bytes of a response to be signed alone by the key with this fingerprint.
    pub fn new(realm: &Realm, signer: &Fingerprint, reply_to: &ReplyTo, answer: Answer) -> Self {
        Self::with_flags(realm, signer, reply_to, answer, Flags::NONE)
    }

    /// Fixes the bytes of a response to be signed as a leaf of a batch.
    pub fn for_batch(
        realm: &Realm,
        signer: &Fingerprint,
        reply_to: &ReplyTo,
        answer: Answer,
    ) -> Self {
        Self::with_flags(realm, signer, reply_to, answer, Flags::BATCH)
    }

    fn with_flags(
        realm: &Realm,
        signer: &Fingerprint,
        reply_to: &ReplyTo,
        answer: Answer,
        flags: Flags,
    ) -> Self {
        let header = ResponseHeader {
            flags: answer.payload.flags().with(flags),
            request_id: reply_to.request_id,
            timestamp: answer.timestamp,
            result: answer.result,
            server_key_id: signer.server_key_id(),
            epoch: answer.epoch,
            payload_hash: answer.payload.hash(),
        }
        .encode();
        let input = signing_input(realm, signer, reply_to, &header);
        Self { header, payload: answer.payload.into_bytes(), input }
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

/// Signs up to [`batch::LEAVES_MAX`] responses made by [`UnsignedResponse::for_batch`] with one signature.
pub fn sign_batch(
    realm: &Realm,
    key: &impl Signer,
    responses: &[UnsignedResponse],
) -> Option<Vec<Vec<u8>>> {
    let leaves: Vec<_> = responses.iter().map(|response| batch::leaf(&response.input)).collect();
    let signatures = batch::sign(realm, key, &leaves)?;
    let sealed = responses.iter().zip(signatures);
    Some(
        sealed
            .map(|(response, sig)| Frame::join(&response.header, &sig, &response.payload))
            .collect(),
    )
}
