//! A small server: the core's V1 to V6, an echo, a stream, and faults to order.

use countersign::keyset::KeysetContent;
use countersign::push::UnsignedPush;
use countersign::verify::{DeviceSession, Received, ReceivedRegister, Refused, SessionState};
use countersign::*;
use countersign_client::{Clock, SystemClock};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const CODE: &str = "7K3M9QXA";
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const STREAM: StreamId = StreamId::from_bytes([0x57; 16]);

pub(crate) fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

pub(crate) fn root_key() -> SigningKey {
    SigningKey::from_seed(&[3; 32])
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// What the server does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Answers with `session_revoked`, signed for another request.
    ForgedLogout,
    /// Answers with an unsigned 401.
    UnsignedLogout,
    /// Answers `unauthenticated`, properly signed.
    Unauthenticated,
    /// Answers `session_revoked`, properly signed.
    Revoked,
    /// Answers with this many bytes.
    Big(usize),
    /// Flips a bit of the payload.
    OtherPayload,
    /// Knows no WebSocket.
    NoWebSocket,
    /// Knows neither WebSocket nor SSE.
    PollOnly,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: SystemClock,
    pub(crate) key: SigningKey,
    pub(crate) keyset: Option<KeysetContent>,
    pub(crate) root: SigningKey,
    pub(crate) epochs: Epochs,
    pub(crate) seen: SeenSet,
    pub(crate) sessions: HashMap<SessionId, DeviceSession>,
    pub(crate) pushes: Vec<Vec<u8>>,
    pub(crate) stream_known: bool,
    pub(crate) fault: Fault,
    pub(crate) executed: u32,
    pub(crate) registers: u32,
    pub(crate) pow_bits: Option<u32>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = SystemClock::start();
        let now = clock.read().wall;
        let key = SigningKey::from_seed(&[2; 32]);
        let keyset = keyset_content(1, now, &[(&key, KeyState::Active)], Vec::new());
        Self {
            clock,
            key,
            keyset: Some(keyset),
            root: root_key(),
            epochs: Epochs::new([0xe1; 8], now),
            seen: SeenSet::new([5; 16], FreshnessWindow::default(), ReplayLimits::default()),
            sessions: HashMap::new(),
            pushes: Vec::new(),
            stream_known: true,
            fault: Fault::None,
            executed: 0,
            registers: 0,
            pow_bits: None,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.read().wall
    }

    pub(crate) fn keyset_frame(&self) -> Option<Vec<u8>> {
        Some(self.keyset.as_ref()?.sign(&realm(), &self.root))
    }

    /// A new process: another epoch, another memory.
    pub(crate) fn restart(&mut self, epoch: u8) {
        self.epochs = Epochs::new([epoch; 8], self.now());
    }

    pub(crate) fn push(&mut self, event: &str, payload: &[u8]) {
        let header = PushHeader {
            flags: Flags::NONE,
            stream: STREAM,
            timestamp: self.now(),
            seq: self.pushes.len() as u64 + 1,
            server_key_id: ServerKeyId::from_bytes([0; 4]),
            epoch: self.epochs.current(),
            payload_hash: PayloadHash::from_bytes([0; 32]),
            event_type: name(event),
        };
        let fp = *self.key.verifying_key().fingerprint();
        self.pushes
            .push(UnsignedPush::new(&realm(), &fp, header, payload.to_vec()).sign(&self.key));
    }

    /// `None` is an unsigned refusal.
    pub(crate) fn handle(&mut self, bytes: &[u8]) -> Option<(ResultCode, Vec<u8>)> {
        let received = Received::decode(&realm(), bytes).ok()?;
        let reply_to = received.reply_to();
        let (result, content) = match self.admit(received) {
            Ok((message_type, content)) => self.execute(message_type, &content),
            Err(refused) => (refused.result(), b"{}".to_vec()),
        };
        let (result, reply_to) = match self.fault {
            Fault::ForgedLogout => {
                let digest = RequestDigest::from_bytes([0; 32]);
                (ResultCode::SESSION_REVOKED, ReplyTo { digest, ..reply_to })
            }
            Fault::UnsignedLogout => return None,
            Fault::Unauthenticated => (ResultCode::UNAUTHENTICATED, reply_to),
            Fault::Revoked => (ResultCode::SESSION_REVOKED, reply_to),
            Fault::None
            | Fault::Big(_)
            | Fault::OtherPayload
            | Fault::NoWebSocket
            | Fault::PollOnly => (result, reply_to),
        };
        Some((result, self.answer(&reply_to, result, content)))
    }

    pub(crate) fn register(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let received = ReceivedRegister::decode(&realm(), bytes).ok()?;
        let reply_to = received.reply_to();
        self.registers += 1;
        let refuse = |world: &Self, result, body: &[u8]| {
            Some(world.answer(&reply_to, result, body.to_vec()))
        };
        let proven = match received.prove(&realm()) {
            Ok(proven) => proven,
            Err(refused) => return refuse(self, refused.result(), b"{}"),
        };
        let window = FreshnessWindow::default();
        if window.judge(proven.header.timestamp, self.now()) != Freshness::Fresh {
            return refuse(self, ResultCode::STALE_TIMESTAMP, b"{}");
        }
        if !register::code_matches(&proven.header.code_hash, CODE) {
            return refuse(self, ResultCode::CODE_INVALID, br#"{"attempts_left":4}"#);
        }
        let id = SessionId::from_bytes([0xaa; 16]);
        let session = DeviceSession { id, key: proven.key, state: SessionState::Live };
        self.sessions.insert(id, session);
        let body = format!(
            r#"{{"session_id":"{id}","user_id":"{}","new_user":true,"scopes":["user"]}}"#,
            "bb".repeat(16)
        );
        refuse(self, ResultCode::OK, body.as_bytes())
    }

    fn admit(&mut self, received: Received<'_>) -> Result<(Name, Vec<u8>), Refused> {
        let session = self.sessions.get(&received.session_id()).cloned();
        let authentic = received.resolve(&realm(), session.as_ref())?.authenticate(&realm())?;
        let window = FreshnessWindow::default();
        let fresh = authentic.check_fresh(self.now(), &window, &self.epochs, |message_type| {
            match message_type {
                "session.hello" | "stream.open" | "stream.poll" => Bootstrap::Allowed,
                _ => Bootstrap::Refused,
            }
        })?;
        let first = self.seen.first_use(fresh.replay_key(), self.now());
        let verified = fresh.admit(first.map_err(|_| Refused::Replayed)?)?;
        Ok((verified.header.message_type, verified.content.to_vec()))
    }

    fn execute(&mut self, message_type: Name, content: &[u8]) -> (ResultCode, Vec<u8>) {
        self.executed += 1;
        match message_type.as_str() {
            "session.hello" => (ResultCode::OK, b"{}".to_vec()),
            "stream.open" => {
                let asked: serde_json::Value = serde_json::from_slice(content).unwrap();
                let known = self.stream_known && asked["stream_id"] == STREAM.to_string();
                self.stream_known = true;
                let resync = !known && asked["stream_id"].is_string();
                let fresh = if resync { self.pushes.len() as u64 } else { 0 };
                let cursor = if known { asked["cursor"].as_u64().unwrap() } else { fresh };
                let body = serde_json::json!({
                    "stream_id": STREAM.to_string(), "cursor": cursor, "resync": resync
                });
                (ResultCode::OK, body.to_string().into_bytes())
            }
            "stream.poll" => {
                let asked: serde_json::Value = serde_json::from_slice(content).unwrap();
                (ResultCode::OK, self.poll(asked["cursor"].as_u64().unwrap()))
            }
            "fail" => (ResultCode::from_u16(404), br#"{"error":"no such match"}"#.to_vec()),
            _ => (ResultCode::OK, content.to_vec()),
        }
    }

    fn poll(&self, cursor: u64) -> Vec<u8> {
        let new: Vec<_> = self.pushes.iter().skip(cursor as usize).collect();
        let mut body = (self.pushes.len() as u64).to_be_bytes().to_vec();
        body.extend((new.len() as u32).to_be_bytes());
        for push in new {
            body.extend((push.len() as u32).to_be_bytes());
            body.extend(push);
        }
        body
    }

    fn answer(&self, reply_to: &ReplyTo, result: ResultCode, content: Vec<u8>) -> Vec<u8> {
        let content = if let Fault::Big(size) = self.fault { vec![b'x'; size] } else { content };
        let answer = Answer {
            timestamp: self.now(),
            result,
            epoch: self.epochs.current(),
            payload: Payload::whole(content),
        };
        let fp = *self.key.verifying_key().fingerprint();
        let mut frame = UnsignedResponse::new(&realm(), &fp, reply_to, answer).sign(&self.key);
        if self.fault == Fault::OtherPayload
            && let Some(last) = frame.last_mut()
        {
            *last ^= 1;
        }
        frame
    }
}

pub(crate) fn keyset_content(
    version: u64,
    now: Timestamp,
    keys: &[(&SigningKey, KeyState)],
    pins: Vec<[u8; 32]>,
) -> KeysetContent {
    let online = |(key, state): &(&SigningKey, KeyState)| OnlineKey {
        key: key.verifying_key().clone(),
        state: *state,
        not_before: now.minus(2 * HOUR),
        not_after: now.plus(24 * HOUR),
    };
    KeysetContent {
        version,
        issued: now,
        expires: now.plus(12 * HOUR),
        min_protocol: 1,
        keys: keys.iter().map(online).collect(),
        roots: vec![root_key().verifying_key().clone()],
        pins,
    }
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn shared() -> Shared {
    Arc::new(Mutex::new(World::new()))
}
