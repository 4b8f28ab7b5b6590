//! A factory, and the two chips of a pair.

use countersign::{
    KeyState, KeysetContent, OnlineKey, Realm, RecordHeader, RecordId, Signer, SigningKey,
    Timestamp, VerifyingKey,
};
use countersign_chip::identity::{device_key, record_key};
use countersign_chip::{AccessPoint, Content, DeviceRecord, Half, RecordKey, SoftwareHmac};
use countersign_league::evidence::{PairCertificate, Stamp, seal};
use countersign_league::{BatchId, DeviceId};
use std::net::Ipv4Addr;
use zeroize::Zeroizing;

pub(crate) const DEVICE: DeviceId = DeviceId::from_bytes([0xde; 16]);
pub(crate) const NONCE: [u8; 12] = [0x0c; 12];
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// A chip whose eFuse keys are these bytes.
pub(crate) fn chip(half: Half) -> SoftwareHmac {
    let (identity, record) = match half {
        Half::Master => ([0x11; 32], [0x22; 32]),
        Half::Slave => ([0x33; 32], [0x44; 32]),
    };
    SoftwareHmac::new(Zeroizing::new(identity), Zeroizing::new(record))
}

pub(crate) fn own(half: Half) -> VerifyingKey {
    let Ok(key) = device_key(&mut chip(half));
    key.verifying_key().clone()
}

pub(crate) fn key(half: Half) -> RecordKey {
    let Ok(key) = record_key(&mut chip(half));
    key
}

pub(crate) fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

pub(crate) fn factory() -> SigningKey {
    SigningKey::from_seed(&[0xfa; 32])
}

pub(crate) fn root(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

pub(crate) fn certificate() -> PairCertificate {
    PairCertificate {
        device: DEVICE,
        batch: BatchId::from_bytes([0xba; 16]),
        serial: "GL-0001".into(),
        mark: "teal 07".into(),
        master: own(Half::Master),
        slave: own(Half::Slave),
        max_players: 10,
    }
}

pub(crate) fn pair_by(key: &SigningKey, certificate: &PairCertificate) -> Vec<u8> {
    let id = RecordId::from_bytes([0x1d; 16]);
    let stamp = Stamp { id, created: NOW, previous: RecordHeader::FIRST };
    seal(&realm(), key, stamp, certificate).unwrap()
}

pub(crate) fn keyset_content() -> KeysetContent {
    let online = OnlineKey {
        key: SigningKey::from_seed(&[0x0e; 32]).verifying_key().clone(),
        state: KeyState::Active,
        not_before: NOW,
        not_after: Timestamp::from_millis(NOW.as_millis() + 90 * 86_400_000),
    };
    KeysetContent {
        version: 3,
        issued: NOW,
        expires: Timestamp::from_millis(NOW.as_millis() + 30 * 86_400_000),
        min_protocol: 1,
        keys: vec![online],
        roots: vec![root(1).verifying_key().clone()],
        pins: vec![],
    }
}

/// A record without fault.
pub(crate) fn content(half: Half) -> Content {
    let access_point = AccessPoint {
        name: "Goal teal 07 dede".into(),
        passphrase: Zeroizing::new("correct horse".into()),
        address: Ipv4Addr::new(192, 168, 4, 1),
        http: 80,
        https: 443,
        host: "dededededededede.glt.example.org".into(),
    };
    Content {
        half,
        realm: realm(),
        server: "https://league.example.org".into(),
        roots: vec![root(1).verifying_key().clone(), root(2).verifying_key().clone()],
        factory: factory().verifying_key().clone(),
        ruleset: "official".into(),
        pair: pair_by(&factory(), &certificate()),
        keyset: keyset_content().sign(&realm(), &root(1)),
        access_point: (half == Half::Master).then_some(access_point),
    }
}

pub(crate) fn checked(half: Half) -> DeviceRecord {
    content(half).check(&DEVICE, &own(half)).unwrap()
}

/// A sector of flash with this at its start.
pub(crate) fn sector(sealed: &[u8]) -> Vec<u8> {
    let mut sector = vec![0xff; 4096];
    sector[..sealed.len()].copy_from_slice(sealed);
    sector
}
