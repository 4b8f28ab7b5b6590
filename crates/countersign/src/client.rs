//! A device's side of the exchange, without I/O: what to sign, what to believe, when to try again.

use crate::domain::Realm;
use crate::id::{Epoch, PayloadHash, RequestId, SessionId};
use crate::key::VerifyingKey;
use crate::keyset::{KeyChoiceError, Keyset};
use crate::offset::{Reading, ServerClock};
use crate::payload::Payload;
use crate::request::{ReplyTo, RequestHeader, UnsignedRequest};
use crate::result::ResultCode;
use crate::time::{FreshnessWindow, Timestamp};
use crate::verify::{
    Pending, PushError, PushEvent, PushStream, ResponseError, VerifiedResponse, verify_response,
};
use crate::wire::{Flags, Name};
use core::time::Duration;

/// At most one fetch of the key set per this time because of an unknown key.
pub const REFETCH_COOLDOWN: Duration = Duration::from_secs(60);

/// A request that was sent and waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    reply_to: ReplyTo,
    at: Reading,
    attempt: u8,
}

/// What an accepted answer asks of the caller.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<'f> {
    /// The answer; also a refusal is one.
    Answered {
        /// How it went.
        result: ResultCode,
        /// The payload.
        content: &'f [u8],
    },
    /// The server did not execute it and said how to sign it so that it will: call [`Session::prepare_again`], once.
    SignAgain(ResultCode),
    /// The server says twice, signed, that it does not know this device, or once that it was revoked: forget the key, log in.
    LoggedOut(ResultCode),
}

/// Why an answer was not accepted, and whether a fresh key set could change that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The answer is not to be used.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The key is not in the set; fetch the set and open the same answer again.
    #[error("the server signs with a key that is not in the key set; fetch the key set")]
    FetchKeyset,
}

/// One device session with everything it has learned.
#[derive(Debug, Clone)]
pub struct Session {
    realm: Realm,
    id: SessionId,
    key: VerifyingKey,
    keyset: Keyset,
    window: FreshnessWindow,
    clock: ServerClock,
    epoch: Epoch,
    /// The server's time when it named that epoch: an answer that arrives late does not bring an old one back.
    epoch_at: Timestamp,
    unauthenticated_in_a_row: u8,
    refetched: Option<Duration>,
}

impl Session {
    /// A session as it was registered, with the current key set.
    pub fn new(realm: Realm, id: SessionId, key: VerifyingKey, keyset: Keyset) -> Self {
        Self {
            realm,
            id,
            key,
            keyset,
            window: FreshnessWindow::default(),
            clock: ServerClock::new(),
            epoch: Epoch::NONE,
            epoch_at: Timestamp::ZERO,
            unauthenticated_in_a_row: 0,
            refetched: None,
        }
    }

    /// The session's id.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The realm.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The key set in use.
    pub fn keyset(&self) -> &Keyset {
        &self.keyset
    }

    /// Replaces the key set by a newer one; an older one is not taken.
    pub fn set_keyset(&mut self, keyset: Keyset) {
        if keyset.content.version >= self.keyset.content.version {
            self.keyset = keyset;
        }
    }

    /// What is known of the server's time.
    pub fn clock(&self) -> &ServerClock {
        &self.clock
    }

    /// The epoch that the next request will carry.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Carries on with an epoch that an earlier run learned. A wrong one costs one round trip.
    pub fn resume_epoch(&mut self, epoch: Epoch) {
        self.epoch = epoch;
    }

    /// A request to be signed. `request_id` is 16 fresh random bytes.
    pub fn prepare(
        &mut self,
        message_type: Name,
        payload: Payload,
        at: Reading,
        request_id: RequestId,
    ) -> (UnsignedRequest, Sent) {
        self.prepare_attempt(message_type, payload, at, request_id, 0)
    }

    /// The same request again, with a new id, after [`Outcome::SignAgain`].
    pub fn prepare_again(
        &mut self,
        before: Sent,
        message_type: Name,
        payload: Payload,
        at: Reading,
        request_id: RequestId,
    ) -> (UnsignedRequest, Sent) {
        self.prepare_attempt(
            message_type,
            payload,
            at,
            request_id,
            before.attempt.saturating_add(1),
        )
    }

    fn prepare_attempt(
        &mut self,
        message_type: Name,
        payload: Payload,
        at: Reading,
        request_id: RequestId,
        attempt: u8,
    ) -> (UnsignedRequest, Sent) {
        self.clock.notice_jump(at);
        let header = RequestHeader {
            flags: Flags::NONE,
            session: self.id,
            timestamp: self.clock.now(at),
            request_id,
            epoch: self.epoch,
            payload_hash: PayloadHash::from_bytes([0; 32]),
            message_type,
        };
        let request = UnsignedRequest::new(&self.realm, &self.key, header, payload);
        let sent = Sent { reply_to: request.reply_to(), at, attempt };
        (request, sent)
    }

    /// Checks an answer (R1 to R4) and learns time and epoch from it. After an error nothing has changed.
    pub fn open<'f>(
        &mut self,
        sent: &Sent,
        bytes: &'f [u8],
        at: Reading,
    ) -> Result<Outcome<'f>, OpenError> {
        let known = self.clock.offset_ms(at).map(|_| (self.clock.now(at), &self.window));
        let pending = Pending { reply_to: sent.reply_to };
        let verified = match verify_response(&self.realm, &self.keyset, &pending, known, bytes) {
            Err(ResponseError::Key(KeyChoiceError::Unknown(_))) if self.may_refetch(at) => {
                return Err(OpenError::FetchKeyset);
            }
            // The answer to a request of our own, signed for it, is newer than whatever we believed about the time.
            Err(ResponseError::Stale(_))
                if self.round_trip(sent, at) <= self.window.longest_memory() =>
            {
                self.clock = ServerClock::new();
                verify_response(&self.realm, &self.keyset, &pending, None, bytes)?
            }
            other => other?,
        };
        self.learn(sent, at, &verified);
        Ok(self.judge(sent, verified))
    }

    /// Takes in the signed answer to a registration, or any other verified answer made outside [`Self::open`].
    pub fn learn_from(&mut self, sent_at: Reading, at: Reading, server: Timestamp, epoch: Epoch) {
        self.clock.sample(sent_at, at, server);
        self.learn_epoch(epoch, server);
    }

    /// Checks a push and learns the epoch from it.
    pub fn accept_push<'f>(
        &mut self,
        stream: &mut PushStream,
        bytes: &'f [u8],
        at: Reading,
    ) -> Result<PushEvent<'f>, PushError> {
        let event = stream.accept(&self.realm, &self.keyset, bytes)?;
        self.clock.bound(at, event.header.timestamp);
        self.learn_epoch(event.header.epoch, event.header.timestamp);
        Ok(event)
    }

    fn learn_epoch(&mut self, epoch: Epoch, named_at: Timestamp) {
        if named_at >= self.epoch_at {
            (self.epoch, self.epoch_at) = (epoch, named_at);
        }
    }

    fn learn(&mut self, sent: &Sent, at: Reading, verified: &VerifiedResponse<'_>) {
        self.learn_from(sent.at, at, verified.header.timestamp, verified.header.epoch);
    }

    fn judge<'f>(&mut self, sent: &Sent, verified: VerifiedResponse<'f>) -> Outcome<'f> {
        let result = verified.header.result;
        self.unauthenticated_in_a_row = match result {
            ResultCode::UNAUTHENTICATED => self.unauthenticated_in_a_row.saturating_add(1),
            _ => 0,
        };
        match result {
            ResultCode::STALE_TIMESTAMP | ResultCode::STALE_EPOCH if sent.attempt == 0 => {
                Outcome::SignAgain(result)
            }
            ResultCode::SESSION_REVOKED => Outcome::LoggedOut(result),
            ResultCode::UNAUTHENTICATED if self.unauthenticated_in_a_row >= 2 => {
                Outcome::LoggedOut(result)
            }
            _ => Outcome::Answered { result, content: verified.content },
        }
    }

    fn may_refetch(&mut self, at: Reading) -> bool {
        let cooled =
            self.refetched.is_none_or(|last| at.monotonic.saturating_sub(last) >= REFETCH_COOLDOWN);
        if cooled {
            self.refetched = Some(at.monotonic);
        }
        cooled
    }

    fn round_trip(&self, sent: &Sent, at: Reading) -> Duration {
        at.monotonic.saturating_sub(sent.at.monotonic)
    }
}
