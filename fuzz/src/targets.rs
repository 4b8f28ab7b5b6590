//! The bodies of the fuzz targets: plain functions that panic when a promise is broken.

use countersign::client::{Sent, Session};
use countersign::offset::Reading;
use countersign::push::UnsignedPush;
use countersign::register::code_hash;
use countersign::verify::*;
use countersign::*;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

/// A body, by the name of its target.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 12] = [
    ("frame_split", frame_split),
    ("request", request),
    ("response", response),
    ("push", push),
    ("record", record),
    ("keyset", keyset),
    ("register", register),
    ("chunked", chunked),
    ("batch", batch),
    ("verify_request", verify_request),
    ("replay", replay),
    ("client_open", client_open),
];

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const EPOCH: [u8; 8] = [0xe1; 8];
const NO_HASH: PayloadHash = PayloadHash::from_bytes([0; 32]);

/// A realm of its own, fixed keys, and the good frames that exist for them. Nothing else may ever be accepted.
struct World {
    realm: Realm,
    session: DeviceSession,
    roots: [VerifyingKey; 1],
    keyset: Keyset,
    request: Vec<u8>,
    reply_to: ReplyTo,
    response: Vec<u8>,
    push: Vec<u8>,
    record: Vec<u8>,
    register: Vec<u8>,
    keyset_frame: Vec<u8>,
    batch: Vec<Vec<u8>>,
    client: Session,
    sent: Sent,
    answer: Vec<u8>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let realm = Realm::new("fuzz", "fuzz.example.org").unwrap();
    let [device, server, root] = [1, 2, 3].map(|seed| SigningKey::from_seed(&[seed; 32]));
    let device_key = device.verifying_key().clone();
    let roots = [root.verifying_key().clone()];
    let keyset_frame = keyset_content(&server, &root).sign(&realm, &root);
    let keyset = Keyset::open(&realm, &roots, 0, &keyset_frame).unwrap();
    let id = SessionId::from_bytes([0xaa; 16]);
    let unsigned = UnsignedRequest::new(&realm, &device_key, request_header(id), whole(b"{}"));
    let reply_to = unsigned.reply_to();
    let fp = *server.verifying_key().fingerprint();
    let answer_to = |reply_to: &ReplyTo| {
        UnsignedResponse::new(&realm, &fp, reply_to, answer(b"{\"ok\":true}")).sign(&server)
    };
    let mut client = Session::new(realm.clone(), id, device_key.clone(), keyset.clone());
    let (asked, sent) =
        client.prepare(name("a"), whole(b"{}"), reading(), RequestId::from_bytes([2; 16]));
    let register =
        register::UnsignedRegister::new(&realm, &device_key, register_header(), b"{}".into());
    let record = record::UnsignedRecord::new(&realm, record_header(&device_key), b"{}".into());
    World {
        request: unsigned.sign(&device),
        response: answer_to(&reply_to),
        answer: answer_to(&asked.reply_to()),
        push: UnsignedPush::new(&realm, &fp, push_header(1, Flags::NONE), b"{}".into())
            .sign(&server),
        record: record.sign(&device),
        register: register.sign(&device),
        batch: push_batch(&realm, &server),
        session: DeviceSession { id, key: device_key, state: SessionState::Live },
        realm,
        roots,
        keyset,
        keyset_frame,
        reply_to,
        client,
        sent,
    }
});

/// The good inputs of a target, for its corpus.
pub fn good(target: &str) -> Vec<Vec<u8>> {
    let world = &*WORLD;
    match target {
        "request" | "verify_request" => vec![world.request.clone()],
        "response" => vec![world.response.clone()],
        "push" => vec![world.push.clone()],
        "record" => vec![world.record.clone()],
        "keyset" => vec![world.keyset_frame.clone()],
        "register" => vec![world.register.clone()],
        "batch" => world.batch.iter().map(|frame| split(frame).signature.into()).collect(),
        "client_open" => vec![world.answer.clone()],
        "chunked" => vec![[&[0, 5, 9][..], b"a payload in five chunks"].concat()],
        "replay" => (1..=4).map(replay_ops).collect(),
        _ => vec![world.request.clone(), world.keyset_frame.clone(), world.batch[0].clone()],
    }
}

/// Bytes split into three parts are the bytes that the parts make.
pub fn frame_split(data: &[u8]) {
    match Frame::split(data) {
        Ok(frame) => assert_eq!(Frame::join(frame.header, frame.signature, frame.payload), data),
        Err(error) => assert_eq!(error, Malformed::Truncated),
    }
}

/// Requests: what is read is written the same, and shape is all that counts for `Received`.
pub fn request(data: &[u8]) {
    let read = |bytes: &[u8]| RequestHeader::decode(bytes).ok().map(|header| header.encode());
    let is_header = canonical(data, read);
    let received = Received::decode(&WORLD.realm, data);
    assert_eq!(received.is_ok(), is_header && signature_len(data) == Some(64));
}

/// Responses: what is read is written the same, and only the good one is an answer.
pub fn response(data: &[u8]) {
    canonical(data, |bytes| ResponseHeader::decode(bytes).ok().map(|header| header.encode()));
    let world = &*WORLD;
    let pending = Pending { reply_to: world.reply_to };
    let verdict = verify_response(&world.realm, &world.keyset, &pending, None, data);
    assert_eq!(verdict.is_ok(), data == world.response);
}

/// Pushes: what is read is written the same, and only the good one moves the stream.
pub fn push(data: &[u8]) {
    canonical(data, |bytes| PushHeader::decode(bytes).ok().map(|header| header.encode()));
    let world = &*WORLD;
    let mut stream = PushStream::new(StreamId::from_bytes([0xcc; 16]), 0);
    let accepted = stream.accept(&world.realm, &world.keyset, data).is_ok();
    // The first push of the batch says the same under another signature.
    assert_eq!(accepted, data == world.push || data == world.batch[0]);
    assert_eq!(stream.cursor(), u64::from(accepted));
}

/// Records: what is read is written the same, and only the good one is evidence.
pub fn record(data: &[u8]) {
    canonical(data, |bytes| RecordHeader::decode(bytes).ok().map(|header| header.encode()));
    let world = &*WORLD;
    let verdict = ReceivedRecord::decode(data)
        .and_then(|received| received.verify(&world.realm, &world.session.key));
    assert_eq!(verdict.is_ok(), data == world.record);
}

/// Key sets: what is read is written the same, and only the good one is taken.
pub fn keyset(data: &[u8]) {
    canonical(data, |bytes| {
        let (content, audience) = keyset::decode(bytes).ok()?;
        assert!((1..=16).contains(&content.keys.len()) && (1..=4).contains(&content.roots.len()));
        Some(content.encode(&Realm::new("league", &audience).unwrap()))
    });
    let world = &*WORLD;
    let taken = Keyset::open(&world.realm, &world.roots, 0, data);
    assert_eq!(taken.is_ok(), data == world.keyset_frame);
}

/// Registrations: what is read is written the same, and only who holds a key registers it.
pub fn register(data: &[u8]) {
    let is_header =
        canonical(data, |bytes| RegisterHeader::decode(bytes).ok().map(|header| header.encode()));
    let world = &*WORLD;
    let received = ReceivedRegister::decode(&world.realm, data);
    assert_eq!(received.is_ok(), is_header && signature_len(data) == Some(64));
    let proven = received.is_ok_and(|received| received.prove(&world.realm).is_ok());
    assert_eq!(proven, data == world.register);
}

/// Chunks: `size` (2 bytes), a position to damage, then the content. Also the bytes as a payload of their own.
pub fn chunked(data: &[u8]) {
    as_payload(data);
    let Some(([high, low, damage], content)) = data.split_first_chunk() else { return };
    let size = u32::from(u16::from_be_bytes([*high, *low]));
    let Some(payload) = Payload::chunked(content, size) else {
        assert!(content.is_empty() || size == 0 || content.len() > 16_384 * size as usize);
        return;
    };
    let (hash, mut bytes) = (payload.hash(), payload.into_bytes());
    assert_eq!(payload::open(Flags::CHUNKED, &hash, &bytes), Ok(content));
    let at = usize::from(*damage) * (bytes.len() - 1) / 255;
    assert!(payload::open(Flags::CHUNKED, &hash, &bytes[..at]).is_err(), "cut at {at}");
    bytes[at] ^= 1 << (damage % 8);
    assert!(payload::open(Flags::CHUNKED, &hash, &bytes).is_err(), "damaged at {at}");
}

/// The author of the manifest is the attacker. What opens anyway is the one way to chunk that content.
fn as_payload(data: &[u8]) {
    let number = |at: usize| Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?));
    let (Some(size), Some(count)) = (number(0), number(4)) else { return };
    let manifest_len = (count as usize).saturating_mul(32).saturating_add(8).min(data.len());
    let hash = payload::hash(&data[..manifest_len]);
    if let Ok(content) = payload::open(Flags::CHUNKED, &hash, data) {
        let again = Payload::chunked(content, size).unwrap();
        assert_eq!((again.hash(), again.into_bytes()), (hash, data.to_vec()));
    }
}

/// The bytes as the signature field of each push of a batch: only its own field makes a push good.
pub fn batch(data: &[u8]) {
    let world = &*WORLD;
    for (i, frame) in world.batch.iter().enumerate() {
        let parts = split(frame);
        let forged = Frame::join(parts.header, data, parts.payload);
        let mut stream = PushStream::new(StreamId::from_bytes([0xcc; 16]), i as u64);
        let verdict = stream.accept(&world.realm, &world.keyset, &forged);
        assert_eq!(verdict.is_ok(), data == parts.signature, "push {i}");
    }
}

/// The whole chain of a server in a fixed world: business sees the one good request, once, and nothing else.
pub fn verify_request(data: &[u8]) {
    let world = &*WORLD;
    let window = FreshnessWindow::default();
    let mut seen = SeenSet::new([5; 16], window, ReplayLimits::default());
    let epochs = Epochs::new(EPOCH, NOW);
    let mut handle = || {
        let fresh = Received::decode(&world.realm, data)
            .ok()?
            .resolve(&world.realm, Some(&world.session))
            .ok()?
            .authenticate(&world.realm)
            .ok()?
            .check_fresh(NOW, &window, &epochs, |_| Bootstrap::Refused)
            .ok()?;
        let first_use = seen.first_use(fresh.replay_key(), NOW).ok()?;
        Some(fresh.admit(first_use).ok()?.content.to_vec())
    };
    let is_good = data == world.request;
    assert_eq!(handle(), is_good.then(|| b"{}".to_vec()));
    if is_good {
        assert_eq!(handle(), None, "a second time");
    }
}

/// Four bytes per step: what to do, session, request id, how much.
pub fn replay(data: &[u8]) {
    let mut model = ReplayModel::new(FreshnessWindow::default());
    for step in data.as_chunks().0.iter().take(500) {
        let [op, session, id, amount] = *step;
        match op % 8 {
            0 => model.move_clock(u64::from(amount) * 250),
            1 => model.move_clock(u64::from(amount)),
            2 => model.step_back(u64::from(amount) * if id % 2 == 0 { 25 } else { 500 }),
            3 | 4 => model.repeat(usize::from(id)),
            _ => model.use_id(session % 4, id % 32, i64::from(amount) * 400 - 65_000),
        }
    }
}

/// The replay set next to a map that forgets nothing.
pub struct ReplayModel {
    set: SeenSet,
    window: FreshnessWindow,
    now: Timestamp,
    /// The latest time that the set was told.
    highest: Timestamp,
    /// All timestamps with which `(session, id)` was accepted.
    accepted: BTreeMap<(u8, u8), Vec<Timestamp>>,
}

const LIMITS: ReplayLimits = ReplayLimits { per_session: 12, total: 30 };

impl ReplayModel {
    /// An empty set at a fixed time.
    pub fn new(window: FreshnessWindow) -> Self {
        let set = SeenSet::new([7; 16], window, LIMITS);
        Self { set, window, now: NOW, highest: Timestamp::ZERO, accepted: BTreeMap::new() }
    }

    /// Time goes on.
    pub fn move_clock(&mut self, millis: u64) {
        self.now = self.now.plus(Duration::from_millis(millis));
    }

    /// The clock is set back, or a thread comes late with the time that it read before it was held up.
    pub fn step_back(&mut self, millis: u64) {
        self.now = self.now.minus(Duration::from_millis(millis));
    }

    /// A verified request arrives; `ahead` is its timestamp relative to now, in milliseconds.
    pub fn use_id(&mut self, session: u8, id: u8, ahead: i64) {
        let timestamp = Timestamp::from_millis(self.now.as_millis().saturating_add_signed(ahead));
        self.arrive(session, id, timestamp);
    }

    /// A request that was accepted before arrives once more.
    pub fn repeat(&mut self, which: usize) {
        let all = |(key, times): (&(u8, u8), &Vec<Timestamp>)| {
            times.iter().map(|at| (*key, *at)).collect::<Vec<_>>()
        };
        let accepted: Vec<_> = self.accepted.iter().flat_map(all).collect();
        if let Some(((session, id), timestamp)) = accepted.get(which % accepted.len().max(1)) {
            self.arrive(*session, *id, *timestamp);
        }
    }

    fn arrive(&mut self, session: u8, id: u8, timestamp: Timestamp) {
        if self.window.judge(timestamp, self.now) != Freshness::Fresh {
            return; // V5 refuses it before the set is asked.
        }
        let key = ReplayKey {
            session: SessionId::from_bytes([session; 16]),
            request_id: RequestId::from_bytes([id; 16]),
            timestamp,
        };
        let verdict = self.set.first_use(key, self.now).map(|_| ());
        self.highest = self.highest.max(self.now);
        let before = self.accepted.get(&(session, id)).cloned().unwrap_or_default();
        if before.iter().any(|at| self.window.forget_at(*at) > self.highest) {
            assert_eq!(verdict, Err(ReplayError::Seen), "an id is remembered until forget_at");
        }
        if before.contains(&timestamp) {
            assert!(verdict.is_err(), "the same request never passes twice");
        }
        let in_time = self.now.plus(FreshnessWindow::MEMORY_MARGIN) >= self.highest;
        if in_time && !before.iter().any(|at| self.may_be_kept(*at)) && self.has_room(session) {
            assert_eq!(verdict, Ok(()), "an honest request below the limits passes");
        }
        if verdict.is_ok() {
            self.accepted.entry((session, id)).or_default().push(timestamp);
        }
        assert!(self.set.len() <= LIMITS.total);
    }

    /// Generations are dropped as a whole, so an id may stay for half the longest memory more.
    fn may_be_kept(&self, at: Timestamp) -> bool {
        self.window.forget_at(at).plus(self.window.longest_memory() / 2) >= self.highest
    }

    fn has_room(&self, session: u8) -> bool {
        let kept = |ids: &Vec<Timestamp>| ids.iter().filter(|at| self.may_be_kept(**at)).count();
        let total: usize = self.accepted.values().map(kept).sum();
        let own = self.accepted.iter().filter(|(key, _)| key.0 == session);
        let own: usize = own.map(|(_, ids)| kept(ids)).sum();
        total < LIMITS.total && own < LIMITS.per_session as usize
    }
}

/// A device that waits for one answer: no other bytes change what it believes.
pub fn client_open(data: &[u8]) {
    let world = &*WORLD;
    let mut client = world.client.clone();
    let before = (client.epoch(), client.clock().offset_ms(reading()));
    let outcome = client.open(&world.sent, data, reading());
    assert_eq!(outcome.is_ok(), data == world.answer);
    if outcome.is_err() {
        assert_eq!((client.epoch(), client.clock().offset_ms(reading())), before);
    }
}

/// Whether the header in a frame can be read. What is read is written the same, in a frame and alone.
fn canonical(data: &[u8], read_and_write: impl Fn(&[u8]) -> Option<Vec<u8>>) -> bool {
    let check = |header: &[u8]| match read_and_write(header) {
        Some(again) => {
            assert_eq!(again, header, "one message, one encoding");
            true
        }
        None => false,
    };
    check(data);
    Frame::split(data).is_ok_and(|frame| check(frame.header))
}

fn signature_len(data: &[u8]) -> Option<usize> {
    Frame::split(data).ok().map(|frame| frame.signature.len())
}

fn split(frame: &[u8]) -> Frame<'_> {
    Frame::split(frame).unwrap()
}

fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

fn whole(bytes: &[u8]) -> Payload {
    Payload::whole(bytes.into())
}

fn reading() -> Reading {
    Reading { wall: NOW, monotonic: Duration::from_secs(1) }
}

fn answer(payload: &[u8]) -> Answer {
    Answer {
        timestamp: NOW,
        result: ResultCode::OK,
        epoch: Epoch::from_bytes(EPOCH),
        payload: whole(payload),
    }
}

fn request_header(session: SessionId) -> RequestHeader {
    RequestHeader {
        flags: Flags::NONE,
        session,
        timestamp: NOW,
        request_id: RequestId::from_bytes([0xbb; 16]),
        epoch: Epoch::from_bytes(EPOCH),
        payload_hash: NO_HASH,
        message_type: name("match.submit"),
    }
}

fn push_header(seq: u64, flags: Flags) -> PushHeader {
    PushHeader {
        flags,
        stream: StreamId::from_bytes([0xcc; 16]),
        timestamp: NOW,
        seq,
        server_key_id: ServerKeyId::from_bytes([0; 4]),
        epoch: Epoch::from_bytes(EPOCH),
        payload_hash: NO_HASH,
        event_type: name("score.changed"),
    }
}

fn record_header(key: &VerifyingKey) -> RecordHeader {
    RecordHeader {
        id: RecordId::from_bytes([0xdd; 16]),
        created: NOW,
        signer: *key.fingerprint(),
        previous: RecordHeader::FIRST,
        payload_hash: NO_HASH,
        record_type: name("match.result"),
    }
}

fn register_header() -> RegisterHeader {
    RegisterHeader {
        login: LoginId::from_bytes([0x11; 16]),
        timestamp: NOW,
        request_id: RequestId::from_bytes([0x22; 16]),
        alg: 1,
        public_key: [0; 32],
        address: "ana@example.org".into(),
        code_hash: code_hash("7K3M9QXA"),
        payload_hash: NO_HASH,
    }
}

fn keyset_content(server: &SigningKey, root: &SigningKey) -> KeysetContent {
    let online = |state| OnlineKey {
        key: server.verifying_key().clone(),
        state,
        not_before: NOW.minus(Duration::from_secs(3_600)),
        not_after: NOW.plus(Duration::from_secs(3_600)),
    };
    KeysetContent {
        version: 7,
        issued: NOW,
        expires: NOW.plus(Duration::from_secs(86_400)),
        min_protocol: 1,
        keys: vec![online(KeyState::Active), online(KeyState::Revoked)],
        roots: vec![root.verifying_key().clone()],
        pins: vec![[0x77; 32]],
    }
}

/// Five pushes under one signature.
fn push_batch(realm: &Realm, server: &SigningKey) -> Vec<Vec<u8>> {
    let fp = server.verifying_key().fingerprint();
    let pushes: Vec<_> = (1..=5)
        .map(|seq| UnsignedPush::new(realm, fp, push_header(seq, Flags::BATCH), b"{}".into()))
        .collect();
    let leaves: Vec<_> = pushes.iter().map(|push| batch::leaf(push.signing_input())).collect();
    let fields = batch::sign(realm, server, &leaves).unwrap();
    let headers = pushes.iter().map(|push| split(&push.seal(&[0; 64])).header.to_vec());
    headers.zip(fields).map(|(header, field)| Frame::join(&header, &field, b"{}")).collect()
}

/// A sequence of steps that fills, waits, steps back and repeats.
fn replay_ops(seed: u8) -> Vec<u8> {
    let step = |i: u8| {
        let x = i.wrapping_mul(37).wrapping_add(seed.wrapping_mul(101));
        [x >> 1, x & 3, x.wrapping_mul(7), x.wrapping_mul(11)]
    };
    (0..60).flat_map(step).collect()
}
