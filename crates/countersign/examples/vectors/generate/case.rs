//! Samples (good frames with everything a verifier is given) and the cases made from them.

use super::Result;
use super::json::{Json, Members};
use super::world::{Who, realm};
use countersign::*;
use sha2::{Digest, Sha256};

/// What a verifier knows before it sees the frame.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) kind: Kind,
    pub(super) app: String,
    pub(super) audience: String,
    pub(super) public_key: [u8; 32],
    /// For responses: the request that was asked.
    pub(super) reply_to: Option<ReplyTo>,
    /// For refusals because of the time.
    pub(super) now: Option<Timestamp>,
}

/// A good frame.
#[derive(Clone)]
pub(super) struct Sample {
    pub(super) context: Context,
    pub(super) signer: Who,
    pub(super) frame: Vec<u8>,
}

/// The word in the domain marker, written down a second time.
pub(super) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Request => "request",
        Kind::Response => "response",
        Kind::Push => "push",
        Kind::Record => "record",
        Kind::Keyset => "keyset",
        Kind::Register => "register",
    }
}

impl Context {
    pub(super) fn new(kind: Kind, signer: Who) -> Result<Self> {
        let realm = realm()?;
        let public_key = *signer.public().as_bytes();
        let (app, audience) = (realm.app().into(), realm.audience().into());
        Ok(Self { kind, app, audience, public_key, reply_to: None, now: None })
    }

    /// `LP8(domain) ‖ LP8(audience)`, from the text of the protocol and not from the crate.
    pub(super) fn place(&self, word: &str) -> Vec<u8> {
        let domain = format!("{}-{word}-v1", self.app);
        let lp8 = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
        [lp8(&domain), lp8(&self.audience)].concat()
    }

    /// What a signature for this context covers.
    pub(super) fn signing_input(&self, header: &[u8]) -> Vec<u8> {
        let digest = self.reply_to.map(|reply_to| *reply_to.digest.as_bytes());
        let digest = digest.as_ref().map_or(&[][..], |digest| &digest[..]);
        [&self.place(word(self.kind)), &fingerprint(&self.public_key)[..], digest, header].concat()
    }

    /// The digest of the kinds that have one.
    pub(super) fn digest(&self, header: &[u8]) -> Option<[u8; 32]> {
        let has_one = matches!(self.kind, Kind::Request | Kind::Record | Kind::Register);
        has_one.then(|| Sha256::digest([&self.place(word(self.kind)), header].concat()).into())
    }

    /// A frame that must not be accepted.
    pub(super) fn refused(&self, name: impl Into<String>, check: &str, frame: Vec<u8>) -> Json {
        let mut members = self.members(name.into(), false);
        members.push(("check", Json::text(check)));
        members.push(("public_key", Json::hex(self.public_key)));
        if let Some(reply_to) = self.reply_to {
            members.push(("request_digest", Json::hex(reply_to.digest.as_bytes())));
            members.push(("request_id", Json::hex(reply_to.request_id.as_bytes())));
        }
        if let Some(now) = self.now {
            members.push(("now_ms", Json::Number(now.as_millis())));
        }
        members.push(("frame", Json::hex(frame)));
        Json::Object(members)
    }

    fn members(&self, name: String, accept: bool) -> Members {
        vec![
            ("name", Json::Text(name)),
            ("frame_kind", Json::text(word(self.kind))),
            ("app", Json::text(&self.app)),
            ("audience", Json::text(&self.audience)),
            ("accept", Json::Bool(accept)),
        ]
    }
}

impl Sample {
    pub(super) fn new(kind: Kind, signer: Who, frame: Vec<u8>) -> Result<Self> {
        Ok(Self { context: Context::new(kind, signer)?, signer, frame })
    }

    pub(super) fn in_realm(mut self, realm: &Realm) -> Self {
        self.context.app = realm.app().into();
        self.context.audience = realm.audience().into();
        self
    }

    pub(super) fn answering(mut self, reply_to: ReplyTo) -> Self {
        self.context.reply_to = Some(reply_to);
        self
    }

    pub(super) fn parts(&self) -> Result<Frame<'_>> {
        Ok(Frame::split(&self.frame)?)
    }

    pub(super) fn header(&self) -> Result<Vec<u8>> {
        Ok(self.parts()?.header.into())
    }

    /// The same with other header bytes, correctly signed: only the parser can refuse them.
    pub(super) fn resigned(&self, header: &[u8]) -> Result<Vec<u8>> {
        let signature = self.signer.key().sign(&self.context.signing_input(header));
        Ok(Frame::join(header, &signature, self.parts()?.payload))
    }

    pub(super) fn with_signature(&self, signature: &[u8]) -> Result<Vec<u8>> {
        let parts = self.parts()?;
        Ok(Frame::join(parts.header, signature, parts.payload))
    }

    pub(super) fn refused(&self, name: impl Into<String>, check: &str, frame: Vec<u8>) -> Json {
        self.context.refused(name, check, frame)
    }

    /// A frame that must be accepted, with everything in it.
    pub(super) fn accepted(&self, name: &str) -> Result<Json> {
        let parts = self.parts()?;
        let mut members = self.context.members(name.into(), true);
        members.push(("public_key", Json::hex(self.context.public_key)));
        members.push(("seed", Json::hex(self.signer.seed())));
        if let Some(reply_to) = self.context.reply_to {
            members.push(("request_digest", Json::hex(reply_to.digest.as_bytes())));
        }
        members.extend(fields(self.context.kind, parts.header)?);
        members.push(("payload", Json::hex(parts.payload)));
        members.push(("signing_input", Json::hex(self.context.signing_input(parts.header))));
        if let Some(digest) = self.context.digest(parts.header) {
            members.push(("digest", Json::hex(digest)));
        }
        members.push(("frame", Json::hex(&self.frame)));
        Ok(Json::Object(members))
    }
}

/// `SHA-256("countersign-key-v1" ‖ 1 ‖ pk)`: also for keys that the crate does not take.
pub(super) fn fingerprint(public_key: &[u8; 32]) -> [u8; 32] {
    Sha256::digest([&b"countersign-key-v1\x01"[..], public_key].concat()).into()
}

/// The header's fields with the names of section 4 of the protocol.
fn fields(kind: Kind, header: &[u8]) -> Result<Members> {
    let flags = u16::from_be_bytes([header[2], header[3]]);
    let mut members = vec![("flags", Json::Number(flags.into()))];
    members.extend(match kind {
        Kind::Request => request_fields(&RequestHeader::decode(header)?),
        Kind::Response => response_fields(&ResponseHeader::decode(header)?),
        Kind::Push => push_fields(&PushHeader::decode(header)?),
        Kind::Record => record_fields(&RecordHeader::decode(header)?),
        Kind::Keyset => keyset_fields(&keyset::decode(header)?.0),
        Kind::Register => register_fields(&RegisterHeader::decode(header)?),
    });
    Ok(members)
}

fn time(time: Timestamp) -> Json {
    Json::Number(time.as_millis())
}

fn request_fields(header: &RequestHeader) -> Members {
    vec![
        ("session_id", Json::hex(header.session.as_bytes())),
        ("timestamp_ms", time(header.timestamp)),
        ("request_id", Json::hex(header.request_id.as_bytes())),
        ("epoch", Json::hex(header.epoch.as_bytes())),
        ("payload_hash", Json::hex(header.payload_hash.as_bytes())),
        ("message_type", Json::text(header.message_type.as_str())),
    ]
}

fn response_fields(header: &ResponseHeader) -> Members {
    vec![
        ("request_id", Json::hex(header.request_id.as_bytes())),
        ("timestamp_ms", time(header.timestamp)),
        ("result_code", Json::Number(header.result.as_u16().into())),
        ("server_key_id", Json::hex(header.server_key_id.as_bytes())),
        ("epoch", Json::hex(header.epoch.as_bytes())),
        ("payload_hash", Json::hex(header.payload_hash.as_bytes())),
    ]
}

fn push_fields(header: &PushHeader) -> Members {
    vec![
        ("stream_id", Json::hex(header.stream.as_bytes())),
        ("timestamp_ms", time(header.timestamp)),
        ("seq", Json::Number(header.seq)),
        ("server_key_id", Json::hex(header.server_key_id.as_bytes())),
        ("epoch", Json::hex(header.epoch.as_bytes())),
        ("payload_hash", Json::hex(header.payload_hash.as_bytes())),
        ("event_type", Json::text(header.event_type.as_str())),
    ]
}

fn record_fields(header: &RecordHeader) -> Members {
    vec![
        ("record_id", Json::hex(header.id.as_bytes())),
        ("created_ms", time(header.created)),
        ("signer_fp", Json::hex(header.signer.as_bytes())),
        ("prev_hash", Json::hex(header.previous.as_bytes())),
        ("payload_hash", Json::hex(header.payload_hash.as_bytes())),
        ("record_type", Json::text(header.record_type.as_str())),
    ]
}

/// Without the audience, which is a member of every case.
fn keyset_fields(content: &KeysetContent) -> Members {
    let alg_and_key =
        |key: &VerifyingKey| [("alg", Json::Number(1)), ("pk", Json::hex(key.as_bytes()))];
    let online = |online: &OnlineKey| {
        let mut members = vec![
            ("state", Json::Number(online.state as u64)),
            ("not_before_ms", time(online.not_before)),
            ("not_after_ms", time(online.not_after)),
        ];
        members.extend(alg_and_key(&online.key));
        Json::Object(members)
    };
    let roots = content.roots.iter().map(|root| Json::Object(alg_and_key(root).into()));
    vec![
        ("version", Json::Number(content.version)),
        ("issued_ms", time(content.issued)),
        ("expires_ms", time(content.expires)),
        ("min_protocol", Json::Number(content.min_protocol.into())),
        ("keys", Json::List(content.keys.iter().map(online).collect())),
        ("roots", Json::List(roots.collect())),
        ("pins", Json::List(content.pins.iter().map(Json::hex).collect())),
    ]
}

fn register_fields(header: &RegisterHeader) -> Members {
    vec![
        ("login_id", Json::hex(header.login.as_bytes())),
        ("timestamp_ms", time(header.timestamp)),
        ("request_id", Json::hex(header.request_id.as_bytes())),
        ("alg", Json::Number(header.alg.into())),
        ("pk", Json::hex(header.public_key)),
        ("address", Json::text(&header.address)),
        ("code_hash", Json::hex(header.code_hash)),
        ("payload_hash", Json::hex(header.payload_hash.as_bytes())),
    ]
}
