//! What the code says of a case: fine, or the id of the check that refused it.
//!
//! The self-test of the firmware says it too, on a chip: nothing here needs the standard library.

use alloc::vec::Vec;
use core::time::Duration;
use countersign::keyset::KeysetError;
use countersign::register::code_matches;
use countersign::verify::*;
use countersign::*;
use serde_json::Value;

pub(crate) struct Case<'j> {
    json: &'j Value,
}

type Verdict = Result<(), &'static str>;

impl<'j> Case<'j> {
    pub(crate) fn new(json: &'j Value) -> Self {
        Self { json }
    }

    pub(crate) fn name(&self) -> &'j str {
        self.text("name")
    }

    pub(crate) fn text(&self, member: &str) -> &'j str {
        let text = self.json[member].as_str();
        assert!(text.is_some(), "{member} is missing in {}", self.json);
        text.unwrap()
    }

    pub(crate) fn bytes(&self, member: &str) -> Vec<u8> {
        hex::decode(self.text(member)).unwrap()
    }

    pub(crate) fn array<const N: usize>(&self, member: &str) -> [u8; N] {
        self.bytes(member).try_into().unwrap()
    }

    pub(crate) fn number(&self, member: &str) -> u64 {
        self.json[member].as_u64().unwrap()
    }

    pub(crate) fn list(&self, member: &str) -> &'j [Value] {
        self.json[member].as_array().unwrap()
    }

    pub(crate) fn time(&self, member: &str) -> Timestamp {
        Timestamp::from_millis(self.number(member))
    }

    pub(crate) fn frame(&self) -> Vec<u8> {
        self.bytes("frame")
    }

    pub(crate) fn realm(&self) -> Realm {
        Realm::new(self.text("app"), self.text("audience")).unwrap()
    }

    pub(crate) fn flags(&self) -> Flags {
        let each = [Flags::CHUNKED, Flags::COMPRESSED, Flags::BATCH].into_iter();
        each.filter(|flag| self.number("flags") & u64::from(flag.bits()) != 0)
            .fold(Flags::NONE, Flags::with)
    }

    pub(crate) fn kind(&self) -> Kind {
        let kinds = ["request", "response", "push", "record", "keyset", "register"];
        let number = 1 + kinds.iter().position(|kind| *kind == self.text("frame_kind")).unwrap();
        Kind::of(&[1, number as u8]).unwrap()
    }

    pub(crate) fn reply_to(&self) -> ReplyTo {
        ReplyTo {
            request_id: RequestId::from_bytes(self.array("request_id")),
            digest: RequestDigest::from_bytes(self.array("request_digest")),
        }
    }

    /// The time at which the frame is read, where the case names one.
    fn now(&self) -> Option<Timestamp> {
        self.json["now_ms"].as_u64().map(Timestamp::from_millis)
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let key = VerifyingKey::from_bytes(&self.array("public_key"));
        match (self.kind(), key) {
            (Kind::Register, _) => self.register_verdict(),
            (_, Err(_)) => Err("L5"),
            (Kind::Request, Ok(key)) => self.request_verdict(key),
            (Kind::Response, Ok(key)) => self.response_verdict(key),
            (Kind::Push, Ok(key)) => self.push_verdict(key),
            (Kind::Record, Ok(key)) => self.record_verdict(&key),
            (Kind::Keyset, Ok(key)) => self.keyset_verdict(key),
        }
    }

    fn request_verdict(&self, key: VerifyingKey) -> Verdict {
        let (realm, frame) = (self.realm(), self.frame());
        let received = Received::decode(&realm, &frame).map_err(|_| "V1")?;
        let header = RequestHeader::decode(Frame::split(&frame).unwrap().header).unwrap();
        let state = SessionState::Live;
        let session = DeviceSession { id: header.session, key, state };
        let resolved = received.resolve(&realm, Some(&session)).map_err(check)?;
        let authentic = resolved.authenticate(&realm).map_err(check)?;
        let now = self.now().unwrap_or(header.timestamp);
        let window = FreshnessWindow::default();
        // Any epoch will do: the frame alone cannot tell whose it is.
        let epochs = Epochs::new(*header.epoch.as_bytes(), now);
        let fresh = authentic.check_fresh(now, &window, &epochs, |_| Bootstrap::Allowed);
        let fresh = fresh.map_err(check)?;
        let mut seen = SeenSet::new([0; 16], window, ReplayLimits::default());
        let first = seen.first_use(fresh.replay_key(), now).map_err(|_| "V6a")?;
        fresh.admit(first).map(|_| ()).map_err(check)
    }

    fn response_verdict(&self, key: VerifyingKey) -> Verdict {
        let window = FreshnessWindow::default();
        let pending = Pending { reply_to: self.reply_to() };
        let now = self.now().map(|now| (now, &window));
        let frame = self.frame();
        let verdict = verify_response(&self.realm(), &trusting(key), &pending, now, &frame);
        verdict.map(|_| ()).map_err(|error| match error {
            ResponseError::Malformed(_) => "R0",
            ResponseError::Key(_) | ResponseError::Signature => "R1",
            ResponseError::RequestId => "R2",
            ResponseError::Payload => "R3",
            ResponseError::Stale(_) => "R4",
        })
    }

    fn push_verdict(&self, key: VerifyingKey) -> Verdict {
        let frame = self.frame();
        // The receiver stands right before whatever event this is.
        let header = Frame::split(&frame).and_then(|frame| PushHeader::decode(frame.header));
        let (id, cursor) = header.map_or((StreamId::from_bytes([0; 16]), 0), |header| {
            (header.stream, header.seq.saturating_sub(1))
        });
        let mut stream = PushStream::new(id, cursor);
        let verdict = stream.accept(&self.realm(), &trusting(key), &frame);
        verdict.map(|_| ()).map_err(|error| match error {
            PushError::Malformed(_) => "S0",
            PushError::Key(_) | PushError::Signature => "S1",
            PushError::Stream => "S2",
            PushError::Payload => "S3",
            PushError::Duplicate { .. } | PushError::Gap { .. } => "S4",
        })
    }

    fn record_verdict(&self, key: &VerifyingKey) -> Verdict {
        let frame = self.frame();
        let verdict =
            ReceivedRecord::decode(&frame).and_then(|received| received.verify(&self.realm(), key));
        verdict.map(|_| ()).map_err(RecordError::check)
    }

    fn keyset_verdict(&self, root: VerifyingKey) -> Verdict {
        let set = Keyset::open(&self.realm(), &[root], 0, &self.frame());
        let current = set.and_then(|set| self.now().map_or(Ok(()), |now| set.check_current(now)));
        current.map_err(|error| match error {
            KeysetError::Malformed(_) => "K1",
            KeysetError::NotByARoot => "K2",
            KeysetError::Audience => "K3",
            KeysetError::Rollback { .. } => "K4",
            KeysetError::Key(_) => "K5",
            KeysetError::Expired => "K6",
            KeysetError::Protocol(_) => "K7",
        })
    }

    fn register_verdict(&self) -> Verdict {
        let (realm, frame) = (self.realm(), self.frame());
        let received = ReceivedRegister::decode(&realm, &frame).map_err(|_| "V1")?;
        let header = RegisterHeader::decode(Frame::split(&frame).unwrap().header).unwrap();
        if VerifyingKey::from_alg(header.alg, &header.public_key).is_err() {
            assert_eq!(received.prove(&realm).unwrap_err(), Refused::Unauthenticated);
            return Err("L5");
        }
        let proven = received.prove(&realm).map_err(|_| "L3")?;
        let payload: Value = serde_json::from_slice(proven.content).unwrap();
        let code = payload["code"].as_str().unwrap();
        code_matches(&proven.header.code_hash, code).then_some(()).ok_or("L4")
    }
}

/// V2 cannot happen here: every case has its session.
fn check(refused: Refused) -> &'static str {
    match refused {
        Refused::Unauthenticated => "V4a",
        Refused::SessionRevoked => "V3",
        Refused::PayloadMismatch => "V4b",
        Refused::StaleTimestamp(Freshness::TooOld) => "V5a",
        Refused::StaleTimestamp(Freshness::TooFarAhead | Freshness::Fresh) => "V5b",
        Refused::StaleEpoch => "V5c",
        Refused::Replayed => "V6a",
    }
}

/// A key set with one key that may sign at any time.
fn trusting(key: VerifyingKey) -> Keyset {
    let (realm, root) =
        (Realm::new("league", "league.example.org"), SigningKey::from_seed(&[3; 32]));
    let realm = realm.unwrap();
    let roots = [root.verifying_key().clone()];
    let (not_before, not_after) = (Timestamp::ZERO, Timestamp::from_millis(u64::MAX));
    let online = OnlineKey { key, state: KeyState::Active, not_before, not_after };
    let content = KeysetContent {
        version: 1,
        issued: not_before,
        expires: not_before.plus(Duration::from_secs(1)),
        min_protocol: 1,
        keys: [online].into(),
        roots: roots.to_vec(),
        pins: Vec::new(),
    };
    Keyset::open(&realm, &roots, 0, &content.sign(&realm, &root)).unwrap()
}
