//! Certificates for devices: what a phone asks of the server, with a real authority behind it.

use crate::harness::peers::{Peer, free_port, local};
use crate::harness::{Device, Options, Server, connect, eventually, now};
use countersign::{RecordDigest, RecordHeader, RecordId, ResultCode, Signer, SigningKey};
use countersign_league::evidence::{Stamp, TlsChain, TlsRequest, open, seal};
use countersign_league::{BatchId, DeviceId};
use countersign_store::LeagueStore;
use countersign_store::league::NewPair;
use countersign_store_sqlite::SqliteStore;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, IsCa, KeyPair,
};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const DEVICE: DeviceId = DeviceId::from_bytes([0xd1; 16]);
const HOST: &str = "d1d1d1d1d1d1d1d1.glt.example.org";

fn master() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn options(folder: &Path, authority: u16, dns: u16) -> Options {
    Options::new()
        .set("league.tls.directory", format!("https://127.0.0.1:{authority}/dir"))
        .set("league.tls.contact", "mailto:tls@example.org")
        .set("league.tls.agree_to_terms", true)
        .set("league.device_domain", "glt.example.org")
        .set("league.tls.domain", "glt.example.org")
        .set("league.tls.nameserver", "ns.example.org")
        .set("league.tls.listen", local(dns))
        .set("league.tls.ca_file", folder.join("ca.pem").display())
}

/// A real authority that looks into this DNS.
fn pebble(folder: &Path, authority: u16, dns: u16) -> Peer {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &ca);
    std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), leaf.unwrap().pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    let (listen, management) = (local(authority), local(free_port()));
    let config = format!(
        r#"{{"pebble":{{"listenAddress":"{listen}","managementListenAddress":"{management}","certificate":"cert.pem",
        "privateKey":"key.pem","httpPort":5002,"tlsPort":5001,"certificateValidityPeriod":3888000}}}}"#
    );
    std::fs::write(folder.join("pebble.json"), config).unwrap();
    let mut command = Command::new("pebble");
    command.args(["-config", "pebble.json", "-strict", "-dnsserver", &local(dns).to_string()]);
    command.current_dir(folder).env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_WFE_NONCEREJECT", "0");
    let peer = Peer::spawn(&mut command);
    eventually("pebble, from `cargo xtask setup`", || connect(listen, None).ok());
    peer
}

/// Puts the pair into the store of a server that does not run.
fn register_pair(server: &Server) {
    let (master, slave) = (master(), SigningKey::from_seed(&[2; 32]));
    let pair = NewPair {
        device: DEVICE,
        batch: BatchId::from_bytes([0xb1; 16]),
        serial: "GL-00001".into(),
        mark: "teal 07".into(),
        master: *master.verifying_key().as_bytes(),
        master_key: *master.verifying_key().fingerprint(),
        slave: *slave.verifying_key().as_bytes(),
        slave_key: *slave.verifying_key().fingerprint(),
        max_players: 22,
        digest: RecordDigest::from_bytes([3; 32]),
        certificate: vec![1],
    };
    let store = SqliteStore::open(&server.data().join("countersign.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.register_pairs(vec![pair], now())).unwrap();
}

/// The frame by which a device asks.
fn request(
    server: &Server,
    by: &SigningKey,
    device: DeviceId,
    host: &str,
    key: &KeyPair,
) -> Vec<u8> {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    let csr = params.serialize_request(key).unwrap().der().to_vec();
    let id = RecordId::from_bytes([9; 16]);
    let stamp = Stamp { id, created: now(), previous: RecordHeader::FIRST };
    seal(&server.realm(), by, stamp, &TlsRequest { device, host: host.into(), csr }).unwrap()
}

#[test]
fn any_phone_brings_a_request_and_takes_the_chain_back() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, dns) = (free_port(), free_port());
    let _pebble = pebble(folder.path(), authority, dns);
    let mut server = Server::start(options(folder.path(), authority, dns));
    server.stop();
    register_pair(&server);
    server.restart();
    let mut phone = Device::register(&server, "ana@example.org");
    let wish = format!(r#"{{"device":"{DEVICE}"}}"#);
    assert_eq!(phone.call("league.tls_chain", wish.as_bytes()).result, ResultCode::NOT_FOUND);

    let key = KeyPair::generate().unwrap();
    let frame = request(&server, &master(), DEVICE, HOST, &key);
    let ordered = phone.call("league.tls_request", &frame);
    assert_eq!(ordered.result, ResultCode::OK, "{ordered:?}");
    assert_eq!(ordered.json()["state"], "ordered");
    assert_eq!(ordered.json()["not_after"], Value::Null);
    // Another phone may take it: the chain is for everybody to see.
    let mut other = Device::register(&server, "ben@example.org");
    let brought = eventually("a chain", || {
        let opened = other.call("league.tls_chain", wish.as_bytes());
        (opened.result == ResultCode::OK).then_some(opened.payload)
    });
    let keyset = server.keyset();
    let signed = open::<TlsChain>(&server.realm(), &keyset.content.keys[0].key, &brought).unwrap();
    assert_eq!(signed.value.device, DEVICE);
    assert!(signed.value.chain.starts_with("-----BEGIN CERTIFICATE-----"));
    let ready = phone.call("league.tls_request", &frame).json();
    assert_eq!(ready["state"], "ready");
    assert_eq!(ready["not_after"], signed.value.not_after.as_millis());
}

#[test]
fn who_is_not_the_device_gets_nothing_ordered() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, dns) = (free_port(), free_port());
    drop(pebble(folder.path(), authority, dns));
    let mut server = Server::start(options(folder.path(), authority, dns));
    server.stop();
    register_pair(&server);
    server.restart();
    let mut phone = Device::register(&server, "ana@example.org");
    let (key, master) = (KeyPair::generate().unwrap(), master());
    let honest = request(&server, &master, DEVICE, HOST, &key);
    let mut bent = honest.clone();
    *bent.last_mut().unwrap() ^= 1;
    let other = DeviceId::from_bytes([0xd2; 16]);
    let slave = SigningKey::from_seed(&[2; 32]);
    let wrong_name = "d2d2d2d2d2d2d2d2.glt.example.org";
    for (frame, expected) in [
        (b"nonsense".to_vec(), ResultCode::INVALID_PAYLOAD),
        (bent, ResultCode::INVALID_PAYLOAD),
        (request(&server, &slave, DEVICE, HOST, &key), ResultCode::NOT_FOUND),
        (
            request(&server, &SigningKey::from_seed(&[7; 32]), DEVICE, HOST, &key),
            ResultCode::NOT_FOUND,
        ),
        (request(&server, &master, other, HOST, &key), ResultCode::INVALID_PAYLOAD),
        (request(&server, &master, DEVICE, wrong_name, &key), ResultCode::INVALID_PAYLOAD),
    ] {
        let opened = phone.call("league.tls_request", &frame);
        assert_eq!(opened.result, expected, "{opened:?}");
    }
    assert!(!server.log().contains("certificate was issued"));
    // The authority is away: the state says so, and when it is tried again.
    assert_eq!(phone.call("league.tls_request", &honest).json()["state"], "ordered");
    let failed = eventually("the failure", || {
        let state = phone.call("league.tls_request", &honest).json();
        (state["state"] == "failed").then_some(state)
    });
    assert!(failed["detail"].as_str().unwrap().contains("not reached"), "{failed}");
    assert!(failed["retry"].as_u64().unwrap() > now().as_millis());
}
