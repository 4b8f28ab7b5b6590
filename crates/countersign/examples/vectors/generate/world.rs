//! The fixed cast: one device, one server, two roots, one realm, one moment.

use super::Result;
use countersign::push::UnsignedPush;
use countersign::record::UnsignedRecord;
use countersign::register::{UnsignedRegister, code_hash};
use countersign::*;
use std::time::Duration;

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
pub(super) const CODE: &str = "7K3M9QXA";
pub(super) const ZERO_HASH: PayloadHash = PayloadHash::from_bytes([0; 32]);

/// Whose key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Device = 1,
    Server = 2,
    Root = 3,
    NewRoot = 4,
    Stranger = 5,
}

impl Who {
    /// The seed is the number, 32 times.
    pub(super) fn seed(self) -> [u8; 32] {
        [self as u8; 32]
    }

    pub(super) fn key(self) -> SigningKey {
        SigningKey::from_seed(&self.seed())
    }

    pub(super) fn public(self) -> VerifyingKey {
        self.key().verifying_key().clone()
    }

    pub(super) fn fingerprint(self) -> Fingerprint {
        *self.public().fingerprint()
    }
}

pub(super) fn realm() -> Result<Realm> {
    Ok(Realm::new("league", "league.example.org")?)
}

pub(super) fn at(millis: u64) -> Timestamp {
    NOW.plus(Duration::from_millis(millis))
}

/// The request of the design's worked vector.
pub(super) fn request_header() -> Result<RequestHeader> {
    Ok(RequestHeader {
        flags: Flags::NONE,
        session: SessionId::from_bytes([0xaa; 16]),
        timestamp: NOW,
        request_id: RequestId::from_bytes([0xbb; 16]),
        epoch: Epoch::NONE,
        payload_hash: ZERO_HASH,
        message_type: Name::new("match.submit")?,
    })
}

pub(super) fn request(header: RequestHeader, payload: Payload) -> Result<UnsignedRequest> {
    Ok(UnsignedRequest::new(&realm()?, &Who::Device.public(), header, payload))
}

pub(super) fn worked_request() -> Result<UnsignedRequest> {
    request(request_header()?, Payload::whole(br#"{"match":7}"#.into()))
}

pub(super) fn worked_answer() -> Answer {
    Answer {
        timestamp: at(50),
        result: ResultCode::OK,
        epoch: Epoch::NONE,
        payload: Payload::whole(br#"{"ok":true}"#.into()),
    }
}

pub(super) fn response(answer: Answer) -> Result<UnsignedResponse> {
    let reply_to = worked_request()?.reply_to();
    Ok(UnsignedResponse::new(&realm()?, &Who::Server.fingerprint(), &reply_to, answer))
}

pub(super) fn push_header(seq: u64) -> Result<PushHeader> {
    Ok(PushHeader {
        flags: Flags::NONE,
        stream: StreamId::from_bytes([0xcc; 16]),
        timestamp: at(60),
        seq,
        server_key_id: ServerKeyId::from_bytes([0; 4]),
        epoch: Epoch::from_bytes([0xe1; 8]),
        payload_hash: ZERO_HASH,
        event_type: Name::new("score.changed")?,
    })
}

pub(super) fn push(header: PushHeader, payload: &[u8]) -> Result<UnsignedPush> {
    Ok(UnsignedPush::new(&realm()?, &Who::Server.fingerprint(), header, payload.into()))
}

pub(super) fn record_header() -> Result<RecordHeader> {
    Ok(RecordHeader {
        id: RecordId::from_bytes([0xdd; 16]),
        created: at(70),
        signer: Who::Device.fingerprint(),
        previous: RecordHeader::FIRST,
        payload_hash: ZERO_HASH,
        record_type: Name::new("match.result")?,
    })
}

pub(super) fn record(header: RecordHeader, payload: &[u8]) -> Result<UnsignedRecord> {
    Ok(UnsignedRecord::new(&realm()?, header, payload.into()))
}

pub(super) fn register_header() -> RegisterHeader {
    RegisterHeader {
        login: LoginId::from_bytes([0x11; 16]),
        timestamp: NOW,
        request_id: RequestId::from_bytes([0x22; 16]),
        alg: 1,
        public_key: [0; 32],
        address: "ana@example.org".into(),
        code_hash: code_hash(CODE),
        payload_hash: ZERO_HASH,
    }
}

pub(super) fn register(header: RegisterHeader) -> Result<UnsignedRegister> {
    let payload = format!(r#"{{"code":"{CODE}","name":"Ana's phone","platform":"android"}}"#);
    Ok(UnsignedRegister::new(&realm()?, &Who::Device.public(), header, payload.into()))
}

pub(super) fn online_key(who: Who, state: KeyState) -> OnlineKey {
    let not_before = NOW.minus(Duration::from_secs(3_600));
    OnlineKey { key: who.public(), state, not_before, not_after: at(3_600_000) }
}

pub(super) fn keyset() -> KeysetContent {
    KeysetContent {
        version: 7,
        issued: NOW,
        expires: at(86_400_000),
        min_protocol: 1,
        keys: vec![online_key(Who::Server, KeyState::Active)],
        roots: vec![Who::Root.public()],
        pins: vec![[0x77; 32]],
    }
}
