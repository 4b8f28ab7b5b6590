//! What holds for all messages, windows and sequences, and not only for the chosen ones.

use crate::corpus::targets::ReplayModel;
use crate::world::{device_key, root_key, server_key};
use countersign::payload::Chunks;
use countersign::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::Duration;

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::from_millis)
}

fn flags(allowed: &[Flags]) -> impl Strategy<Value = Flags> + use<> {
    let all = allowed.to_vec();
    vec(any::<bool>(), all.len()).prop_map(move |set| {
        let chosen = all.iter().zip(set).filter(|(_, set)| *set);
        chosen.fold(Flags::NONE, |flags, (flag, _)| flags.with(*flag))
    })
}

fn name() -> impl Strategy<Value = Name> {
    "[a-z0-9._/-]{1,64}".prop_map(|name| Name::new(&name).unwrap())
}

fn key() -> impl Strategy<Value = VerifyingKey> {
    (0..3usize).prop_map(|i| [device_key, server_key, root_key][i]().verifying_key().clone())
}

prop_compose! {
    fn request()(
        flags in flags(&[Flags::CHUNKED]), session: [u8; 16], timestamp in time(), id: [u8; 16],
        epoch: [u8; 8], hash: [u8; 32], message_type in name(),
    ) -> RequestHeader {
        RequestHeader {
            flags,
            session: SessionId::from_bytes(session),
            timestamp,
            request_id: RequestId::from_bytes(id),
            epoch: Epoch::from_bytes(epoch),
            payload_hash: PayloadHash::from_bytes(hash),
            message_type,
        }
    }
}

prop_compose! {
    fn response()(
        flags in flags(&[Flags::CHUNKED, Flags::BATCH]), id: [u8; 16], timestamp in time(),
        result: u16, key_id: [u8; 4], epoch: [u8; 8], hash: [u8; 32],
    ) -> ResponseHeader {
        ResponseHeader {
            flags,
            request_id: RequestId::from_bytes(id),
            timestamp,
            result: ResultCode::from_u16(result),
            server_key_id: ServerKeyId::from_bytes(key_id),
            epoch: Epoch::from_bytes(epoch),
            payload_hash: PayloadHash::from_bytes(hash),
        }
    }
}

prop_compose! {
    fn push()(
        flags in flags(&[Flags::BATCH]), stream: [u8; 16], timestamp in time(), seq: u64,
        key_id: [u8; 4], epoch: [u8; 8], hash: [u8; 32], event_type in name(),
    ) -> PushHeader {
        PushHeader {
            flags,
            stream: StreamId::from_bytes(stream),
            timestamp,
            seq,
            server_key_id: ServerKeyId::from_bytes(key_id),
            epoch: Epoch::from_bytes(epoch),
            payload_hash: PayloadHash::from_bytes(hash),
            event_type,
        }
    }
}

prop_compose! {
    fn record()(
        id: [u8; 16], created in time(), signer: [u8; 32], previous: [u8; 32], hash: [u8; 32],
        record_type in name(),
    ) -> RecordHeader {
        RecordHeader {
            id: RecordId::from_bytes(id),
            created,
            signer: Fingerprint::from_bytes(signer),
            previous: RecordDigest::from_bytes(previous),
            payload_hash: PayloadHash::from_bytes(hash),
            record_type,
        }
    }
}

prop_compose! {
    fn register()(
        login: [u8; 16], timestamp in time(), id: [u8; 16], alg: u8, public_key: [u8; 32],
        address in ".{1,60}", code_hash: [u8; 32], hash: [u8; 32],
    ) -> RegisterHeader {
        RegisterHeader {
            login: LoginId::from_bytes(login),
            timestamp,
            request_id: RequestId::from_bytes(id),
            alg,
            public_key,
            address,
            code_hash,
            payload_hash: PayloadHash::from_bytes(hash),
        }
    }
}

fn state() -> impl Strategy<Value = KeyState> {
    prop_oneof![
        Just(KeyState::Prepared),
        Just(KeyState::Active),
        Just(KeyState::Retired),
        Just(KeyState::Tainted),
        Just(KeyState::Revoked),
    ]
}

prop_compose! {
    fn online_key()(key in key(), state in state(), not_before in time(), not_after in time()) -> OnlineKey {
        OnlineKey { key, state, not_before, not_after }
    }
}

prop_compose! {
    fn keyset()(
        version: u64, issued in time(), expires in time(), min_protocol: u8,
        keys in vec(online_key(), 1..=16), roots in vec(key(), 1..=4), pins in vec(any::<[u8; 32]>(), 0..=16),
    ) -> KeysetContent {
        KeysetContent { version, issued, expires, min_protocol, keys, roots, pins }
    }
}

prop_compose! {
    /// Names that try to slide into each other.
    fn realm()(app in "a(-request-v1|-push-v1)?", audience in "[!-~]{1,3}|a-request-v1|league\\.example\\.org") -> Realm {
        Realm::new(&app, &audience).unwrap()
    }
}

fn window() -> impl Strategy<Value = FreshnessWindow> {
    (0..120_000u64, 0..120_000u64).prop_map(|(age, ahead)| {
        FreshnessWindow::new(Duration::from_millis(age), Duration::from_millis(ahead))
    })
}

/// Anything that a key signs, with everything that its signature has to tell apart.
#[derive(Debug, Clone, PartialEq)]
enum Signed {
    Request(RequestHeader),
    Response(RequestDigest, ResponseHeader),
    Push(PushHeader),
    Record(RecordHeader),
    Keyset(KeysetContent),
    Register(RegisterHeader),
}

fn signed() -> impl Strategy<Value = Signed> {
    let digest = any::<[u8; 32]>().prop_map(RequestDigest::from_bytes);
    prop_oneof![
        request().prop_map(Signed::Request),
        (digest, response()).prop_map(|(digest, header)| Signed::Response(digest, header)),
        push().prop_map(Signed::Push),
        record().prop_map(Signed::Record),
        keyset().prop_map(Signed::Keyset),
        register().prop_map(Signed::Register),
    ]
}

impl Signed {
    fn input(&self, realm: &Realm, key: &VerifyingKey) -> Vec<u8> {
        let fp = key.fingerprint();
        let request_id = RequestId::from_bytes([0; 16]);
        match self {
            Self::Request(header) => request::signing_input(realm, key, &header.encode()),
            Self::Response(digest, header) => {
                let reply_to = ReplyTo { request_id, digest: *digest };
                response::signing_input(realm, fp, &reply_to, &header.encode())
            }
            Self::Push(header) => push::signing_input(realm, fp, &header.encode()),
            Self::Record(header) => record::signing_input(realm, fp, &header.encode()),
            Self::Keyset(content) => content.signing_input(realm, fp),
            Self::Register(header) => register::signing_input(realm, fp, &header.encode()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn every_header_comes_back(
        request in request(), response in response(), push in push(), record in record(), register in register(),
    ) {
        prop_assert_eq!(RequestHeader::decode(&request.encode()), Ok(request));
        prop_assert_eq!(ResponseHeader::decode(&response.encode()), Ok(response));
        prop_assert_eq!(PushHeader::decode(&push.encode()), Ok(push));
        prop_assert_eq!(RecordHeader::decode(&record.encode()), Ok(record));
        prop_assert_eq!(RegisterHeader::decode(&register.encode()), Ok(register));
    }

    #[test]
    fn every_frame_comes_back(header: Vec<u8>, signature: Vec<u8>, payload: Vec<u8>) {
        let bytes = Frame::join(&header, &signature, &payload);
        let frame = Frame { header: &header, signature: &signature, payload: &payload };
        prop_assert_eq!(Frame::split(&bytes), Ok(frame));
    }

    #[test]
    fn signing_inputs_are_equal_only_for_equal_messages(
        (one, two) in (signed(), signed()), (here, there) in (realm(), realm()), (my, your) in (key(), key()),
    ) {
        let mine = one.input(&here, &my);
        prop_assert_eq!(one.input(&here, &my), mine.clone());
        for (message, realm, key) in [(&two, &here, &my), (&one, &there, &my), (&one, &here, &your)] {
            let same = *message == one && *realm == here && *key == my;
            prop_assert_eq!(message.input(realm, key) == mine, same);
        }
    }

    #[test]
    fn one_bit_of_a_header_is_another_signing_input(request in request(), at: prop::sample::Index, bit in 0..8u8) {
        let (realm, key) = (Realm::new("a", "b").unwrap(), device_key());
        let header = request.encode();
        let mut flipped = header.clone();
        flipped[at.index(header.len())] ^= 1 << bit;
        let input = |header: &[u8]| request::signing_input(&realm, key.verifying_key(), header);
        prop_assert_ne!(input(&header), input(&flipped));
    }

    #[test]
    fn v5a_v5b_the_window_and_the_memory_come_from_the_same_numbers(
        age in 0..120_000u64, ahead in 0..120_000u64, timestamp in 200_000..u64::MAX - 400_000, off in -200_000..200_000i64,
    ) {
        let window = FreshnessWindow::new(Duration::from_millis(age), Duration::from_millis(ahead));
        let now = Timestamp::from_millis(timestamp.saturating_add_signed(off));
        let expected = match off {
            late if late > age as i64 => Freshness::TooOld,
            early if -early > ahead as i64 => Freshness::TooFarAhead,
            _ => Freshness::Fresh,
        };
        let timestamp = Timestamp::from_millis(timestamp);
        prop_assert_eq!(window.judge(timestamp, now), expected);
        prop_assert_eq!(window.forget_at(timestamp).as_millis(), timestamp.as_millis() + age + 5_000);
    }

    #[test]
    fn v6a_remembered_at_every_moment_at_which_it_is_fresh(
        window in window(), ahead in 0.0..=1.0f64, later in vec(0.0..=1.0f64, 1..8),
    ) {
        let now = Timestamp::from_millis(1_767_225_600_000);
        let mut seen = SeenSet::new([7; 16], window, ReplayLimits::default());
        // Anywhere in the window, edges included.
        let earliest = window.forget_at(now).since(now) - FreshnessWindow::MEMORY_MARGIN;
        let width = window.longest_memory() - FreshnessWindow::MEMORY_MARGIN;
        let timestamp = now.minus(earliest).plus(width.mul_f64(ahead));
        let key = |id: u8, timestamp| ReplayKey {
            session: SessionId::from_bytes([1; 16]), request_id: RequestId::from_bytes([id; 16]), timestamp,
        };
        prop_assume!(window.judge(timestamp, now) == Freshness::Fresh);
        prop_assert!(seen.first_use(key(0, timestamp), now).is_ok());
        let mut moments = later;
        moments.sort_by(f64::total_cmp);
        moments.push(1.0);
        let until = window.forget_at(timestamp).minus(FreshnessWindow::MEMORY_MARGIN);
        for (i, moment) in moments.into_iter().enumerate() {
            let at = now.plus(until.since(now).mul_f64(moment));
            prop_assert_eq!(window.judge(timestamp, at), Freshness::Fresh);
            prop_assert_eq!(seen.first_use(key(0, timestamp), at).unwrap_err(), ReplayError::Seen);
            // Others go on, and move the generations.
            prop_assert!(seen.first_use(key(i as u8 + 1, at), at).is_ok());
        }
    }

    #[test]
    fn v6a_v6b_v6c_the_set_agrees_with_a_map_that_forgets_nothing(
        window in window(), steps in vec((0..10u8, 0..4u8, 0..32u8, 0.0..=1.0f64), 1..200),
    ) {
        let mut model = ReplayModel::new(window);
        let memory = window.longest_memory().as_millis() as f64;
        for (op, session, id, amount) in steps {
            match op {
                0 => model.move_clock((amount * memory) as u64),
                1 => model.move_clock((amount * 1_000.0) as u64),
                2 => model.step_back((amount * memory) as u64),
                3 | 4 => model.repeat(usize::from(id)),
                _ => model.use_id(session, id, ((amount - 0.6) * memory) as i64),
            }
        }
    }

    #[test]
    fn v4b_chunks_are_released_in_order_each_after_its_check(
        content in vec(any::<u8>(), 1..600), size in 1..700u32, damage: prop::sample::Index, bit in 0..8u8, cut: bool,
    ) {
        let payload = Payload::chunked(&content, size).unwrap();
        let (hash, mut bytes) = (payload.hash(), payload.into_bytes());
        prop_assert_eq!(read_chunks(&hash, &bytes, size), (content.clone(), true));
        let at = damage.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        let (released, complete) = read_chunks(&hash, &bytes, size);
        prop_assert!(!complete);
        prop_assert!(content.starts_with(&released));
        prop_assert!(payload::open(Flags::CHUNKED, &hash, &bytes).is_err());
    }
}

proptest! {
    // Each case decompresses up to twenty keys.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn every_key_set_comes_back(content in keyset(), realm in realm()) {
        let (again, audience) = keyset::decode(&content.encode(&realm)).unwrap();
        prop_assert_eq!((again, audience.as_str()), (content, realm.audience()));
    }
}

/// Everything that the reader releases, and whether it came to an orderly end.
fn read_chunks(hash: &PayloadHash, bytes: &[u8], size: u32) -> (Vec<u8>, bool) {
    let mut released = Vec::new();
    let Ok(mut chunks) = Chunks::begin(hash, bytes) else { return (released, false) };
    loop {
        match chunks.next_chunk() {
            Ok(Some(chunk)) => {
                assert!((1..=size as usize).contains(&chunk.len()));
                released.extend_from_slice(chunk);
            }
            Ok(None) => return (released, true),
            Err(_) => return (released, false),
        }
    }
}
