//! Writes `chip.json`: identities, sealed records and a release that every implementation of docs/firmware.md must derive and read.
//!
//! ```text
//! cargo run -p countersign-chip --example chip_vectors -- vectors
//! ```

use countersign::evidence::{Artefact, Stamp, seal};
use countersign::{
    KeyState, KeysetContent, OnlineKey, Realm, RecordHeader, RecordId, Signer, SigningKey,
    Timestamp,
};
use countersign_boot::{Chip, SecureVersion};
use countersign_chip::identity::{device_key, record_key};
use countersign_chip::update::{BLOCK, CHUNK, ImageKind, Release};
use countersign_chip::{AccessPoint, Content, EfuseKey, Half, HmacUp, SoftwareHmac};
use countersign_league::evidence::PairCertificate;
use countersign_league::{BatchId, DeviceId};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::path::Path;
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Box<dyn Error>>;

const DEVICE: DeviceId = DeviceId::from_bytes([0xde; 16]);
const NONCE: [u8; 12] = [0x0c; 12];
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const STAMP: Stamp =
    Stamp { id: RecordId::from_bytes([0x1d; 16]), created: NOW, previous: RecordHeader::FIRST };

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("say where to write: `chip_vectors <folder>`")?;
    let cases = [
        identity(Half::Master)?,
        identity(Half::Slave)?,
        record(Half::Master)?,
        record(Half::Slave)?,
        release()?,
    ];
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("{{\n\"kind\": \"chip\",\n\"cases\": [\n{}\n]\n}}\n", lines.join(",\n"));
    std::fs::write(Path::new(&folder).join("chip.json"), text)?;
    Ok(())
}

/// The eFuse keys of identity and record.
fn efuses(half: Half) -> [[u8; 32]; 2] {
    let first = half as u8 * 64;
    [0, 32].map(|from| core::array::from_fn(|at| first + from + at as u8))
}

fn chip(half: Half) -> SoftwareHmac {
    let [identity, record] = efuses(half).map(Zeroizing::new);
    SoftwareHmac::new(identity, record)
}

fn own(half: Half) -> Outcome<SigningKey> {
    Ok(device_key(&mut chip(half))?)
}

fn identity(half: Half) -> Outcome<Value> {
    let [identity, record] = efuses(half);
    let mut chip = chip(half);
    Ok(json!({
        "name": format!("identity of the {half}"),
        "efuse_identity": hex::encode(identity),
        "efuse_record": hex::encode(record),
        "seed": hex::encode(*chip.derive(EfuseKey::Identity)?),
        "public_key": hex::encode(own(half)?.verifying_key().as_bytes()),
        "record_key": hex::encode(*chip.derive(EfuseKey::Record)?),
    }))
}

fn content(half: Half) -> Outcome<Content> {
    let realm = Realm::new("league", "league.example.org")?;
    let (factory, root) = (SigningKey::from_seed(&[0xfa; 32]), SigningKey::from_seed(&[1; 32]));
    let pair = PairCertificate {
        device: DEVICE,
        batch: BatchId::from_bytes([0xba; 16]),
        serial: "GL-0001".into(),
        mark: "teal 07".into(),
        master: own(Half::Master)?.verifying_key().clone(),
        slave: own(Half::Slave)?.verifying_key().clone(),
        max_players: 10,
    };
    let online = OnlineKey {
        key: SigningKey::from_seed(&[0x0e; 32]).verifying_key().clone(),
        state: KeyState::Active,
        not_before: NOW,
        not_after: Timestamp::from_millis(NOW.as_millis() + 90 * 86_400_000),
    };
    let keyset = KeysetContent {
        version: 3,
        issued: NOW,
        expires: Timestamp::from_millis(NOW.as_millis() + 30 * 86_400_000),
        min_protocol: 1,
        keys: vec![online],
        roots: vec![root.verifying_key().clone()],
        pins: vec![],
    };
    let access_point = AccessPoint {
        name: "Goal teal 07 dede".into(),
        passphrase: Zeroizing::new("correct horse".into()),
        address: [192, 168, 4, 1].into(),
        http: 80,
        https: 443,
        host: "dededededededede.glt.example.org".into(),
    };
    Ok(Content {
        half,
        server: "https://league.example.org".into(),
        roots: vec![root.verifying_key().clone()],
        factory: factory.verifying_key().clone(),
        ruleset: "official".into(),
        pair: seal(&realm, &factory, STAMP, &pair)?,
        keyset: keyset.sign(&realm, &root),
        access_point: (half == Half::Master).then_some(access_point),
        realm,
    })
}

fn record(half: Half) -> Outcome<Value> {
    let content = content(half)?;
    let record = content.clone().check(&DEVICE, own(half)?.verifying_key())?;
    let sealed = record.seal(&record_key(&mut chip(half))?, NONCE)?;
    let point = content.access_point.as_ref().map(|point| {
        json!({
            "name": point.name, "passphrase": *point.passphrase, "address": point.address.to_string(),
            "http": point.http, "https": point.https, "host": point.host,
        })
    });
    Ok(json!({
        "name": format!("record of the {half}"),
        "device": hex::encode(DEVICE.as_bytes()),
        "record_key": hex::encode(*chip(half).derive(EfuseKey::Record)?),
        "sealed": hex::encode(sealed),
        "half": half as u8,
        "app": content.realm.app(),
        "audience": content.realm.audience(),
        "server": content.server,
        "roots": content.roots.iter().map(|root| hex::encode(root.as_bytes())).collect::<Vec<_>>(),
        "factory": hex::encode(content.factory.as_bytes()),
        "ruleset": content.ruleset,
        "pair": hex::encode(&content.pair),
        "keyset": hex::encode(&content.keyset),
        "access_point": point,
    }))
}

fn release() -> Outcome<Value> {
    let realm = Realm::new("countersign", "firmware")?;
    let key = SigningKey::from_seed(&[0x4e; 32]);
    let image: Vec<u8> = (0..BLOCK + CHUNK).map(|at| (at >> 4 ^ at >> 12) as u8).collect();
    let release = Release {
        kind: ImageKind::Slave,
        chip: Chip::Esp32C3,
        version: 8,
        secure_version: SecureVersion::new(2).ok_or("2 is a secure version")?,
        length: image.len() as u32,
        hash: Sha256::digest(&image).into(),
        blocks: Release::blocks_of(&image),
    };
    Ok(json!({
        "name": "a release, its image the bytes ((i >> 4) ^ (i >> 12)) & 255",
        "app": realm.app(),
        "audience": realm.audience(),
        "public_key": hex::encode(key.verifying_key().as_bytes()),
        "frame": hex::encode(seal(&realm, &key, STAMP, &release)?),
        "content": hex::encode(release.encode()),
        "kind": release.kind as u8,
        "chip": release.chip.id(),
        "version": release.version,
        "secure_version": release.secure_version.get(),
        "length": release.length,
        "hash": hex::encode(release.hash),
    }))
}
