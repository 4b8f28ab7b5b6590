//! A station to test with, and what it makes.

use countersign::{
    KeyState, KeysetContent, OnlineKey, Realm, Signer, SigningKey, Timestamp, VerifyingKey,
};
use countersign_factory::{ChipKeys, Factory, Made, MakeError, Order, Settings, make, verify};
use countersign_league::evidence::{BatchManifest, PairCertificate, open};
use countersign_provision::{Half, OwnKey, Provision};
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const EXPIRES: u64 = 2_000_000;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn public(seed: u8) -> VerifyingKey {
    key(seed).verifying_key().clone()
}

/// A station whose server has the root key 1 and the online key 2.
pub(crate) struct Station {
    home: TempDir,
}

impl Station {
    pub(crate) fn new() -> Self {
        let station = Self { home: TempDir::new().unwrap() };
        let settings = Settings {
            station: "bench <1>".into(),
            realm: Self::realm(),
            server: "https://league.example.org".into(),
            roots: vec![public(1)],
        };
        Factory::init(&station.dir(), &settings, &keyset(1, 1)).unwrap();
        station
    }

    fn realm() -> Realm {
        Realm::new("league", "league.example.org").unwrap()
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("factory")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    pub(crate) fn factory(&self) -> Factory {
        Factory::open(&self.dir()).unwrap()
    }

    pub(crate) fn make(&self, order: &Order) -> Result<Made, MakeError> {
        make(&self.factory(), order, NOW, &mut |_, _| {})
    }

    /// What `factory verify` says.
    pub(crate) fn findings(&self) -> Vec<String> {
        let factory = self.factory();
        verify(&factory, &factory.batches().unwrap(), &mut |_, _| {}).findings
    }
}

/// A key set of the given version, signed by a root.
fn keyset(version: u64, root: u8) -> Vec<u8> {
    let content = KeysetContent {
        version,
        issued: Timestamp::from_millis(0),
        expires: Timestamp::from_millis(EXPIRES),
        min_protocol: 1,
        keys: vec![OnlineKey {
            key: public(2),
            state: KeyState::Active,
            not_before: Timestamp::from_millis(0),
            not_after: Timestamp::from_millis(EXPIRES),
        }],
        roots: vec![public(root)],
        pins: Vec::new(),
    };
    content.sign(&Station::realm(), &key(root))
}

pub(crate) fn order(count: usize) -> Order {
    Order { count: Some(count), max_players: 22, prefix: None, out: None, keys: None }
}

/// A file of keys with rows from `first` on; pair n has the keys 2n and 2n + 1.
pub(crate) fn chips(first: u8, rows: u8) -> ChipKeys {
    let hex = |seed| hex::encode(public(seed).as_bytes());
    let row = |n: u8| format!("CHIP-{n},{},{}\n", hex(2 * n), hex(2 * n + 1));
    ChipKeys::parse(&(first..first + rows).map(row).collect::<String>()).unwrap()
}

#[test]
fn a_batch_is_what_was_ordered() {
    let station = Station::new();
    let made = station.make(&Order { max_players: 10, ..order(15) }).unwrap();
    let (factory, batch) = (station.factory(), &made.batch);
    assert_eq!((made.earlier, batch.name().as_str(), batch.is_finished()), (0, "batch-0001", true));
    let manifest = batch.manifest(&factory.realm, &factory.config.key).unwrap().value;
    assert_eq!(manifest.pairs.len(), 15);
    assert_eq!((manifest.batch, manifest.station.as_str()), (batch.plan.batch, "bench <1>"));
    let (mut marks, mut secrets, mut passphrases) =
        (HashSet::new(), HashSet::new(), HashSet::new());
    for (index, serial) in batch.serials().enumerate() {
        assert_eq!(serial, format!("GL-{:05}", index + 1));
        let pair = batch.certificate(&serial, &factory.realm, &factory.config.key).unwrap();
        assert!(manifest.pairs.contains(&pair.digest));
        assert_eq!((pair.value.max_players, pair.created), (10, NOW));
        marks.insert(pair.value.mark.clone());
        for half in Half::BOTH {
            let folder = batch.folder.join(&serial).join(half.as_str());
            let read = Provision::read(&folder).unwrap();
            assert_eq!((read.config.role, &read.pair.value), (half, &pair.value));
            let OwnKey::File(secret) = read.key else { unreachable!("keys are in files") };
            secrets.insert(*secret.to_seed());
            passphrases.insert(read.config.wifi.passphrase.expose().to_owned());
            let host = format!("{}.glt.league.example.org", &pair.value.device.to_string()[..16]);
            assert_eq!(read.config.network.host, host);
        }
    }
    assert_eq!((marks.len(), secrets.len(), passphrases.len()), (15, 30, 15));
    assert_eq!(station.findings(), Vec::<String>::new());
}

#[test]
fn keys_of_chips_are_certified_and_no_secret_is_here() {
    let station = Station::new();
    let order = Order { count: None, keys: Some(chips(10, 3)), ..order(1) };
    let made = station.make(&order).unwrap();
    let factory = station.factory();
    for (index, serial) in made.batch.serials().enumerate() {
        let pair = made.batch.certificate(&serial, &factory.realm, &factory.config.key).unwrap();
        let n = 10 + index as u8;
        assert_eq!((serial, &pair.value.master), (format!("CHIP-{n}"), &public(2 * n)));
        for half in Half::BOTH {
            let folder = made.batch.folder.join(&pair.value.serial).join(half.as_str());
            assert!(matches!(Provision::read(&folder).unwrap().key, OwnKey::Chip));
            assert!(!folder.join(format!("{half}.key")).exists());
        }
    }
    assert_eq!(station.findings(), Vec::<String>::new());
}

#[test]
fn serials_keys_and_ids_are_never_used_twice() {
    let station = Station::new();
    let usb = station.home().join("usb");
    station.make(&order(2)).unwrap();
    let made = station.make(&Order { out: Some(usb.clone()), ..order(2) }).unwrap();
    assert_eq!(made.batch.folder.parent().unwrap(), usb.canonicalize().unwrap());
    let made = station.make(&order(2)).unwrap();
    assert_eq!((made.batch.serial(0), made.batch.name()), ("GL-00005".into(), "batch-0003".into()));
    let made = station.make(&Order { prefix: Some("GX".into()), ..order(1) }).unwrap();
    assert_eq!(made.batch.serial(0), "GX-00001");
    let keys = |keys| Order { count: None, keys: Some(keys), ..order(1) };
    station.make(&keys(chips(10, 2))).unwrap();
    let error = station.make(&keys(chips(11, 2))).unwrap_err();
    assert!(matches!(&error, MakeError::SerialTaken { serial, .. } if serial == "CHIP-11"));
    let renamed = chips(11, 1).to_text().replace("CHIP-11", "CHIP-99");
    let error = station.make(&keys(ChipKeys::parse(&renamed).unwrap())).unwrap_err();
    assert!(matches!(&error, MakeError::KeyTaken { serial, .. } if serial == "CHIP-99"), "{error}");
    assert!(station.factory().batches().unwrap().iter().all(|batch| batch.is_finished()));
    fs::rename(&usb, station.home().join("away")).unwrap();
    let said = station.make(&order(1)).unwrap_err().to_string();
    assert!(said.contains("mount it"), "{said}");
}

#[test]
fn orders_that_cannot_be_are_refused_before_anything_is_made() {
    let station = Station::new();
    for (order, sentence) in [
        (order(0), "1 to 1024 pairs"),
        (order(1025), "1 to 1024 pairs"),
        (Order { max_players: 5, ..order(1) }, "6 to 22 players"),
        (Order { max_players: 23, ..order(1) }, "6 to 22 players"),
        (Order { prefix: Some("../up".into()), ..order(1) }, "a serial prefix"),
        (Order { keys: Some(chips(10, 2)), ..order(3) }, "has 2 pairs, not 3"),
    ] {
        let said = station.make(&order).unwrap_err().to_string();
        assert!(said.contains(sentence), "{said}");
    }
    assert_eq!(station.factory().batches().unwrap(), vec![]);
    let late = Timestamp::from_millis(EXPIRES);
    let said = make(&station.factory(), &order(1), late, &mut |_, _| {}).unwrap_err().to_string();
    assert!(said.contains("the key set expired at 1970-01-01T00:33:20Z"), "{said}");
}

#[test]
fn a_station_is_made_once_and_takes_only_newer_keys_of_its_server() {
    let station = Station::new();
    let mut factory = station.factory();
    let settings = Settings {
        station: "other".into(),
        realm: factory.realm.clone(),
        server: "https://x.example.org".into(),
        roots: vec![public(1)],
    };
    let said = Factory::init(&station.dir(), &settings, &keyset(1, 1)).unwrap_err().to_string();
    assert!(said.contains("is a factory already"), "{said}");
    let elsewhere = station.home().join("other");
    assert!(Factory::init(&elsewhere, &settings, &keyset(1, 7)).is_err(), "another root's set");
    assert!(!elsewhere.exists());
    factory.refresh(&keyset(3, 1)).unwrap();
    assert!(factory.refresh(&keyset(2, 1)).is_err(), "an old set came back");
    assert!(factory.refresh(&keyset(4, 7)).is_err(), "another root's set");
    assert_eq!(station.factory().keyset.content.version, 3);
}

#[test]
fn a_full_batch_is_begun() {
    let station = Station::new();
    let hex = |n: u16| {
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&n.to_be_bytes());
        hex::encode(SigningKey::from_seed(&seed).verifying_key().as_bytes())
    };
    let row = |n: u16| format!("A-{n},{},{}\n", hex(2 * n), hex(2 * n + 1));
    let full = ChipKeys::parse(&(0..1024).map(row).collect::<String>()).unwrap();
    assert_eq!(full.pairs().len(), BatchManifest::MAX_PAIRS);
    let mut seen = 0;
    let stop = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let order = Order { count: None, keys: Some(full), ..order(1) };
        make(&station.factory(), &order, NOW, &mut |done, total| {
            seen = total;
            assert!(done < 3, "stopped on purpose");
        })
    }));
    assert!(stop.is_err() && seen == 1024);
    let batch = station.factory().batches().unwrap().remove(0);
    assert_eq!((batch.made().count(), batch.is_finished()), (3, false));
    let frame = batch.certificate_frame("A-0").unwrap();
    let factory = station.factory();
    open::<PairCertificate>(&factory.realm, &factory.config.key, &frame).unwrap();
}
