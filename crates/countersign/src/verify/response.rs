//! R1 to R4: what stands between received bytes and the caller on the client.

use crate::batch;
use crate::domain::Realm;
use crate::keyset::{KeyChoiceError, Keyset};
use crate::payload;
use crate::request::ReplyTo;
use crate::response::{ResponseHeader, signing_input};
use crate::time::{Freshness, FreshnessWindow, Timestamp};
use crate::wire::{Frame, Malformed};
use thiserror::Error;

/// A request whose answer is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// What the answer has to be bound to.
    pub reply_to: ReplyTo,
}

/// Why an answer is not accepted. All are transport errors: nothing of the answer is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ResponseError {
    /// `[R0]` The bytes are no response.
    #[error("the answer cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// `[R1]` No key of the set may have signed this.
    #[error(transparent)]
    Key(#[from] KeyChoiceError),
    /// `[R1]` The signature does not verify for *this* request.
    #[error("the answer is not signed by the server for this request")]
    Signature,
    /// `[R2]` Another request's id.
    #[error("the answer is for another request")]
    RequestId,
    /// `[R3]` The payload is not what was signed.
    #[error("the answer's payload is not the one that was signed")]
    Payload,
    /// `[R4]` The answer was held back, or comes from another time.
    #[error("the answer's timestamp is outside the freshness window")]
    Stale(Freshness),
}

/// An answer that passed every check.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedResponse<'f> {
    /// The signed header.
    pub header: ResponseHeader,
    /// The payload; without its manifest if it was chunked.
    pub content: &'f [u8],
}

/// Checks an answer in the order of the protocol: signature for this request, request id, payload, freshness.
///
/// `now` is the server's time as the client knows it, or `None` as long as it knows nothing: a first answer is fresh because it
/// is bound to a request that was just made.
pub fn verify_response<'f>(
    realm: &Realm,
    keyset: &Keyset,
    pending: &Pending,
    now: Option<(Timestamp, &FreshnessWindow)>,
    bytes: &'f [u8],
) -> Result<VerifiedResponse<'f>, ResponseError> {
    let frame = Frame::split(bytes)?;
    let header = ResponseHeader::decode(frame.header)?;
    batch::check_shape(header.flags, frame.signature)?;
    let key = keyset.key_for(header.server_key_id, header.timestamp)?;
    let input = signing_input(realm, key.fingerprint(), &pending.reply_to, frame.header);
    batch::verify(realm, key, header.flags, &input, frame.signature)
        .map_err(|_| ResponseError::Signature)?;
    if header.request_id != pending.reply_to.request_id {
        return Err(ResponseError::RequestId);
    }
    let content = payload::open(header.flags, &header.payload_hash, frame.payload)
        .map_err(|_| ResponseError::Payload)?;
    if let Some((now, window)) = now {
        match window.judge(header.timestamp, now) {
            Freshness::Fresh => {}
            stale @ (Freshness::TooOld | Freshness::TooFarAhead) => {
                return Err(ResponseError::Stale(stale));
            }
        }
    }
    Ok(VerifiedResponse { header, content })
}
