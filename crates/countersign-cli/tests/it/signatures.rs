//! Signatures and keys that are not quite Ed25519, at the endpoint.
//!
//! The messages of Wycheproof's and speccheck's vectors are fixed, and none of them is a request: their signatures
//! cannot come out of a verifier that builds its own message. So the *defects* of those vectors are applied here to
//! the signatures of real requests (the vectors themselves run against the same function in the core's tests), and
//! those that take the private key to make, like an `R` of small order, are made with it.

use crate::harness::*;
use crate::scalars::{Number, ORDER, add, s_for_small_order_r, subtract};
use countersign::register::{self, RegisterHeader, code_hash};
use countersign::{
    Fingerprint, Frame, PayloadHash, RequestId, ResultCode, Signature, Signer, SigningKey,
};
use sha2::{Digest, Sha256};

/// The eight points of small order.
const SMALL_ORDER: [&str; 8] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

/// Other spellings of some of them.
const NOT_CANONICAL: [&str; 6] = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

/// One honest point plus one of order 2, 4 and 8.
const TORSIONED: [&str; 3] = [
    "d600527f9723f2166ca2c99c90c52e4a21921cbec4edc771bac4fa0d5b3e2c24",
    "e3b97bafaaff89d5daa423e9d78e9506371d40f044b78353daed01f30e3e687e",
    "d63c01223147541df4e170763e9e2788a8bf5971f52a93c5829dbe6f5ff6bba9",
];

fn points(hex: &[&str]) -> Vec<Number> {
    hex.iter().map(|point| hex::decode(point).unwrap().try_into().unwrap()).collect()
}

fn weak_keys() -> Vec<Number> {
    [&SMALL_ORDER[..], &NOT_CANONICAL[..], &TORSIONED[..]].into_iter().flat_map(points).collect()
}

#[test]
fn l5_weak_keys_open_no_login() {
    let server = Server::start(Options::new());
    let mut http = server.http();
    for key in weak_keys().iter().map(|key| &key[..]).chain([&[7; 31][..], &[7; 33], b""]) {
        let answer = Login::post_key(&mut http, "ana@example.org", key);
        assert_eq!(answer.problem().as_deref(), Some("invalid"), "{}", hex::encode(key));
    }
    let honest = SigningKey::from_seed(&random());
    let answer = Login::post(&mut http, "ana@example.org", honest.verifying_key());
    assert_eq!(answer.status, 200);
}

#[test]
fn l5_weak_keys_register_nothing_whatever_signs_for_them() {
    let server = Server::start(Options::new());
    let (mut http, key) = (server.http(), SigningKey::from_seed(&random()));
    let login = Login::open(&server, &mut http, "ana@example.org", &key);
    let code = login.code(&server, &mut http);
    for weak in weak_keys() {
        let payload = serde_json::json!({ "code": code }).to_string();
        let header = RegisterHeader {
            login: login.id,
            timestamp: now(),
            request_id: RequestId::from_bytes(random()),
            alg: 1,
            public_key: weak,
            address: login.address.clone(),
            code_hash: code_hash(&code),
            payload_hash: PayloadHash::from_bytes(Sha256::digest(&payload).into()),
        };
        let bytes = header.encode();
        let reply_to = register::reply_to(&server.realm(), &bytes, header.request_id);
        // R = A of small order and S = 0: a verifier that does not look accepts this for one message in eight at least.
        for signature in [[weak, [0; 32]].concat(), [points(&SMALL_ORDER)[0], [0; 32]].concat()] {
            let frame = Frame::join(&bytes, &signature, payload.as_bytes());
            let answer = http.post("/login/register", &frame);
            let opened = login.open_answer(&server, reply_to, &answer);
            assert_eq!(opened.result, ResultCode::UNAUTHENTICATED, "{}", hex::encode(weak));
        }
    }
    // None of that cost an attempt, and the honest key can still register.
    let opened = login.register(&server, &mut http, &key, &code);
    assert_eq!(opened.result, ResultCode::OK);
}

/// What may be wrong with a good signature.
fn defects(good: &Signature) -> Vec<(String, Vec<u8>)> {
    let (r, s): (Number, Number) = (good[..32].try_into().unwrap(), good[32..].try_into().unwrap());
    let with = |r: &[u8], s: &[u8]| [r, s].concat();
    let mut made = vec![
        ("zero".into(), vec![0; 64]),
        ("ones".into(), vec![0xff; 64]),
        ("S = 0".into(), with(&r, &[0; 32])),
        ("S = L".into(), with(&r, &ORDER)),
        ("-S".into(), with(&r, &subtract(&ORDER, &s))),
        ("S and R swapped".into(), with(&s, &r)),
        ("R = 0".into(), with(&[0; 32], &s)),
        ("-R".into(), with(&negated(&r), &s)),
        ("-R and -S".into(), with(&negated(&r), &subtract(&ORDER, &s))),
        ("backwards".into(), good.iter().rev().copied().collect()),
        ("S backwards".into(), with(&r, &s.iter().rev().copied().collect::<Vec<_>>())),
    ];
    let mut higher = s;
    for times in 1..16 {
        let Some(sum) = add(&higher, &ORDER) else { break };
        made.push((format!("S + {times} L"), with(&r, &sum)));
        higher = sum;
    }
    for bit in 253..256 {
        let mut high = s;
        high[bit / 8] |= 1 << (bit % 8);
        made.push((format!("bit {bit} of S"), with(&r, &high)));
    }
    for point in points(&SMALL_ORDER).into_iter().chain(points(&NOT_CANONICAL)) {
        made.push((format!("R = {}", hex::encode(point)), with(&point, &s)));
        made.push((format!("R = {}, S = 0", hex::encode(point)), with(&point, &[0; 32])));
    }
    made
}

fn negated(point: &Number) -> Number {
    let mut negated = *point;
    negated[31] ^= 0x80;
    negated
}

#[test]
fn v4a_defects_of_wycheproof_in_the_signatures_of_real_requests() {
    let server = Server::start(Options::new().set("limits.refused_burst", 10_000));
    let mut ana = Device::register(&server, "ana@example.org");
    let request = ana.request("session.list", b"{}");
    let frame = Frame::split(&request.frame).unwrap();
    let good: &Signature = frame.signature.try_into().unwrap();
    let defects = defects(good);
    assert!(defects.len() > 50);
    for (name, signature) in defects {
        let answer = ana.send(&Frame::join(frame.header, &signature, frame.payload));
        let opened = ana.open(request.reply_to, &answer);
        assert_eq!(opened.result, ResultCode::UNAUTHENTICATED, "{name}");
    }
    for length in [0, 1, 32, 63, 65, 67, 96, 128] {
        let signature: Vec<u8> = good.iter().cycle().copied().take(length).collect();
        let answer = ana.send(&Frame::join(frame.header, &signature, frame.payload));
        assert_eq!(answer.problem().as_deref(), Some("malformed"), "{length} bytes");
    }
    assert_eq!(server.business_calls("session.list"), 0);
    assert_eq!(ana.exchange(&request).result, ResultCode::OK, "the good one is still good");
}

#[test]
fn v4a_r_of_small_order_by_the_holder_of_the_key() {
    let server = Server::start(Options::new().set("limits.refused_burst", 10_000));
    let mut ana = Device::register(&server, "ana@example.org");
    let public = *ana.key.verifying_key().as_bytes();
    for r in points(&SMALL_ORDER).into_iter().chain(points(&NOT_CANONICAL)) {
        let unsigned = ana.draft("session.list", b"{}").unsigned();
        let s = s_for_small_order_r(&ana.key.to_seed(), &r, &public, unsigned.signing_input());
        let signature: Signature = [r, s].concat().try_into().unwrap();
        if r == points(&SMALL_ORDER)[0] {
            // With R the neutral element the equation holds: a verifier that is not strict executes this.
            let key = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
            let signature = ed25519_dalek::Signature::from_bytes(&signature);
            use ed25519_dalek::Verifier as _;
            assert!(key.verify(unsigned.signing_input(), &signature).is_ok());
        }
        let answer = ana.send(&unsigned.seal(&signature));
        let opened = ana.open(unsigned.reply_to(), &answer);
        assert_eq!(opened.result, ResultCode::UNAUTHENTICATED, "R = {}", hex::encode(r));
    }
    assert_eq!(server.business_calls("session.list"), 0);
}

#[test]
fn the_fingerprint_names_the_algorithm_too() {
    let key = SigningKey::from_seed(&random());
    let with = |alg: u8| {
        let hash = Sha256::new_with_prefix(b"countersign-key-v1").chain_update([alg]);
        Fingerprint::from_bytes(hash.chain_update(key.verifying_key().as_bytes()).finalize().into())
    };
    assert_eq!(with(1), *key.verifying_key().fingerprint());
    assert_ne!(with(2), *key.verifying_key().fingerprint());
}
