//! Headers and signed frames, built from the members of a case and from nothing else.

use super::verdict::Case;
use alloc::vec::Vec;
use countersign::*;
use serde_json::Value;

impl Case<'_> {
    /// Decoding the frame gives the members; encoding the members gives the frame.
    pub(crate) fn check_fields(&self) {
        let frame = self.frame();
        let parts = Frame::split(&frame).unwrap();
        let name = self.name();
        assert_eq!(parts.payload, self.bytes("payload"), "{name}");
        let (encoded, again) = self.encode_and_decode(parts.header);
        assert_eq!(hex::encode(&encoded), hex::encode(parts.header), "{name}");
        assert_eq!(hex::encode(again), hex::encode(parts.header), "{name}");
        assert_eq!(Frame::join(&encoded, parts.signature, parts.payload), frame, "{name}");
    }

    /// The header made from the members, and the header decoded and encoded again.
    fn encode_and_decode(&self, header: &[u8]) -> (Vec<u8>, Vec<u8>) {
        match self.kind() {
            Kind::Request => {
                (self.request().encode(), RequestHeader::decode(header).unwrap().encode())
            }
            Kind::Response => {
                (self.response().encode(), ResponseHeader::decode(header).unwrap().encode())
            }
            Kind::Push => (self.push().encode(), PushHeader::decode(header).unwrap().encode()),
            Kind::Record => {
                (self.record().encode(), RecordHeader::decode(header).unwrap().encode())
            }
            Kind::Keyset => {
                let (content, audience) = keyset::decode(header).unwrap();
                assert_eq!(audience, self.realm().audience());
                (self.keyset().encode(&self.realm()), content.encode(&self.realm()))
            }
            Kind::Register => {
                (self.register().encode(), RegisterHeader::decode(header).unwrap().encode())
            }
        }
    }

    /// The signing input and the digest are the named ones, and the key of the seed signs the same again.
    pub(crate) fn check_signing(&self) {
        let frame = self.frame();
        let parts = Frame::split(&frame).unwrap();
        let key = SigningKey::from_seed(&self.array("seed"));
        let name = self.name();
        assert_eq!(key.verifying_key().as_bytes(), &self.array("public_key"), "{name}");
        let input = self.signing_input(key.verifying_key(), parts.header);
        assert_eq!(hex::encode(&input), self.text("signing_input"), "{name}");
        if let Some(digest) = self.digest(parts.header) {
            assert_eq!(hex::encode(digest), self.text("digest"), "{name}");
        }
        if self.flags().contains(Flags::BATCH) {
            return; // One signature for several; the verdict checks it.
        }
        assert_eq!(key.sign(&input)[..], *parts.signature, "{name}");
    }

    fn signing_input(&self, key: &VerifyingKey, header: &[u8]) -> Vec<u8> {
        let (realm, fp) = (self.realm(), key.fingerprint());
        match self.kind() {
            Kind::Request => request::signing_input(&realm, key, header),
            Kind::Response => response::signing_input(&realm, fp, &self.reply_to(), header),
            Kind::Push => push::signing_input(&realm, fp, header),
            Kind::Record => record::signing_input(&realm, fp, header),
            Kind::Keyset => self.keyset().signing_input(&realm, fp),
            Kind::Register => register::signing_input(&realm, fp, header),
        }
    }

    fn digest(&self, header: &[u8]) -> Option<[u8; 32]> {
        let realm = self.realm();
        let any_id = RequestId::from_bytes([0; 16]);
        match self.kind() {
            Kind::Request => Some(*ReplyTo::request(&realm, header, any_id).digest.as_bytes()),
            Kind::Record => Some(*self.record().digest(&realm).as_bytes()),
            Kind::Register => Some(*register::reply_to(&realm, header, any_id).digest.as_bytes()),
            Kind::Response | Kind::Push | Kind::Keyset => None,
        }
    }

    fn request(&self) -> RequestHeader {
        RequestHeader {
            flags: self.flags(),
            session: SessionId::from_bytes(self.array("session_id")),
            timestamp: self.time("timestamp_ms"),
            request_id: RequestId::from_bytes(self.array("request_id")),
            epoch: Epoch::from_bytes(self.array("epoch")),
            payload_hash: PayloadHash::from_bytes(self.array("payload_hash")),
            message_type: Name::new(self.text("message_type")).unwrap(),
        }
    }

    fn response(&self) -> ResponseHeader {
        ResponseHeader {
            flags: self.flags(),
            request_id: RequestId::from_bytes(self.array("request_id")),
            timestamp: self.time("timestamp_ms"),
            result: ResultCode::from_u16(self.number("result_code").try_into().unwrap()),
            server_key_id: ServerKeyId::from_bytes(self.array("server_key_id")),
            epoch: Epoch::from_bytes(self.array("epoch")),
            payload_hash: PayloadHash::from_bytes(self.array("payload_hash")),
        }
    }

    fn push(&self) -> PushHeader {
        PushHeader {
            flags: self.flags(),
            stream: StreamId::from_bytes(self.array("stream_id")),
            timestamp: self.time("timestamp_ms"),
            seq: self.number("seq"),
            server_key_id: ServerKeyId::from_bytes(self.array("server_key_id")),
            epoch: Epoch::from_bytes(self.array("epoch")),
            payload_hash: PayloadHash::from_bytes(self.array("payload_hash")),
            event_type: Name::new(self.text("event_type")).unwrap(),
        }
    }

    fn record(&self) -> RecordHeader {
        RecordHeader {
            id: RecordId::from_bytes(self.array("record_id")),
            created: self.time("created_ms"),
            signer: Fingerprint::from_bytes(self.array("signer_fp")),
            previous: RecordDigest::from_bytes(self.array("prev_hash")),
            payload_hash: PayloadHash::from_bytes(self.array("payload_hash")),
            record_type: Name::new(self.text("record_type")).unwrap(),
        }
    }

    fn keyset(&self) -> KeysetContent {
        let key = |json: &Value| {
            let alg = json["alg"].as_u64().unwrap().try_into().unwrap();
            let bytes = hex::decode(json["pk"].as_str().unwrap()).unwrap();
            VerifyingKey::from_alg(alg, &bytes).unwrap()
        };
        let millis = |json: &Value| Timestamp::from_millis(json.as_u64().unwrap());
        let online = |json: &Value| OnlineKey {
            key: key(json),
            state: state(json["state"].as_u64().unwrap()),
            not_before: millis(&json["not_before_ms"]),
            not_after: millis(&json["not_after_ms"]),
        };
        let pin = |json: &Value| hex::decode(json.as_str().unwrap()).unwrap().try_into().unwrap();
        KeysetContent {
            version: self.number("version"),
            issued: self.time("issued_ms"),
            expires: self.time("expires_ms"),
            min_protocol: self.number("min_protocol").try_into().unwrap(),
            keys: self.list("keys").iter().map(online).collect(),
            roots: self.list("roots").iter().map(key).collect(),
            pins: self.list("pins").iter().map(pin).collect(),
        }
    }

    fn register(&self) -> RegisterHeader {
        RegisterHeader {
            login: LoginId::from_bytes(self.array("login_id")),
            timestamp: self.time("timestamp_ms"),
            request_id: RequestId::from_bytes(self.array("request_id")),
            alg: self.number("alg").try_into().unwrap(),
            public_key: self.array("pk"),
            address: self.text("address").into(),
            code_hash: self.array("code_hash"),
            payload_hash: PayloadHash::from_bytes(self.array("payload_hash")),
        }
    }
}

fn state(number: u64) -> KeyState {
    let states = [
        KeyState::Prepared,
        KeyState::Active,
        KeyState::Retired,
        KeyState::Tainted,
        KeyState::Revoked,
    ];
    states[usize::try_from(number).unwrap()]
}
