use countersign::{
    KeyState, KeysetContent, OnlineKey, Realm, RecordDigest, RecordId, Signer, SigningKey,
    Timestamp, VerifyingKey,
};
use countersign_league::evidence::{PairCertificate, Stamp, seal};
use countersign_league::{BatchId, DeviceId, Params};
use countersign_provision::*;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn public(seed: u8) -> VerifyingKey {
    key(seed).verifying_key().clone()
}

/// A pair with all that its folders hold: factory 1, root 2, online 3, master 4, slave 5.
struct Pair {
    home: TempDir,
    certificate: PairCertificate,
    frame: Vec<u8>,
    keyset: Vec<u8>,
}

impl Pair {
    fn new() -> Self {
        let realm = Realm::new("league", "league.example.org").unwrap();
        let certificate = PairCertificate {
            device: DeviceId::from_bytes([0xd1; 16]),
            batch: BatchId::from_bytes([0xb1; 16]),
            serial: "GL-00001".into(),
            mark: "teal 07".into(),
            master: public(4),
            slave: public(5),
            max_players: 22,
        };
        let (id, created) = (RecordId::from_bytes([9; 16]), Timestamp::from_millis(1_000));
        let stamp = Stamp { id, created, previous: RecordDigest::from_bytes([0; 32]) };
        let content = KeysetContent {
            version: 1,
            issued: Timestamp::from_millis(0),
            expires: Timestamp::from_millis(10_000),
            min_protocol: 1,
            keys: vec![OnlineKey {
                key: public(3),
                state: KeyState::Active,
                not_before: Timestamp::from_millis(0),
                not_after: Timestamp::from_millis(10_000),
            }],
            roots: vec![public(2)],
            pins: Vec::new(),
        };
        Self {
            home: TempDir::new().unwrap(),
            frame: seal(&realm, &key(1), stamp, &certificate).unwrap(),
            keyset: content.sign(&realm, &key(2)),
            certificate,
        }
    }

    fn config(&self, role: Half, secret: SecretPlace) -> DeviceConfig {
        let (own, partner) = match role {
            Half::Master => (public(4), public(5)),
            Half::Slave => (public(5), public(4)),
        };
        DeviceConfig {
            format: DeviceConfig::FORMAT,
            role,
            device: self.certificate.device,
            batch: self.certificate.batch,
            serial: self.certificate.serial.clone(),
            mark: self.certificate.mark.clone(),
            max_players: 22,
            ruleset: "short".into(),
            realm: RealmConfig { app: "league".into(), audience: "league.example.org".into() },
            server: ServerConfig {
                url: "https://league.example.org".into(),
                roots: vec![public(2)],
            },
            keys: KeysConfig { factory: public(1), own, partner, secret },
            wifi: WifiConfig {
                name: WifiName::new("Goal teal 07 d1d1").unwrap(),
                passphrase: Passphrase::new("k3vd-9mqa-w7he").unwrap(),
            },
            network: NetworkConfig {
                host: format!("{}.glt.example.org", host_label(&self.certificate.device)),
                address: [10, 77, 77, 1].into(),
                http: 80,
                https: 443,
                link: 4477,
            },
        }
    }

    fn write(&self, role: Half, secret: SecretPlace) -> PathBuf {
        let folder = self.home.path().join(role.as_str());
        let config = self.config(role, secret);
        let own = match role {
            Half::Master => key(4),
            Half::Slave => key(5),
        };
        let key = (secret == SecretPlace::File).then_some(&own);
        let parts = Parts { config: &config, key, pair: &self.frame, keyset: &self.keyset };
        Provision::write(&folder, parts).unwrap();
        folder
    }
}

#[test]
fn both_halves_read_what_was_written() {
    let pair = Pair::new();
    for (role, own) in [(Half::Master, 4), (Half::Slave, 5)] {
        let read = Provision::read(&pair.write(role, SecretPlace::File)).unwrap();
        assert_eq!(read.config, pair.config(role, SecretPlace::File));
        assert_eq!(read.pair.value, pair.certificate);
        assert_eq!((read.pair_frame, read.keyset_frame), (pair.frame.clone(), pair.keyset.clone()));
        assert_eq!(read.keyset.content.version, 1);
        assert_eq!(read.params, Params::SHORT);
        let OwnKey::File(secret) = read.key else { panic!("the key is in a file") };
        assert_eq!(*secret.verifying_key(), public(own));
    }
}

#[test]
fn a_key_in_a_chip_leaves_no_file() {
    let pair = Pair::new();
    let folder = pair.write(Half::Slave, SecretPlace::Chip);
    assert!(!folder.join(key_file_name(Half::Slave)).exists());
    assert!(matches!(Provision::read(&folder).unwrap().key, OwnKey::Chip));
}

#[test]
#[cfg(unix)]
fn secrets_are_their_owners_and_others_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let pair = Pair::new();
    let folder = pair.write(Half::Master, SecretPlace::File);
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("master.key"), mode(CONFIG_FILE), mode("")), (0o600, 0o600, 0o700));
    for name in ["master.key", CONFIG_FILE] {
        fs::set_permissions(folder.join(name), PermissionsExt::from_mode(0o640)).unwrap();
        let said = Provision::read(&folder).unwrap_err().to_string();
        assert!(said.contains("chmod 600") && said.contains(name), "{said}");
        fs::set_permissions(folder.join(name), PermissionsExt::from_mode(0o600)).unwrap();
    }
    Provision::read(&folder).unwrap();
}

#[test]
fn a_part_that_is_missing_is_named() {
    let pair = Pair::new();
    let folder = pair.write(Half::Master, SecretPlace::File);
    for name in [CONFIG_FILE, PAIR_FILE, KEYSET_FILE, "master.key"] {
        let content = fs::read(folder.join(name)).unwrap();
        fs::rename(folder.join(name), folder.join("away")).unwrap();
        let said = Provision::read(&folder).unwrap_err().to_string();
        assert!(said.contains(name) && said.contains("is missing"), "{said}");
        fs::rename(folder.join("away"), folder.join(name)).unwrap();
        assert_eq!(fs::read(folder.join(name)).unwrap(), content);
    }
}

#[test]
fn every_bit_of_the_signed_parts_counts() {
    let pair = Pair::new();
    let folder = pair.write(Half::Master, SecretPlace::File);
    for name in [PAIR_FILE, KEYSET_FILE] {
        let whole = fs::read(folder.join(name)).unwrap();
        for index in 0..whole.len() {
            let mut changed = whole.clone();
            changed[index] ^= 1;
            fs::write(folder.join(name), &changed).unwrap();
            assert!(Provision::read(&folder).is_err(), "byte {index} of {name}");
        }
        fs::write(folder.join(name), &whole).unwrap();
    }
    Provision::read(&folder).unwrap();
}

#[test]
fn settings_that_do_not_fit_are_refused_with_a_sentence() {
    let pair = Pair::new();
    let folder = pair.write(Half::Master, SecretPlace::File);
    let path = folder.join(CONFIG_FILE);
    let text = fs::read_to_string(&path).unwrap();
    let hex = |seed: u8| hex::encode(public(seed).as_bytes());
    for (from, to, sentence) in [
        ("format = 1", "format = 2", "this program reads format 1"),
        ("role = \"master\"", "role = \"slave\"", "keys.own is"),
        ("role = \"master\"", "role = \"referee\"", "unknown variant"),
        (
            "\"GL-00001\"",
            "\"GL-00002\"",
            "serial is GL-00002, but the pair certificate says GL-00001",
        ),
        ("\"teal 07\"", "\"teal 08\"", "mark is teal 08"),
        ("max_players = 22", "max_players = 12", "max_players is 12"),
        ("ruleset = \"short\"", "ruleset = \"long\"", "ruleset is \"official\" or \"short\""),
        (
            "audience = \"league.example.org\"",
            "audience = \"x.example.org\"",
            "no pair certificate",
        ),
        ("url = \"https:", "url = \"ftp:", "server.url begins with"),
        ("host = \"", "host = \"Not A Host", "network.host is a DNS name"),
        ("k3vd-9mqa-w7he", "k3vd", "8 to 63 printable"),
        ("passphrase = ", "passphrase ", "device.toml: line "),
        ("[network]", "[network]\nantenna = 2", "unknown field `antenna`"),
        (&hex(1), &hex(6), "no pair certificate of the factory key"),
        (&hex(2), &hex(6), "keyset.bin is not valid"),
        (&hex(4), &hex(6), "keys.own is"),
        (&hex(5), &hex(6), "keys.partner is"),
        (&hex(5), &hex(4), "are the same key"),
    ] {
        let changed = text.replacen(from, to, 2);
        assert_ne!(changed, text, "{from}");
        fs::write(&path, changed).unwrap();
        let said = Provision::read(&folder).unwrap_err().to_string();
        assert!(said.contains(sentence), "{from} to {to}: {said}");
        assert!(!said.contains("k3vd"), "{said}");
    }
}

#[test]
fn a_key_file_of_the_partner_is_refused() {
    let pair = Pair::new();
    let folder = pair.write(Half::Master, SecretPlace::File);
    let path = folder.join("master.key");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, format!("countersign-key-v1 ed25519 master\n{}\n", "04".repeat(32)));
    fs::write(&path, text.replace("master", "slave")).unwrap();
    let said = Provision::read(&folder).unwrap_err().to_string();
    assert!(said.contains("needs a key of the role master"), "{said}");
    fs::write(&path, text.replace("0404", "0505")).unwrap();
    let said = Provision::read(&folder).unwrap_err().to_string();
    assert!(said.contains("the public half is"), "{said}");
}
