//! What a device takes as the chain for its TLS key, and what it does not.

use crate::pair::world::Key;
use crate::pitch::setup;
use crate::world::{self, after_start, frame, key, realm};
use countersign::keyset::{KeyState, KeysetContent, OnlineKey};
use countersign::{Keyset, Signer, Timestamp};
use countersign_league::device::{Device, InboxError, Life, Output, Parts, Taken};
use countersign_league::evidence::{EvidenceError, TlsChain, TlsRequest, open};
use countersign_league::goal::Calibration;
use countersign_league::{Artefact, DeviceId, Params};

const DAY: u64 = 24 * 3_600_000;
const OURS: [u8; 32] = [0x15; 32];

type Master = Device<Key, fn() -> [u8; 32]>;

fn keyset() -> Keyset {
    let root = key(210);
    let online = OnlineKey {
        key: world::server().verifying_key().clone(),
        state: KeyState::Active,
        not_before: Timestamp::ZERO,
        not_after: after_start(1000 * DAY),
    };
    let content = KeysetContent {
        version: 1,
        issued: Timestamp::ZERO,
        expires: after_start(1000 * DAY),
        min_protocol: 1,
        keys: vec![online],
        roots: vec![root.verifying_key().clone()],
        pins: Vec::new(),
    };
    let frame = content.sign(&realm(), &root);
    Keyset::open(&realm(), &content.roots, 0, &frame).unwrap()
}

fn device(tls_key: Option<[u8; 32]>, chain: Option<Vec<u8>>) -> Master {
    let keyset = keyset();
    let parts = Parts {
        setup: setup(Params::OFFICIAL),
        signer: Key::of(201),
        entropy: (|| [0x77; 32]) as fn() -> [u8; 32],
        roots: keyset.content.roots.clone(),
        keyset,
        certificate: None,
        tls_key,
        chain,
        journal: &[],
        link: None,
        boot: 1,
        calibration: Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 },
    };
    Device::start(parts, 0).unwrap().0
}

fn chain(days: u64) -> TlsChain {
    TlsChain {
        device: world::device().device,
        not_before: after_start(0),
        not_after: after_start(days * DAY),
        spki: OURS,
        chain: "-----BEGIN CERTIFICATE-----".into(),
    }
}

fn by_server(chain: &TlsChain) -> Vec<u8> {
    frame(&world::server(), after_start(DAY), chain)
}

/// Chains that the device wants persisted.
fn persisted(device: &mut Master) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some(output) = device.poll_output() {
        if let Output::PersistTls(frame) = output {
            frames.push(frame);
        }
    }
    frames
}

#[test]
fn a_chain_for_its_key_is_kept_and_a_longer_one_replaces_it() {
    let mut device = device(Some(OURS), None);
    assert_eq!(device.tls_life(), None);
    for days in [45, 90] {
        let brought = by_server(&chain(days));
        assert_eq!(device.inbox(&brought, 5), Ok(Taken::Tls));
        assert_eq!(persisted(&mut device), [brought]);
        let life = Life { not_before: after_start(0), not_after: after_start(days * DAY) };
        assert_eq!(device.tls_life(), Some(life));
    }
}

#[test]
fn an_older_chain_changes_nothing() {
    let newest = by_server(&chain(90));
    let mut device = device(Some(OURS), Some(newest));
    assert_eq!(device.tls_life().unwrap().not_after, after_start(90 * DAY));
    for days in [45, 90] {
        assert_eq!(device.inbox(&by_server(&chain(days)), 5), Ok(Taken::Tls));
        assert_eq!(persisted(&mut device), Vec::<Vec<u8>>::new());
    }
    assert_eq!(device.tls_life().unwrap().not_after, after_start(90 * DAY));
}

#[test]
fn a_chain_of_another_device_is_refused() {
    let foreign = TlsChain { device: DeviceId::from_bytes([2; 16]), ..chain(45) };
    let mut device = device(Some(OURS), None);
    assert_eq!(device.inbox(&by_server(&foreign), 5), Err(InboxError::OtherDevice));
    assert_eq!((persisted(&mut device).len(), device.tls_life()), (0, None));
}

#[test]
fn a_chain_for_another_key_is_refused() {
    for tls_key in [None, Some([0x16; 32])] {
        let mut device = device(tls_key, None);
        assert_eq!(device.inbox(&by_server(&chain(45)), 5), Err(InboxError::OtherTlsKey));
        assert_eq!((persisted(&mut device).len(), device.tls_life()), (0, None));
    }
}

#[test]
fn a_chain_that_the_server_did_not_sign_is_refused() {
    let mut device = device(Some(OURS), None);
    for stranger in [world::master(), key(99)] {
        let forged = frame(&stranger, after_start(DAY), &chain(45));
        assert!(matches!(device.inbox(&forged, 5), Err(InboxError::Evidence(_))));
    }
    let mut changed = by_server(&chain(45));
    *changed.last_mut().unwrap() ^= 1;
    assert!(matches!(device.inbox(&changed, 5), Err(InboxError::Evidence(_))));
    assert_eq!((persisted(&mut device).len(), device.tls_life()), (0, None));
}

#[test]
fn a_chain_for_an_earlier_key_counts_as_none_after_a_restart() {
    let mut device = device(Some([0x16; 32]), Some(by_server(&chain(90))));
    assert_eq!(device.tls_life(), None);
    let for_new_key = TlsChain { spki: [0x16; 32], ..chain(45) };
    assert_eq!(device.inbox(&by_server(&for_new_key), 5), Ok(Taken::Tls));
    assert_eq!(persisted(&mut device).len(), 1);
}

#[test]
fn the_largest_chain_fits_and_anything_longer_is_not_looked_at() {
    let mut device = device(Some(OURS), None);
    let largest = TlsChain { chain: "c".repeat(TlsChain::CHAIN_MAX), ..chain(45) };
    let mut brought = by_server(&largest);
    assert_eq!(device.inbox(&brought, 5), Ok(Taken::Tls));
    brought.resize(TlsChain::MAX_FRAME + 1, 0);
    let too_long = EvidenceError::TooLong(TlsChain::MAX_FRAME);
    assert_eq!(device.inbox(&brought, 5), Err(InboxError::Evidence(too_long)));
}

#[test]
fn the_master_signs_what_it_asks_for() {
    let mut device = device(Some(OURS), None);
    let asked = device.tls_request("d1.example.org", &[0x30, 0x01, 0x00], 5).unwrap();
    let request =
        open::<TlsRequest>(&realm(), world::master().verifying_key(), &asked).unwrap().value;
    assert_eq!(request.device, world::device().device);
    assert_eq!((&request.host[..], &request.csr[..]), ("d1.example.org", &[0x30, 0x01, 0x00][..]));
    assert_eq!(device.tls_request("", &[1], 5), None);
    assert_eq!(device.tls_request("a", &[], 5), None);
    assert_eq!(device.tls_request("a", &[1; TlsRequest::CSR_MAX + 1], 5), None);
    let largest = device.tls_request(&"a".repeat(253), &[1; TlsRequest::CSR_MAX], 5).unwrap();
    assert!(largest.len() <= TlsRequest::MAX_FRAME);
}
