//! HTTPS as a browser sees it, and the name that a device answers to on its own Wi-Fi.

use crate::folders::{self, EVENING, Folders, realm, server, sign};
use crate::phone::{HttpAnswer, exchange, get, post};
use crate::program::{PATIENCE, Program};
use countersign::{Signer, Timestamp};
use countersign_league::evidence::{TlsChain, TlsRequest, open};
use countersign_provision::Half;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;

const HOST: &str = "d1d1d1d1d1d1d1d1.glt.league.example.org";
const DAY: u64 = 24 * 3_600_000;

fn start(folders: &Folders, more: &[&str]) -> Program {
    let args = ["--listen", "127.0.0.1:0", "--link", "udp:127.0.0.1:0"];
    Program::start(folders, Half::Master, &[&args, more].concat())
}

/// Where this door is.
fn door(master: &Program, name: &str) -> SocketAddr {
    let shown = master.until("listening", |shown| shown[name].is_string());
    shown[name].as_str().unwrap().parse().unwrap()
}

/// The device's page, over TLS, for somebody who trusts `root` and believes this name.
fn page(to: SocketAddr, root: &[u8], name: &'static str) -> HttpAnswer {
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_slice(root).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let name = ServerName::try_from(name).unwrap();
    let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = rustls::StreamOwned::new(session, TcpStream::connect(to).unwrap());
    exchange(stream, "GET", "/", &[])
}

fn tls(to: SocketAddr) -> Value {
    serde_json::from_slice(&get(to, "/league/tls").ok()).unwrap()
}

#[test]
fn phones_come_in_over_tls_with_the_devices_own_certificate() {
    let folders = Folders::new();
    let master = start(&folders, &["--http", "none"]);
    let to = door(&master, "https");
    let tls = folders.of(Half::Master).join("tls");
    let own = fs::read(tls.join("cert.pem")).unwrap();
    assert!(tls.join("request.csr").exists());
    for name in [HOST, "10.77.77.1", "localhost"] {
        let page = page(to, &own, name);
        assert_eq!(page.status, 200);
        assert!(page.text().contains("Press the button"), "{}", page.text());
    }
}

/// An authority, and what the server signs about its certificates for the key of a device.
struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    device: KeyPair,
}

impl Authority {
    fn new(folders: &Folders) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = folders.of(Half::Master).join("tls/key.pem");
        let device = KeyPair::from_pem(&fs::read_to_string(key).unwrap()).unwrap();
        Self { root, device }
    }

    /// A chain that ends so many days after the evening.
    fn chain(&self, days: u64) -> TlsChain {
        let params = CertificateParams::new([HOST.to_owned()]).unwrap();
        TlsChain {
            device: folders::pair().device,
            not_before: EVENING,
            not_after: Timestamp::from_millis(EVENING.as_millis() + days * DAY),
            spki: Sha256::digest(self.device.subject_public_key_info()).into(),
            chain: params.signed_by(&self.device, &self.root).unwrap().pem(),
        }
    }
}

#[test]
fn a_chain_that_a_phone_brings_is_served_at_once_and_after_a_restart() {
    let folders = Folders::new();
    let mut master = start(&folders, &["--http", "127.0.0.1:0"]);
    let (to, secure) = (door(&master, "http"), door(&master, "https"));
    assert_eq!(tls(to), json!({ "not_before": null, "not_after": null, "request": true }));
    let authority = Authority::new(&folders);
    let asked = get(to, "/league/tls/request").ok();
    let asked = open::<TlsRequest>(&realm(), folders::master().verifying_key(), &asked).unwrap();
    assert_eq!((asked.value.device, asked.value.host.as_str()), (folders::pair().device, HOST));
    let key = authority.device.subject_public_key_info();
    assert!(asked.value.csr.windows(key.len()).any(|part| part == key), "the key is in it");

    let bring = |chain: &TlsChain| post(to, "/league/inbox", &sign(&server(), [0; 32], chain));
    let foreign = TlsChain { spki: [7; 32], ..authority.chain(90) };
    let refused = bring(&foreign);
    assert_eq!((refused.status, refused.code().as_str()), (409, "other_tls_key"));
    let good = authority.chain(45);
    assert_eq!(bring(&good).ok(), br#"{"taken":"chain"}"#);
    let life = json!({
        "not_before": good.not_before.as_millis(),
        "not_after": good.not_after.as_millis(),
        "request": true,
    });
    assert_eq!(tls(to), life);
    let root = authority.root.pem();
    assert_eq!(page(secure, root.as_bytes(), HOST).status, 200);
    // Signed by the server, but no certificates: HTTPS goes on with what it has.
    let broken = TlsChain { chain: "no certificate".into(), ..authority.chain(60) };
    assert_eq!(bring(&broken).status, 200);
    assert_eq!(page(secure, root.as_bytes(), HOST).status, 200);
    master.kill();

    let mut master = start(&folders, &["--http", "127.0.0.1:0"]);
    assert_eq!(page(door(&master, "https"), root.as_bytes(), HOST).status, 200);
    assert_eq!(tls(door(&master, "http")), life);
    master.kill();
    // Somebody put another certificate in its place: the chain is not what is served, and another one is wanted.
    let own = CertificateParams::new([HOST.to_owned()]).unwrap();
    let own = own.self_signed(&authority.device).unwrap().pem();
    fs::write(folders.of(Half::Master).join("tls/cert.pem"), own).unwrap();
    let master = start(&folders, &["--http", "127.0.0.1:0"]);
    assert_eq!(tls(door(&master, "http"))["not_after"], Value::Null);
}

#[test]
fn without_https_no_chain_is_wanted() {
    let folders = Folders::new();
    let master = Program::master(&folders, "udp:127.0.0.1:0");
    let to = master.http();
    assert_eq!(tls(to)["request"], false);
    let refused = get(to, "/league/tls/request");
    assert_eq!((refused.status, refused.code().as_str()), (404, "no_tls"));
}

/// An A query (RFC 1035 section 4.1) and the answer to it.
fn resolve(dns: SocketAddr, name: &str) -> Vec<u8> {
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(label.len() as u8);
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(&query, dns).unwrap();
    let mut answer = [0; 512];
    let len = socket.recv(&mut answer).unwrap();
    answer[..len].to_vec()
}

#[test]
fn a_device_answers_dns_for_its_own_name_only_and_only_if_told_to() {
    let folders = Folders::new();
    let master = Program::start(
        &folders,
        Half::Master,
        &[
            "--listen",
            "none",
            "--http",
            "none",
            "--link",
            "udp:127.0.0.1:0",
            "--dns",
            "127.0.0.1:0",
        ],
    );
    let dns = door(&master, "dns");
    assert!(resolve(dns, HOST).ends_with(&[0, 4, 10, 77, 77, 1]));
    let other = resolve(dns, "league.example.org");
    assert_eq!(other[3] & 0x0f, 5, "refused");
    assert!(master.terminate());
    let master = Program::master(&folders, "udp:127.0.0.1:0");
    assert_eq!(master.until("up", |shown| shown["http"].is_string())["dns"], Value::Null);
}
