//! What the factory would have written: root 2, online key 3, master 4, slave 5, factory 1.

use countersign::{
    KeyState, KeysetContent, OnlineKey, Realm, RecordDigest, RecordId, Signer, SigningKey,
    Timestamp, VerifyingKey,
};
use countersign_league::evidence::{PairCertificate, Stamp, seal};
use countersign_league::{Artefact, BatchId, DeviceId};
use countersign_provision::*;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// When the server signs its tickets.
pub(crate) const EVENING: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const YEAR: u64 = 365 * 24 * 3_600_000;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn public(seed: u8) -> VerifyingKey {
    key(seed).verifying_key().clone()
}

pub(crate) fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

pub(crate) fn server() -> SigningKey {
    key(3)
}

pub(crate) fn master() -> SigningKey {
    key(4)
}

pub(crate) fn slave() -> SigningKey {
    key(5)
}

/// A frame of this content by this key, made in the evening.
pub(crate) fn sign<T: Artefact>(by: &SigningKey, previous: [u8; 32], value: &T) -> Vec<u8> {
    let (id, previous) = (RecordId::from_bytes([9; 16]), RecordDigest::from_bytes(previous));
    seal(&realm(), by, Stamp { id, created: EVENING, previous }, value).unwrap()
}

pub(crate) fn pair() -> PairCertificate {
    PairCertificate {
        device: DeviceId::from_bytes([0xd1; 16]),
        batch: BatchId::from_bytes([0xb1; 16]),
        serial: "GL-00001".into(),
        mark: "teal 07".into(),
        master: public(4),
        slave: public(5),
        max_players: 22,
    }
}

/// The key set of this version, signed by the root.
pub(crate) fn keyset(version: u64) -> Vec<u8> {
    let around = |years: u64| Timestamp::from_millis(EVENING.as_millis() - YEAR + years * YEAR);
    let content = KeysetContent {
        version,
        issued: around(0),
        expires: around(2),
        min_protocol: 1,
        keys: vec![OnlineKey {
            key: public(3),
            state: KeyState::Active,
            not_before: around(0),
            not_after: around(2),
        }],
        roots: vec![public(2)],
        pins: Vec::new(),
    };
    content.sign(&realm(), &key(2))
}

/// A pair's folder with `master` and `slave` in it.
pub(crate) struct Folders {
    home: TempDir,
}

impl Folders {
    pub(crate) fn new() -> Self {
        let folders = Self { home: TempDir::new().unwrap() };
        let frame = sign(&key(1), [0; 32], &pair());
        let keyset = keyset(1);
        for role in Half::BOTH {
            let secret = match role {
                Half::Master => master(),
                Half::Slave => slave(),
            };
            let (config, key) = (config(role), Some(&secret));
            let parts = Parts { config: &config, key, pair: &frame, keyset: &keyset };
            Provision::write(&folders.of(role), parts).unwrap();
        }
        folders
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn of(&self, role: Half) -> PathBuf {
        self.home.path().join(role.as_str())
    }
}

fn config(role: Half) -> DeviceConfig {
    let PairCertificate { device, batch, serial, mark, master, slave, max_players } = pair();
    let (own, partner) = match role {
        Half::Master => (master, slave),
        Half::Slave => (slave, master),
    };
    DeviceConfig {
        format: DeviceConfig::FORMAT,
        role,
        device,
        batch,
        serial,
        mark,
        max_players,
        ruleset: "short".into(),
        realm: RealmConfig { app: "league".into(), audience: "league.example.org".into() },
        server: ServerConfig { url: "https://league.example.org".into(), roots: vec![public(2)] },
        keys: KeysConfig { factory: public(1), own, partner, secret: SecretPlace::File },
        wifi: WifiConfig {
            name: WifiName::new("Goal teal 07 d1d1").unwrap(),
            passphrase: Passphrase::new("k3vd-9mqa-w7he").unwrap(),
        },
        network: NetworkConfig {
            host: "d1d1d1d1d1d1d1d1.glt.league.example.org".into(),
            address: [10, 77, 77, 1].into(),
            http: 80,
            https: 443,
            link: 4477,
        },
    }
}
