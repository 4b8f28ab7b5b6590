//! A device: a key, a session, and requests that are as right or as wrong as a test wants them.

use super::http::{Address, Http, HttpAnswer};
use super::login::Login;
use super::server::Server;
use super::{now, random};
use countersign::verify::{Pending, Received, ResponseError, VerifiedResponse, verify_response};
use countersign::{
    Epoch, Fingerprint, Flags, FreshnessWindow, Keyset, Name, Payload, PayloadHash, Realm,
    RecordHeader, RecordId, ReplyTo, RequestHeader, RequestId, ResultCode, SessionId, Signer,
    SigningKey, Timestamp, UnsignedRequest, VerifyingKey, record,
};
use serde_json::{Value, json};

/// A registered device.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) realm: Realm,
    pub(crate) key: SigningKey,
    pub(crate) session: SessionId,
    /// The account, in hex.
    pub(crate) user: String,
    /// What the next request carries; learned from every answer.
    pub(crate) epoch: Epoch,
    /// How far this device's clock is off.
    pub(crate) clock_off_ms: i64,
    pub(crate) keyset: Keyset,
    address: Address,
    http: Http,
}

/// A frame and what its answer has to be bound to.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) frame: Vec<u8>,
    pub(crate) reply_to: ReplyTo,
}

/// An answer whose signature, binding, payload and freshness hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) result: ResultCode,
    pub(crate) payload: Vec<u8>,
    pub(crate) epoch: Epoch,
    pub(crate) timestamp: Timestamp,
}

/// A request before it is signed.
#[derive(Debug)]
pub(crate) struct Draft<'d> {
    device: &'d Device,
    realm: Realm,
    context: VerifyingKey,
    header: RequestHeader,
    payload: Payload,
}

impl Device {
    /// Logs in with a new key, through mail and register frame.
    pub(crate) fn register(server: &Server, address: &str) -> Self {
        Self::register_with(server, address, SigningKey::from_seed(&random()))
    }

    /// Logs in with this key.
    pub(crate) fn register_with(server: &Server, address: &str, key: SigningKey) -> Self {
        let mut http = server.http();
        let login = Login::open(server, &mut http, address, &key);
        let code = login.code(server, &mut http);
        let opened = login.register(server, &mut http, &key, &code);
        assert_eq!(opened.result, ResultCode::OK, "{opened:?}");
        Self::welcomed(server, key, &opened)
    }

    /// The device that a registration was answered for.
    pub(crate) fn welcomed(server: &Server, key: SigningKey, opened: &Opened) -> Self {
        let welcome = opened.json();
        Self {
            realm: server.realm(),
            key,
            session: welcome["session_id"].as_str().unwrap().parse().unwrap(),
            user: welcome["user_id"].as_str().unwrap().to_owned(),
            epoch: opened.epoch,
            clock_off_ms: 0,
            keyset: server.keyset(),
            address: server.public().clone(),
            http: server.http(),
        }
    }

    /// What this device believes the time to be.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(now().as_millis().wrapping_add_signed(self.clock_off_ms))
    }

    /// Another connection to the same server, for threads.
    pub(crate) fn connection(&self) -> Http {
        Http::new(&self.address)
    }

    /// From now on this device talks to another process or through a proxy.
    pub(crate) fn move_to(&mut self, address: &Address) {
        self.address = address.clone();
        self.http = Http::new(address);
    }

    /// A right request, to be changed or signed.
    pub(crate) fn draft(&self, message_type: &str, payload: &[u8]) -> Draft<'_> {
        let header = RequestHeader {
            flags: Flags::NONE,
            session: self.session,
            timestamp: self.now(),
            request_id: RequestId::from_bytes(random()),
            epoch: self.epoch,
            payload_hash: PayloadHash::from_bytes([0; 32]),
            message_type: Name::new(message_type).unwrap(),
        };
        Draft {
            device: self,
            realm: self.realm.clone(),
            context: self.key.verifying_key().clone(),
            header,
            payload: Payload::whole(payload.into()),
        }
    }

    /// A right request.
    pub(crate) fn request(&self, message_type: &str, payload: &[u8]) -> Request {
        self.draft(message_type, payload).sign()
    }

    /// Posts bytes to `/x`.
    pub(crate) fn send(&mut self, frame: &[u8]) -> HttpAnswer {
        self.http.post("/x", frame)
    }

    /// R1 to R4.
    pub(crate) fn try_open(
        &self,
        reply_to: ReplyTo,
        answer: &HttpAnswer,
    ) -> Result<Opened, ResponseError> {
        let window = FreshnessWindow::default();
        let pending = Pending { reply_to };
        let now = Some((now(), &window));
        verify_response(&self.realm, &self.keyset, &pending, now, &answer.body).map(Opened::from)
    }

    /// R1 to R4; an answer that does not pass them fails the test.
    pub(crate) fn open(&self, reply_to: ReplyTo, answer: &HttpAnswer) -> Opened {
        self.try_open(reply_to, answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }

    /// Sends a request once and opens its answer; learns the epoch.
    pub(crate) fn exchange(&mut self, request: &Request) -> Opened {
        let answer = self.send(&request.frame);
        let opened = self.open(request.reply_to, &answer);
        self.epoch = opened.epoch;
        opened
    }

    /// What a client does: signs, sends, and signs once more if the epoch was old.
    pub(crate) fn call(&mut self, message_type: &str, payload: &[u8]) -> Opened {
        let opened = self.exchange(&self.request(message_type, payload));
        match opened.result {
            ResultCode::STALE_EPOCH => self.exchange(&self.request(message_type, payload)),
            _ => opened,
        }
    }

    /// A signed record for `record.submit`.
    pub(crate) fn record(&self, id: RecordId, payload: &[u8]) -> Vec<u8> {
        let header = RecordHeader {
            id,
            created: self.now(),
            signer: *self.fingerprint(),
            previous: RecordHeader::FIRST,
            payload_hash: PayloadHash::from_bytes([0; 32]),
            record_type: Name::new("match.result").unwrap(),
        };
        record::UnsignedRecord::new(&self.realm, header, payload.into()).sign(&self.key)
    }

    /// Asks for a record; `None` if the server has none of this id.
    pub(crate) fn find_record(&mut self, id: RecordId) -> Option<Vec<u8>> {
        let wish = json!({ "record_id": id.to_string() }).to_string();
        let opened = self.call("record.get", wish.as_bytes());
        match opened.result {
            ResultCode::OK => Some(opened.payload),
            ResultCode::NOT_FOUND => None,
            _ => panic!("record.get: {opened:?}"),
        }
    }

    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        self.key.verifying_key().fingerprint()
    }
}

impl Draft<'_> {
    /// Changes the header.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut RequestHeader)) -> Self {
        change(&mut self.header);
        self
    }

    /// Moves the timestamp.
    pub(crate) fn shifted_ms(self, millis: i64) -> Self {
        self.with(|header| {
            let moved = header.timestamp.as_millis().wrapping_add_signed(millis);
            header.timestamp = Timestamp::from_millis(moved);
        })
    }

    /// Signs for another realm.
    pub(crate) fn in_realm(self, realm: Realm) -> Self {
        Self { realm, ..self }
    }

    /// Signs for another key's fingerprint.
    pub(crate) fn in_context_of(self, context: &VerifyingKey) -> Self {
        Self { context: context.clone(), ..self }
    }

    /// Another payload, for example in chunks.
    pub(crate) fn payload(self, payload: Payload) -> Self {
        Self { payload, ..self }
    }

    /// Signed by the device.
    pub(crate) fn sign(self) -> Request {
        let key = &self.device.key;
        self.sign_with(key)
    }

    /// Signed by any key.
    pub(crate) fn sign_with(self, key: &SigningKey) -> Request {
        // The server binds its answer to what it understood, in its own realm.
        let realm = self.device.realm.clone();
        let frame = self.unsigned().sign(key);
        Request { reply_to: reply_to_of(&realm, &frame).unwrap(), frame }
    }

    /// For signatures made in another way.
    pub(crate) fn unsigned(self) -> UnsignedRequest {
        UnsignedRequest::new(&self.realm, &self.context, self.header, self.payload)
    }
}

impl Opened {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap()
    }
}

impl From<VerifiedResponse<'_>> for Opened {
    fn from(verified: VerifiedResponse<'_>) -> Self {
        Self {
            result: verified.header.result,
            payload: verified.content.to_vec(),
            epoch: verified.header.epoch,
            timestamp: verified.header.timestamp,
        }
    }
}

/// What an answer to these bytes has to be bound to; `None` if they are no request.
pub(crate) fn reply_to_of(realm: &Realm, frame: &[u8]) -> Option<ReplyTo> {
    Received::decode(realm, frame).ok().map(|received| received.reply_to())
}
