//! A session in use: signs, sends, verifies, and remembers what it learned.

use crate::base::BaseUrl;
use crate::call::{CallError, Exchange, Reply};
use crate::lock::lock;
use crate::profile::{Profile, ProfileError, State, StreamState};
use crate::random::{RandomError, random};
use crate::rest::Carriage;
use crate::server::{KeysetFetchError, Options, Server};
use crate::tls::pins;
use crate::tls::{PinReporter, TlsSetupError};
use countersign::client::{OpenError, Outcome, REFETCH_COOLDOWN, Sent, Session};
use countersign::offset::Reading;
use countersign::{
    Keyset, Name, Payload, Realm, RecordDigest, RequestId, ResultCode, SessionId, Signer,
    SigningKey, Timestamp,
};
use countersign_app::trust::TrustError;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use thiserror::Error;

/// Why a profile's session cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenClientError {
    /// Nobody is logged in.
    #[error("this profile is logged out; log in again")]
    LoggedOut,
    /// The remembered key set does not verify.
    #[error("the remembered key set cannot be used: {0}")]
    Trust(#[from] TrustError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
}

/// A device's session with its server.
#[derive(Debug)]
pub struct Client {
    pub(crate) server: Server,
    key: Arc<SigningKey>,
    session: Mutex<Session>,
    state: Mutex<State>,
    profile: Option<Profile>,
    refetched: Mutex<Option<Duration>>,
    /// What an earlier run knew of the wall clock's error. The session sees a clock that is corrected by it: if that has become wrong
    /// because the clock was set since, it is one more wrong clock, and costs one round trip.
    known_offset_ms: i64,
}

/// What came of one signed exchange.
pub(crate) enum Opened {
    /// An answer.
    Answered { result: ResultCode, content: Vec<u8> },
    /// Sign it again, once.
    Again,
}

impl Client {
    /// Takes up a session. With a profile, a newer key set is remembered at once; everything else with [`Self::save`].
    pub fn open(
        state: State,
        key: SigningKey,
        profile: Option<Profile>,
        pin_reporter: PinReporter,
        options: Options,
    ) -> Result<Self, OpenClientError> {
        let saved = state.session.as_ref().ok_or(OpenClientError::LoggedOut)?;
        let keyset = state.trust.keyset()?;
        let server = Server::new(state.server.clone(), state.tls.options(pin_reporter), options)?;
        server.transport.set_pins(&pins(&keyset))?;
        let realm = state.trust.realm().clone();
        let mut session =
            Session::new(realm, saved.session_id, key.verifying_key().clone(), keyset);
        session.resume_epoch(saved.epoch);
        let known_offset_ms = saved.offset_ms.unwrap_or(0);
        Ok(Self {
            server,
            key: Arc::new(key),
            session: Mutex::new(session),
            state: Mutex::new(state),
            profile,
            refetched: Mutex::new(None),
            known_offset_ms,
        })
    }

    /// Sends a signed request and gives out its verified answer; a signed refusal is one too.
    ///
    /// A request is sent a second time only when the server said, signed, that it did not execute the first.
    pub async fn call(&self, message_type: Name, payload: &[u8]) -> Result<Reply, CallError> {
        self.exchange(message_type, payload, &Carriage::Frame).await
    }

    pub(crate) async fn exchange(
        &self,
        message_type: Name,
        payload: &[u8],
        carriage: &Carriage<'_>,
    ) -> Result<Reply, CallError> {
        self.renew_expired_keyset().await?;
        let reply = self.exchange_signed(message_type, payload, carriage).await?;
        if reply.result == ResultCode::UNAUTHENTICATED {
            // Once may be a fault; twice in a row is a verdict. The second question changes nothing on the server.
            self.hello().await?;
        }
        // The answer may have taught the time by which the set that verified it has run out.
        self.renew_expired_keyset().await?;
        Ok(reply)
    }

    /// Fetches the key set now, and those before it if the root has changed more than once; see [`Server::renew`].
    pub async fn fetch_keyset(&self) -> Result<Keyset, KeysetFetchError> {
        let mut trust = lock(&self.state).trust.clone();
        let mut keyset = self.server.renew(&mut trust).await?;
        {
            let mut state = lock(&self.state);
            if state.trust.highest_version() > trust.highest_version() {
                // Another call of this client was quicker, and saw a newer one.
                keyset = state.trust.keyset()?;
            } else if state.trust != trust {
                state.trust = trust;
                if let Some(profile) = &self.profile {
                    profile.save(&state)?;
                }
            }
        }
        self.server.transport.set_pins(&pins(&keyset))?;
        lock(&self.session).set_keyset(keyset.clone());
        Ok(keyset)
    }

    /// The key set in use.
    pub fn keyset(&self) -> Keyset {
        lock(&self.session).keyset().clone()
    }

    /// The session's id.
    pub fn session_id(&self) -> SessionId {
        lock(&self.session).id()
    }

    /// The realm that everything is signed for.
    pub fn realm(&self) -> Realm {
        lock(&self.session).realm().clone()
    }

    /// Where the server is.
    pub fn base(&self) -> &BaseUrl {
        self.server.base()
    }

    /// The server's time as far as it is known.
    pub fn server_now(&self) -> Timestamp {
        lock(&self.session).clock().now(self.read_clock())
    }

    /// Server time minus this machine's clock, in milliseconds.
    pub fn offset_ms(&self) -> Option<i64> {
        self.offset_at(self.read_clock())
    }

    /// The private key, for records.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Everything worth remembering.
    pub fn state(&self) -> State {
        let mut state = lock(&self.state).clone();
        if let Some(saved) = &mut state.session {
            saved.epoch = lock(&self.session).epoch();
            saved.offset_ms = self.offset_ms().or(saved.offset_ms);
        }
        state
    }

    /// Writes [`Self::state`] to the profile.
    pub fn save(&self) -> Result<(), ProfileError> {
        match &self.profile {
            Some(profile) => profile.save(&self.state()),
            None => Ok(()),
        }
    }

    pub(crate) fn read_clock(&self) -> Reading {
        let at = self.server.clock.read();
        let wall = at.wall.as_millis().saturating_add_signed(self.known_offset_ms);
        Reading { wall: Timestamp::from_millis(wall), ..at }
    }

    fn offset_at(&self, at: Reading) -> Option<i64> {
        let beyond_known = lock(&self.session).clock().offset_ms(at)?;
        Some(beyond_known.saturating_add(self.known_offset_ms))
    }

    pub(crate) fn session(&self) -> &Mutex<Session> {
        &self.session
    }

    pub(crate) fn stream(&self) -> Option<StreamState> {
        lock(&self.state).session.as_ref()?.stream
    }

    pub(crate) fn remember_stream(&self, stream: Option<StreamState>) {
        if let Some(saved) = &mut lock(&self.state).session {
            saved.stream = stream;
        }
    }

    pub(crate) fn last_record(&self) -> RecordDigest {
        let state = lock(&self.state);
        let first = countersign::RecordHeader::FIRST;
        state.session.as_ref().map_or(first, |saved| saved.last_record)
    }

    pub(crate) fn remember_record(&self, digest: RecordDigest) {
        if let Some(saved) = &mut lock(&self.state).session {
            saved.last_record = digest;
        }
    }

    /// Signs a request, or one that is to be tried again.
    pub(crate) fn sign(
        &self,
        message_type: Name,
        payload: Vec<u8>,
        before: Option<Sent>,
    ) -> Result<(Vec<u8>, Sent), RandomError> {
        let request_id = RequestId::from_bytes(random()?);
        let payload = Payload::whole(payload);
        let at = self.read_clock();
        let mut session = lock(&self.session);
        let (unsigned, sent) = match before {
            None => session.prepare(message_type, payload, at, request_id),
            Some(before) => session.prepare_again(before, message_type, payload, at, request_id),
        };
        drop(session);
        Ok((unsigned.sign(&*self.key), sent))
    }

    /// Verifies an answer, with a newer key set if its key is not known.
    pub(crate) async fn open_answer(
        &self,
        sent: &Sent,
        answer: &[u8],
        at: Reading,
    ) -> Result<Opened, CallError> {
        let mut outcome = self.judge(sent, answer, at);
        if matches!(outcome, Err(CallError::UnknownKey)) {
            self.fetch_keyset().await?;
            outcome = self.judge(sent, answer, at);
        }
        outcome
    }

    /// Fetches the key set because of an unknown key, at most once per [`REFETCH_COOLDOWN`].
    pub(crate) async fn fetch_keyset_for_unknown_key(&self) -> Result<bool, KeysetFetchError> {
        let now = self.read_clock().monotonic;
        {
            let mut last = lock(&self.refetched);
            if last.is_some_and(|last| now.saturating_sub(last) < REFETCH_COOLDOWN) {
                return Ok(false);
            }
            *last = Some(now);
        }
        self.fetch_keyset().await.map(|_| true)
    }

    async fn exchange_signed(
        &self,
        message_type: Name,
        payload: &[u8],
        carriage: &Carriage<'_>,
    ) -> Result<Reply, CallError> {
        let mut before = None;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (request, sent) = self.sign(message_type, payload.to_vec(), before)?;
            let sent_at = self.read_clock();
            let response = carriage.carry(self, &request).await?;
            let at = self.read_clock();
            let (result, content) = match self.open_answer(&sent, &response, at).await? {
                Opened::Again => {
                    before = Some(sent);
                    continue;
                }
                Opened::Answered { result, content } => (result, content),
            };
            let round_trip = at.monotonic.saturating_sub(sent_at.monotonic);
            let offset_ms = self.offset_at(at);
            let uncertainty = lock(&self.session).clock().uncertainty();
            let exchange =
                Exchange { request, response, round_trip, offset_ms, uncertainty, attempts };
            return Ok(Reply { result, content, exchange });
        }
    }

    /// Asks for nothing but a signed answer: who am I, what time is it.
    async fn hello(&self) -> Result<Reply, CallError> {
        let hello = Name::new("session.hello").map_err(|_| CallError::UnknownKey)?;
        self.exchange_signed(hello, b"{}", &Carriage::Frame).await
    }

    fn judge(&self, sent: &Sent, answer: &[u8], at: Reading) -> Result<Opened, CallError> {
        match lock(&self.session).open(sent, answer, at) {
            Ok(Outcome::Answered { result, content }) => {
                Ok(Opened::Answered { result, content: content.to_vec() })
            }
            Ok(Outcome::SignAgain(_)) => Ok(Opened::Again),
            Ok(Outcome::LoggedOut(result)) => Err(CallError::LoggedOut(result)),
            Err(OpenError::Response(error)) => Err(CallError::Answer(error)),
            Err(OpenError::FetchKeyset) => Err(CallError::UnknownKey),
        }
    }

    /// `[K6]` A set that ran out is replaced before anything is believed because of it.
    ///
    /// "Ran out" goes by the server's time. A device whose own clock is wrong first asks for it, with a request that changes nothing.
    async fn renew_expired_keyset(&self) -> Result<(), CallError> {
        if self.keyset_is_current() {
            return Ok(());
        }
        self.fetch_keyset().await?;
        if self.keyset_is_current() {
            return Ok(());
        }
        self.hello().await?;
        if self.keyset_is_current() {
            return Ok(());
        }
        let expired = lock(&self.session).keyset().content.expires;
        Err(CallError::Keyset(TrustError::Expired { expired }.into()))
    }

    fn keyset_is_current(&self) -> bool {
        let session = lock(&self.session);
        session.keyset().check_current(session.clock().now(self.read_clock())).is_ok()
    }
}
