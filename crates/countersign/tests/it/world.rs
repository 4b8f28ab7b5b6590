//! A device, a server and an operator with fixed keys and a fixed time.

use countersign::verify::{
    DeviceSession, Pending, Received, Refused, SessionState, VerifiedResponse, verify_response,
};
use countersign::*;
use std::time::Duration;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub(crate) const SESSION: SessionId = SessionId::from_bytes([0xaa; 16]);
pub(crate) const REQUEST: RequestId = RequestId::from_bytes([0xbb; 16]);

pub(crate) fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

pub(crate) fn device_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

pub(crate) fn server_key() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

pub(crate) fn root_key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

pub(crate) fn session(key: &SigningKey, state: SessionState) -> DeviceSession {
    DeviceSession { id: SESSION, key: key.verifying_key().clone(), state }
}

pub(crate) fn header(message_type: &str) -> RequestHeader {
    RequestHeader {
        flags: Flags::NONE,
        session: SESSION,
        timestamp: NOW,
        request_id: REQUEST,
        epoch: Epoch::NONE,
        payload_hash: PayloadHash::from_bytes([0; 32]),
        message_type: Name::new(message_type).unwrap(),
    }
}

pub(crate) fn unsigned(header: RequestHeader, payload: &[u8]) -> UnsignedRequest {
    UnsignedRequest::new(
        &realm(),
        device_key().verifying_key(),
        header,
        Payload::whole(payload.into()),
    )
}

pub(crate) fn keyset_content() -> KeysetContent {
    KeysetContent {
        version: 7,
        issued: NOW,
        expires: NOW.plus(Duration::from_secs(86_400)),
        min_protocol: 1,
        keys: vec![OnlineKey {
            key: server_key().verifying_key().clone(),
            state: KeyState::Active,
            not_before: NOW.minus(Duration::from_secs(3_600)),
            not_after: NOW.plus(Duration::from_secs(3_600)),
        }],
        roots: vec![root_key().verifying_key().clone()],
        pins: vec![[9; 32]],
    }
}

pub(crate) fn keyset() -> Keyset {
    open_keyset(&keyset_content())
}

pub(crate) fn open_keyset(content: &KeysetContent) -> Keyset {
    let frame = content.sign(&realm(), &root_key());
    Keyset::open(&realm(), &[root_key().verifying_key().clone()], 0, &frame).unwrap()
}

/// A server process with everything that V1 to V6 need.
pub(crate) struct Server {
    pub(crate) realm: Realm,
    pub(crate) session: Option<DeviceSession>,
    pub(crate) epochs: Epochs,
    pub(crate) seen: SeenSet,
    pub(crate) now: Timestamp,
    pub(crate) business_calls: u64,
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            realm: realm(),
            session: Some(session(&device_key(), SessionState::Live)),
            epochs: Epochs::new([0xe1; 8], NOW),
            seen: SeenSet::new([5; 16], FreshnessWindow::default(), ReplayLimits::default()),
            now: NOW,
            business_calls: 0,
        }
    }

    /// The whole order; `Err(None)` is an unsigned refusal.
    pub(crate) fn handle(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Option<Refused>> {
        let received = Received::decode(&self.realm, bytes).map_err(|_| None)?;
        let fresh = received
            .resolve(&self.realm, self.session.as_ref())?
            .authenticate(&self.realm)?
            .check_fresh(self.now, &FreshnessWindow::default(), &self.epochs, bootstrap)?;
        let first =
            self.seen.first_use(fresh.replay_key(), self.now).map_err(|_| Refused::Replayed)?;
        let verified = fresh.admit(first)?;
        self.business_calls += 1;
        Ok(verified.content.to_vec())
    }
}

pub(crate) fn bootstrap(message_type: &str) -> Bootstrap {
    if message_type == "stream.open" { Bootstrap::Allowed } else { Bootstrap::Refused }
}

pub(crate) fn answer(result: ResultCode, payload: &[u8]) -> Answer {
    let timestamp = NOW.plus(Duration::from_millis(50));
    Answer { timestamp, result, epoch: Epoch::NONE, payload: Payload::whole(payload.into()) }
}

pub(crate) fn respond(key: &SigningKey, reply_to: &ReplyTo, payload: &[u8]) -> Vec<u8> {
    let fp = *key.verifying_key().fingerprint();
    UnsignedResponse::new(&realm(), &fp, reply_to, answer(ResultCode::OK, payload)).sign(key)
}

pub(crate) fn check<'f>(
    reply_to: ReplyTo,
    bytes: &'f [u8],
) -> Result<VerifiedResponse<'f>, verify::ResponseError> {
    let window = FreshnessWindow::default();
    verify_response(&realm(), &keyset(), &Pending { reply_to }, Some((NOW, &window)), bytes)
}
