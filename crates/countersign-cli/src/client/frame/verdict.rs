//! What can be verified of a frame with the keys that are known, and what cannot, and why.

use countersign::keyset::{self, KeysetContent};
use countersign::verify::{
    DeviceSession, Pending, PushStream, Received, ReceivedRecord, ReceivedRegister, SessionState,
    verify_response,
};
use countersign::{
    Frame, KeyState, Keyset, Kind, OnlineKey, PushHeader, Realm, RegisterHeader, ReplyTo,
    RequestHeader, ResponseHeader, Signer, SigningKey, Timestamp, VerifyingKey, register,
};
use std::time::Duration;

/// What is known beside the frame.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The realm that it was signed for.
    pub(crate) realm: Option<Realm>,
    /// A key of a device or a server.
    pub(crate) keys: Vec<VerifyingKey>,
    /// Roots that sign key sets.
    pub(crate) roots: Vec<VerifyingKey>,
    /// The server's key set.
    pub(crate) keyset: Option<Keyset>,
    /// The frame that a response answers.
    pub(crate) request: Option<Vec<u8>>,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Passed,
    Failed,
    /// Something needed for it is not known.
    Skipped,
}

/// One line of the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) state: State,
    pub(crate) text: String,
}

fn passed(text: impl Into<String>) -> Check {
    Check { state: State::Passed, text: text.into() }
}

fn failed(text: impl ToString) -> Check {
    Check { state: State::Failed, text: text.to_string() }
}

fn skipped(text: impl Into<String>) -> Check {
    Check { state: State::Skipped, text: text.into() }
}

/// Everything that can be said about a frame.
pub(crate) fn checks(bytes: &[u8], known: &Known) -> Vec<Check> {
    let frame = match Frame::split(bytes) {
        Ok(frame) => frame,
        Err(error) => return vec![failed(error)],
    };
    let Some(kind) = Kind::of(frame.header) else {
        return vec![failed("the header is of no known kind")];
    };
    let Some(realm) = &known.realm else {
        return vec![skipped("the realm is not known; give --app and --audience, or a --profile")];
    };
    match kind {
        Kind::Request => request(realm, bytes, frame, known),
        Kind::Response => response(realm, bytes, frame, known),
        Kind::Push => push(realm, bytes, frame, known),
        Kind::Record => record(realm, bytes, known),
        Kind::Keyset => keyset(realm, bytes, frame, known),
        Kind::Register => register(realm, bytes, frame),
    }
}

fn request(realm: &Realm, bytes: &[u8], frame: Frame<'_>, known: &Known) -> Vec<Check> {
    let header = match RequestHeader::decode(frame.header) {
        Ok(header) => header,
        Err(error) => return vec![failed(error)],
    };
    let digest = ReplyTo::request(realm, frame.header, header.request_id).digest;
    let mut checks = vec![passed(format!("well-formed; request digest {digest}"))];
    let verify = |key: &VerifyingKey| {
        let state = SessionState::Live;
        let session = DeviceSession { id: header.session, key: key.clone(), state };
        let received = Received::decode(realm, bytes).map_err(|e| e.to_string())?;
        let resolved = received.resolve(realm, Some(&session)).map_err(|e| e.to_string())?;
        resolved.authenticate(realm).map(|_| ()).map_err(|e| e.to_string())
    };
    checks.push(by_any(&known.keys, verify, "the signature and the payload hash"));
    checks
}

fn response(realm: &Realm, bytes: &[u8], frame: Frame<'_>, known: &Known) -> Vec<Check> {
    let header = match ResponseHeader::decode(frame.header) {
        Ok(header) => header,
        Err(error) => return vec![failed(error)],
    };
    let well_formed = passed("well-formed");
    let Some(request) = &known.request else {
        let why = "a response is signed for one request; give that request's frame with --request";
        return vec![well_formed, skipped(why)];
    };
    let Some(reply_to) = reply_to(realm, request) else {
        return vec![well_formed, failed("--request is no request and no register frame")];
    };
    let sets = keysets(realm, known, header.timestamp);
    if sets.is_empty() {
        return vec![well_formed, skipped("no server key is known; give --key, or a --profile")];
    }
    let pending = Pending { reply_to };
    let verified = sets.iter().map(|set| verify_response(realm, set, &pending, None, bytes));
    vec![
        well_formed,
        best(verified.map(|v| v.map(|_| ())), "signature, request id and payload hash"),
    ]
}

fn push(realm: &Realm, bytes: &[u8], frame: Frame<'_>, known: &Known) -> Vec<Check> {
    let header = match PushHeader::decode(frame.header) {
        Ok(header) => header,
        Err(error) => return vec![failed(error)],
    };
    let well_formed = passed("well-formed");
    let sets = keysets(realm, known, header.timestamp);
    if sets.is_empty() {
        return vec![well_formed, skipped("no server key is known; give --key, or a --profile")];
    }
    let before = header.seq.saturating_sub(1);
    let verified = sets
        .iter()
        .map(|set| PushStream::new(header.stream, before).accept(realm, set, bytes).map(|_| ()));
    vec![well_formed, best(verified, "signature and payload hash")]
}

fn record(realm: &Realm, bytes: &[u8], known: &Known) -> Vec<Check> {
    let received = match ReceivedRecord::decode(bytes) {
        Ok(received) => received,
        Err(error) => return vec![failed(error)],
    };
    let signer = received.signer();
    let Some(key) = known.keys.iter().find(|key| *key.fingerprint() == signer) else {
        let why = format!("the signer's key {signer} is not known; give it with --key");
        return vec![passed("well-formed"), skipped(why)];
    };
    match received.verify(realm, key) {
        Ok(record) => vec![
            passed(format!("well-formed; record digest {}", record.digest)),
            passed("signature and payload hash"),
        ],
        Err(error) => vec![passed("well-formed"), failed(format!("{}: {error}", error.check()))],
    }
}

fn keyset(realm: &Realm, bytes: &[u8], frame: Frame<'_>, known: &Known) -> Vec<Check> {
    let content = match keyset::decode(frame.header) {
        Ok((content, _)) => content,
        Err(error) => return vec![failed(error)],
    };
    let mut checks = vec![passed("well-formed")];
    if known.roots.is_empty() {
        checks.push(match Keyset::open(realm, &content.roots, 0, bytes) {
            Ok(_) => skipped(
                "signed by one of its own roots; give --root to say whether that is the right one",
            ),
            Err(error) => failed(error),
        });
        return checks;
    }
    checks.push(match Keyset::open(realm, &known.roots, 0, bytes) {
        Ok(_) => passed("signed by a known root, for this realm"),
        Err(error) => failed(error),
    });
    checks
}

fn register(realm: &Realm, bytes: &[u8], frame: Frame<'_>) -> Vec<Check> {
    let header = match RegisterHeader::decode(frame.header) {
        Ok(header) => header,
        Err(error) => return vec![failed(error)],
    };
    let digest = register::reply_to(realm, frame.header, header.request_id).digest;
    let proven = ReceivedRegister::decode(realm, bytes).map_err(|e| e.to_string());
    let proven = proven.and_then(|r| r.prove(realm).map(|_| ()).map_err(|e| e.to_string()));
    let proof = match proven {
        Ok(()) => passed("signed by the key that it registers; payload hash"),
        Err(error) => failed(error),
    };
    vec![passed(format!("well-formed; register digest {digest}")), proof]
}

fn reply_to(realm: &Realm, request: &[u8]) -> Option<ReplyTo> {
    let frame = Frame::split(request).ok()?;
    if let Ok(header) = RequestHeader::decode(frame.header) {
        return Some(ReplyTo::request(realm, frame.header, header.request_id));
    }
    let header = RegisterHeader::decode(frame.header).ok()?;
    Some(register::reply_to(realm, frame.header, header.request_id))
}

/// The known set, and one made up for each key that was given by itself.
fn keysets(realm: &Realm, known: &Known, at: Timestamp) -> Vec<Keyset> {
    let given = known.keys.iter().filter_map(|key| {
        // A root of this program's own: the user says that the key is the server's, so nobody else has to.
        let root = SigningKey::from_seed(&[0; 32]);
        let day = Duration::from_secs(86_400);
        let online = OnlineKey {
            key: key.clone(),
            state: KeyState::Active,
            not_before: at.minus(day),
            not_after: at.plus(day),
        };
        let content = KeysetContent {
            version: 1,
            issued: at,
            expires: at.plus(day),
            min_protocol: 1,
            keys: vec![online],
            roots: vec![root.verifying_key().clone()],
            pins: Vec::new(),
        };
        let frame = content.sign(realm, &root);
        Keyset::open(realm, &content.roots, 0, &frame).ok()
    });
    given.chain(known.keyset.clone()).collect()
}

fn by_any(
    keys: &[VerifyingKey],
    verify: impl Fn(&VerifyingKey) -> Result<(), String>,
    what: &str,
) -> Check {
    if keys.is_empty() {
        return skipped("the device's key is not known; give it with --key");
    }
    best(keys.iter().map(verify), what)
}

/// Passed if one passed; else the last failure.
fn best<E: ToString>(verified: impl Iterator<Item = Result<(), E>>, what: &str) -> Check {
    let mut last = skipped("nothing to check with");
    for outcome in verified {
        match outcome {
            Ok(()) => return passed(what),
            Err(error) => last = failed(error),
        }
    }
    last
}
