//! V1 to V6: what stands between received bytes and business code on the server.

use crate::domain::Realm;
use crate::epoch::{Bootstrap, Epochs};
use crate::id::{RequestDigest, SessionId};
use crate::key::VerifyingKey;
use crate::payload;
use crate::replay::{FirstUse, ReplayKey};
use crate::request::{ReplyTo, RequestHeader, signing_input};
use crate::result::ResultCode;
use crate::time::{Freshness, FreshnessWindow, Timestamp};
use crate::wire::{Frame, Malformed};
use alloc::vec::Vec;
use thiserror::Error;

/// Whether a session may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// In use.
    Live,
    /// Ended; its holder is told, nobody else.
    Revoked,
}

/// What the verifier needs to know of a device session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSession {
    /// The session.
    pub id: SessionId,
    /// Its registered key, decompressed.
    pub key: VerifyingKey,
    /// Live or revoked.
    pub state: SessionState,
}

/// Why a request that has the shape of one is not executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refused {
    /// V2 or V4a: unknown session or bad signature; whoever asks is not told which.
    #[error("unknown session or bad signature")]
    Unauthenticated,
    /// V3: the session was revoked, and the signature is by its key.
    #[error("the session was revoked")]
    SessionRevoked,
    /// V4b: the payload is not what was signed.
    #[error("the payload is not the one that was signed")]
    PayloadMismatch,
    /// V5a, V5b: outside the freshness window.
    #[error("the timestamp is outside the freshness window")]
    StaleTimestamp(Freshness),
    /// V5c: not an epoch of this process.
    #[error("the epoch is not one of this server process")]
    StaleEpoch,
    /// V6a: seen before.
    #[error("this request was seen before")]
    Replayed,
}

impl Refused {
    /// The result code of the signed answer.
    pub const fn result(self) -> ResultCode {
        match self {
            Self::Unauthenticated => ResultCode::UNAUTHENTICATED,
            Self::SessionRevoked => ResultCode::SESSION_REVOKED,
            Self::PayloadMismatch => ResultCode::PAYLOAD_MISMATCH,
            Self::StaleTimestamp(_) => ResultCode::STALE_TIMESTAMP,
            Self::StaleEpoch => ResultCode::STALE_EPOCH,
            Self::Replayed => ResultCode::REPLAYED,
        }
    }
}

/// A request that has the right shape. Shows only what is needed to find its key and to answer.
#[derive(Debug)]
pub struct Received<'f> {
    frame: Frame<'f>,
    header: RequestHeader,
    reply_to: ReplyTo,
}

impl<'f> Received<'f> {
    /// `[V1]` The envelope is present, whole and supported. The caller has bounded the length of `bytes`.
    pub fn decode(realm: &Realm, bytes: &'f [u8]) -> Result<Self, Malformed> {
        let frame = Frame::split(bytes)?;
        Self::from_frame(realm, frame)
    }

    /// [`Self::decode`] for a profile that carries the payload apart from header and signature.
    pub fn from_frame(realm: &Realm, frame: Frame<'f>) -> Result<Self, Malformed> {
        let header = RequestHeader::decode(frame.header)?;
        frame.single_signature()?;
        let reply_to = ReplyTo::request(realm, frame.header, header.request_id);
        Ok(Self { frame, header, reply_to })
    }

    /// Whose key to look for.
    pub fn session_id(&self) -> SessionId {
        self.header.session
    }

    /// What any answer, also a refusal, is bound to.
    pub fn reply_to(&self) -> ReplyTo {
        self.reply_to
    }

    /// `[V2]` The session is known, and `[V3]` not revoked.
    ///
    /// A revoked session is told so only if the signature is by its key; to everybody else it looks unknown.
    pub fn resolve<'s>(
        self,
        realm: &Realm,
        session: Option<&'s DeviceSession>,
    ) -> Result<Resolved<'f, 's>, Refused> {
        let session =
            session.filter(|s| s.id == self.header.session).ok_or(Refused::Unauthenticated)?;
        let resolved = Resolved { received: self, key: &session.key };
        match session.state {
            SessionState::Live => Ok(resolved),
            SessionState::Revoked => {
                Err(resolved.check_signature(realm).err().unwrap_or(Refused::SessionRevoked))
            }
        }
    }
}

/// A request with the registered key of its session.
#[derive(Debug)]
pub struct Resolved<'f, 's> {
    received: Received<'f>,
    key: &'s VerifyingKey,
}

impl<'f> Resolved<'f, '_> {
    /// `[V4a]` The signature is by that key, and `[V4b]` the payload is the signed one.
    pub fn authenticate(self, realm: &Realm) -> Result<Authentic<'f>, Refused> {
        self.check_signature(realm)?;
        let Received { frame, header, reply_to } = self.received;
        let content = payload::open(header.flags, &header.payload_hash, frame.payload)
            .map_err(|_| Refused::PayloadMismatch)?;
        Ok(Authentic { header, digest: reply_to.digest, content })
    }

    fn check_signature(&self, realm: &Realm) -> Result<(), Refused> {
        let frame = &self.received.frame;
        let signature = frame.single_signature().map_err(|_| Refused::Unauthenticated)?;
        let input = signing_input(realm, self.key, frame.header);
        self.key.verify(&input, signature).map_err(|_| Refused::Unauthenticated)
    }
}

/// A request that the holder of the session's key made, at some time.
#[derive(Debug)]
pub struct Authentic<'f> {
    header: RequestHeader,
    digest: RequestDigest,
    content: &'f [u8],
}

impl<'f> Authentic<'f> {
    /// `[V5a]` not too old, `[V5b]` not too far ahead, `[V5c]` signed for this process. `now` is read after the whole body arrived.
    ///
    /// `bootstrap` says which message types may come without an epoch.
    pub fn check_fresh(
        self,
        now: Timestamp,
        window: &FreshnessWindow,
        epochs: &Epochs,
        bootstrap: impl Fn(&str) -> Bootstrap,
    ) -> Result<Fresh<'f>, Refused> {
        match window.judge(self.header.timestamp, now) {
            Freshness::Fresh => {}
            stale @ (Freshness::TooOld | Freshness::TooFarAhead) => {
                return Err(Refused::StaleTimestamp(stale));
            }
        }
        if !epochs.accepts(self.header.epoch, bootstrap(self.header.message_type.as_str())) {
            return Err(Refused::StaleEpoch);
        }
        Ok(Fresh(self))
    }
}

/// An authentic request that was made just now, for this process.
#[derive(Debug)]
pub struct Fresh<'f>(Authentic<'f>);

impl Fresh<'_> {
    /// What the replay set has to put in.
    pub fn replay_key(&self) -> ReplayKey {
        let RequestHeader { session, request_id, timestamp, .. } = self.0.header;
        ReplayKey { session, request_id, timestamp }
    }

    /// `[V6a]` The replay set saw this request for the first time just now.
    pub fn admit(self, first_use: FirstUse) -> Result<Verified, Refused> {
        if *first_use.key() != self.replay_key() {
            return Err(Refused::Replayed);
        }
        let Authentic { header, digest, content } = self.0;
        Ok(Verified { header, digest, content: content.to_vec() })
    }
}

/// A request that passed every check. Business code takes this and nothing else.
#[derive(Debug)]
#[non_exhaustive]
pub struct Verified {
    /// The signed header.
    pub header: RequestHeader,
    /// The digest of the request, which receipts can refer to.
    pub digest: RequestDigest,
    /// The payload; without its manifest if it was chunked. Owned, so that it can outlive the received bytes.
    pub content: Vec<u8>,
}
