//! The drafts against the core, byte for byte, and what overriding does.

use super::keyset::KeysetArgs;
use super::*;
use countersign::record::UnsignedRecord;
use countersign::register::UnsignedRegister;
use countersign::*;

const APP: &str = "league";
const AUDIENCE: &str = "league.example.org";

fn materials() -> Materials {
    Materials {
        key: SigningKey::from_seed(&[1; 32]),
        app: APP.to_owned(),
        audience: AUDIENCE.to_owned(),
        state: None,
    }
}

fn realm() -> Realm {
    Realm::new(APP, AUDIENCE).unwrap()
}

fn signed(draft: &Draft) -> Vec<u8> {
    let materials = materials();
    draft.sign(&Context { app: APP, audience: AUDIENCE, key: &materials.key })
}

fn parse<C: Args>(args: &[&str]) -> C {
    let command = C::augment_args(clap::Command::new("test"));
    let all = std::iter::once("test").chain(args.iter().copied());
    C::from_arg_matches(&command.get_matches_from(all)).unwrap()
}

fn request(more: &[&str]) -> Request {
    let session = "aa".repeat(16);
    let id = "bb".repeat(16);
    let mut args = vec!["--type", "match.submit", "--data", "{\"match\":7}", "--session", &session];
    args.extend(["--request-id", &id, "--timestamp", "1767225600000"]);
    args.extend(more);
    parse(&args)
}

#[test]
fn requests_are_those_of_the_core_and_of_the_specification() {
    let header = RequestHeader {
        flags: Flags::NONE,
        session: SessionId::from_bytes([0xaa; 16]),
        timestamp: Timestamp::from_millis(1_767_225_600_000),
        request_id: RequestId::from_bytes([0xbb; 16]),
        epoch: Epoch::NONE,
        payload_hash: PayloadHash::from_bytes([0; 32]),
        message_type: Name::new("match.submit").unwrap(),
    };
    let key = materials().key;
    let frame =
        |payload| UnsignedRequest::new(&realm(), key.verifying_key(), header, payload).sign(&key);
    let content = b"{\"match\":7}".to_vec();
    let drafted = signed(&request(&[]).draft(&materials()).unwrap());
    assert_eq!(drafted, frame(Payload::whole(content.clone())));
    assert!(
        hex::encode(&drafted).contains("427902a837890c658e9f06583b782905"),
        "the published signature"
    );
    let drafted = signed(&request(&["--chunk-size", "4"]).draft(&materials()).unwrap());
    assert_eq!(drafted, frame(Payload::chunked(&content, 4).unwrap()));
}

#[test]
fn records_and_registrations_are_those_of_the_core() {
    let key = materials().key;
    let id = "11".repeat(16);
    let record: Record = parse(&["--type", "vote", "--data", "yes", "--id", &id, "--created", "5"]);
    let header = RecordHeader {
        id: RecordId::from_bytes([0x11; 16]),
        created: Timestamp::from_millis(5),
        signer: *key.verifying_key().fingerprint(),
        previous: RecordHeader::FIRST,
        payload_hash: PayloadHash::from_bytes([0; 32]),
        record_type: Name::new("vote").unwrap(),
    };
    let expected = UnsignedRecord::new(&realm(), header, b"yes".to_vec()).sign(&key);
    assert_eq!(signed(&record.draft(&materials()).unwrap()), expected);

    let args = ["--login-id", &id, "--address", "ana@example.org", "--code", "7k3m-9qxa"];
    let register: Register =
        parse(&[&args[..], &["--name", "n", "--timestamp", "5", "--request-id", &id]].concat());
    let header = RegisterHeader {
        login: LoginId::from_bytes([0x11; 16]),
        timestamp: Timestamp::from_millis(5),
        request_id: RequestId::from_bytes([0x11; 16]),
        alg: 1,
        public_key: [0; 32],
        address: "ana@example.org".to_owned(),
        code_hash: code_hash("7K3M9QXA"),
        payload_hash: PayloadHash::from_bytes([0; 32]),
    };
    let payload = serde_json::json!({
        "code": "7K3M9QXA", "name": "n", "platform": std::env::consts::OS
    });
    let payload = payload.to_string().into_bytes();
    let expected = UnsignedRegister::new(&realm(), key.verifying_key(), header, payload).sign(&key);
    assert_eq!(signed(&register.draft(&materials()).unwrap()), expected);
}

#[test]
fn key_sets_are_those_of_the_core() {
    let key = materials().key;
    let online = OnlineKey {
        key: key.verifying_key().clone(),
        state: KeyState::Retired,
        not_before: Timestamp::from_millis(1),
        not_after: Timestamp::from_millis(2),
    };
    let content = KeysetContent {
        version: 7,
        issued: Timestamp::from_millis(3),
        expires: Timestamp::from_millis(4),
        min_protocol: 1,
        keys: vec![online],
        roots: vec![key.verifying_key().clone()],
        pins: vec![[9; 32]],
    };
    let pk = hex::encode(key.verifying_key().as_bytes());
    let json = serde_json::json!({
        "version": 7, "issued_ms": 3, "expires_ms": 4,
        "keys": [{ "state": "retired", "not_before_ms": 1, "not_after_ms": 2, "pk": pk }],
        "roots": [{ "pk": pk }], "pins": ["09".repeat(32)],
    });
    let args: KeysetArgs = parse(&["--content", &json.to_string()]);
    assert_eq!(signed(&args.draft(&materials()).unwrap()), content.sign(&realm(), &key));
}

#[test]
fn every_field_can_be_made_wrong() {
    let right = signed(&request(&[]).draft(&materials()).unwrap());
    let names = "version=2 kind=3 flags=0x8000 session_id=00 timestamp_ms=0 request_id=hex:01 epoch=hex: \
                 payload_hash=00 message_type=UPPER payload=00 append=ff signature=00 header_len=3 sig_len=70 \
                 domain=record context_key=00";
    for assignment in names.split_whitespace() {
        let mut draft = request(&[]).draft(&materials()).unwrap();
        draft.set(assignment).unwrap();
        let wrong = signed(&draft);
        assert_ne!(wrong, right, "{assignment}");
        let received = verify::Received::decode(&realm(), &wrong);
        let session = verify::DeviceSession {
            id: SessionId::from_bytes([0xaa; 16]),
            key: materials().key.verifying_key().clone(),
            state: verify::SessionState::Live,
        };
        let accepted = received.is_ok_and(|received| {
            let resolved = received.resolve(&realm(), Some(&session));
            resolved.is_ok_and(|resolved| resolved.authenticate(&realm()).is_ok())
        });
        let harmless = ["timestamp_ms=0"];
        assert_eq!(accepted, harmless.contains(&assignment), "{assignment}");
    }
    let mut draft = request(&[]).draft(&materials()).unwrap();
    for (bad, expected) in [
        ("nothing", "not name=value"),
        ("seq=1", "there are version, kind"),
        ("kind=256", "does not fit"),
        ("epoch=x", "not hexadecimal"),
    ] {
        let error = draft.set(bad).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
