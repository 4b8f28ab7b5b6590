//! Pins, with real certificates and a real TLS listener on loopback.

use crate::device::begin;
use crate::listener::serve;
use crate::world::{CODE, Shared, keyset_content, name, shared};
use countersign::KeyState;
use countersign_client::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;

struct Site {
    server: Server,
    reports: Arc<Mutex<Vec<PinMismatch>>>,
    ca: NamedTempFile,
}

struct Certificates {
    ca: CertifiedIssuer<'static, KeyPair>,
    leaf: KeyPair,
    leaf_params: CertificateParams,
    /// Certificates that are sent along although they are not on the path.
    decoys: Vec<rustls::pki_types::CertificateDer<'static>>,
}

fn spki(key: &KeyPair) -> Pin {
    Pin::of_spki(&key.subject_public_key_info())
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn certificates() -> Certificates {
    Certificates {
        ca: authority("test authority"),
        leaf: KeyPair::generate().unwrap(),
        leaf_params: CertificateParams::new(vec!["localhost".to_owned()]).unwrap(),
        decoys: Vec::new(),
    }
}

async fn site(certificates: &Certificates, pins: Vec<Pin>, pin_mode: PinMode) -> Site {
    site_of(shared(), certificates, pins, pin_mode).await
}

async fn site_of(
    world: Shared,
    certificates: &Certificates,
    pins: Vec<Pin>,
    pin_mode: PinMode,
) -> Site {
    let Certificates { ca, leaf, leaf_params, decoys } = certificates;
    let leaf_cert = leaf_params.clone().signed_by(leaf, ca).unwrap();
    let mut chain = vec![leaf_cert.der().clone()];
    chain.extend(decoys.iter().cloned());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(leaf.serialize_der()).unwrap())
        .unwrap();
    let port = serve(world, Some(TlsAcceptor::from(Arc::new(config)))).await;
    let mut ca_file = NamedTempFile::new().unwrap();
    ca_file.write_all(ca.pem().as_bytes()).unwrap();
    let reports = Arc::new(Mutex::new(Vec::new()));
    let sink = reports.clone();
    let tls = TlsOptions {
        extra_ca: Some(ca_file.path().to_owned()),
        pins,
        pin_mode,
        pin_reporter: PinReporter::new(move |report| sink.lock().unwrap().push(report.clone())),
        ..TlsOptions::default()
    };
    let base = format!("https://localhost:{port}").parse().unwrap();
    Site { server: Server::new(base, tls, Options::default()).unwrap(), reports, ca: ca_file }
}

const OTHER: Pin = Pin::from_bytes([1; 32]);
const THIRD: Pin = Pin::from_bytes([2; 32]);

#[tokio::test]
async fn a_right_pin_lets_pass_be_it_of_the_leaf_or_of_the_root() {
    let certificates = certificates();
    for pin in [spki(&certificates.leaf), spki(certificates.ca.key())] {
        let site = site(&certificates, vec![pin, OTHER], PinMode::Enforce).await;
        assert!(!site.server.fetch_keyset().await.unwrap().is_empty());
        assert!(site.reports.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn wrong_pins_fail_before_anything_is_sent() {
    let certificates = certificates();
    let site = site(&certificates, vec![OTHER, THIRD], PinMode::Enforce).await;
    let error = site.server.fetch_keyset().await.unwrap_err();
    let TransportError::Pin(mismatch) = &error else { panic!("{error:?}") };
    assert!(mismatch.enforced && mismatch.known == 2);
    assert_eq!(mismatch.found, [spki(&certificates.leaf), spki(certificates.ca.key())]);
    assert!(!error.outcome_unknown());
}

#[tokio::test]
async fn one_pin_alone_and_report_only_report() {
    let certificates = certificates();
    for (pins, mode) in [(vec![OTHER], PinMode::Enforce), (vec![OTHER, THIRD], PinMode::ReportOnly)]
    {
        let site = site(&certificates, pins, mode).await;
        site.server.fetch_keyset().await.unwrap();
        let reports = site.reports.lock().unwrap();
        assert_eq!(reports.len(), 1);
        assert!(!reports[0].enforced);
    }
}

#[tokio::test]
async fn a_certificate_that_is_merely_sent_along_pins_nothing() {
    let real = authority("the real server's authority");
    let mut certificates = certificates();
    certificates.decoys.push(real.der().clone());
    let site = site(&certificates, vec![spki(real.key()), OTHER], PinMode::Enforce).await;
    let error = site.server.fetch_keyset().await.unwrap_err();
    assert!(matches!(error, TransportError::Pin(_)), "{error:?}");
}

#[tokio::test]
async fn a_right_pin_heals_no_bad_certificate() {
    let mut expired = certificates();
    expired.leaf_params.not_before = date_time_ymd(2020, 1, 1);
    expired.leaf_params.not_after = date_time_ymd(2020, 2, 1);
    let mut other_name = certificates();
    other_name.leaf_params = CertificateParams::new(vec!["other.example.org".to_owned()]).unwrap();
    for (certificates, expected) in [(expired, "expired"), (other_name, "not valid for name")] {
        let pins = vec![spki(&certificates.leaf), OTHER];
        for mode in [PinMode::Enforce, PinMode::ReportOnly] {
            let site = site(&certificates, pins.clone(), mode).await;
            let error = site.server.fetch_keyset().await.unwrap_err();
            let TransportError::Certificate { why, .. } = &error else { panic!("{error:?}") };
            assert!(why.contains(expected), "{why}");
            assert!(site.reports.lock().unwrap().is_empty(), "never looked at");
        }
    }
}

#[tokio::test]
async fn an_unknown_authority_and_a_useless_ca_file_are_named() {
    let certificates = certificates();
    let site = site(&certificates, Vec::new(), PinMode::Enforce).await;
    let base = site.server.base().clone();
    let server = Server::new(base.clone(), TlsOptions::default(), Options::default()).unwrap();
    let error = server.fetch_keyset().await.unwrap_err();
    assert!(matches!(error, TransportError::Certificate { .. }), "{error:?}");
    let empty = NamedTempFile::new().unwrap();
    let tls = TlsOptions { extra_ca: Some(empty.path().to_owned()), ..TlsOptions::default() };
    let error = Server::new(base, tls, Options::default()).unwrap_err();
    assert!(error.to_string().contains("no certificate in PEM form"), "{error}");
}

#[tokio::test]
async fn pins_of_a_key_set_hold_for_the_very_next_request() {
    let world = shared();
    let certificates = certificates();
    let site = site_of(world.clone(), &certificates, Vec::new(), PinMode::Enforce).await;
    let (login, trust, keyset) = begin(&site.server).await;
    let registered = login.register(&site.server, &keyset, CODE, "d").await.unwrap();
    let session = SessionState {
        session_id: registered.session_id,
        user_id: registered.user_id,
        address: "ana@example.org".to_owned(),
        device_name: "d".to_owned(),
        key_place: KeyPlace::File,
        epoch: registered.epoch,
        offset_ms: None,
        last_record: countersign::RecordHeader::FIRST,
        stream: None,
    };
    let tls = TlsState { ca_file: Some(site.ca.path().to_owned()), ..TlsState::default() };
    let server = site.server.base().clone();
    let state = State { server, tls, trust, session: Some(session) };
    let key = login.into_key();
    let client =
        Client::open(state, key, None, PinReporter::default(), Options::default()).unwrap();
    assert!(client.call(name("a"), b"").await.unwrap().result.is_ok());
    {
        let mut world = world.lock().unwrap();
        let pins = vec![*OTHER.as_bytes(), *THIRD.as_bytes()];
        let now = world.now();
        world.keyset = Some(keyset_content(2, now, &[(&world.key, KeyState::Active)], pins));
    }
    client.fetch_keyset().await.unwrap();
    // Neither the open connection nor a resumed TLS session may carry on without the pins.
    let error = client.call(name("a"), b"").await.unwrap_err();
    assert!(matches!(error, CallError::Transport(TransportError::Pin(_))), "{error:?}");
}
