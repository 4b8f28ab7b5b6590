//! TLS: slow handshakes, versions, and certificates that change under way.

use super::support::{BIG, HELLO, Raw, SHORT, Server, eventually, takes_about, unhurried};
use countersign_listen::{Certificate, ListenConfig, Reload, TlsError, TlsFiles};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A directory with a certificate in use, and every certificate that clients shall trust.
struct Authority {
    dir: TempDir,
    known: Vec<CertificateDer<'static>>,
}

impl Authority {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), known: Vec::new() }
    }

    fn files(&self) -> TlsFiles {
        TlsFiles { cert: self.dir.path().join("cert.pem"), key: self.dir.path().join("key.pem") }
    }

    /// Writes a new pair; the names make the sizes differ, so that a file system with coarse
    /// times shows the change too.
    fn renew(&mut self) -> CertificateDer<'static> {
        let mut names = vec!["localhost".to_owned()];
        names.extend((0..self.known.len()).map(|n| format!("renewal-{n}.test")));
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let files = self.files();
        std::fs::write(&files.cert, cert.pem()).unwrap();
        std::fs::write(&files.key, signing_key.serialize_pem()).unwrap();
        self.known.push(cert.der().clone());
        cert.der().clone()
    }

    async fn connect(
        &self,
        addr: SocketAddr,
        versions: &[&'static SupportedProtocolVersion],
        alpn: &[&[u8]],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.known {
            roots.add(certificate.clone()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let tcp = TcpStream::connect(addr).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, tcp).await
    }

    /// A connection that was asked once, and the certificate that it was shown.
    async fn ask(&self, addr: SocketAddr) -> (Raw, CertificateDer<'static>) {
        let tls = self.connect(addr, &[&version::TLS13], &[b"http/1.1"]).await.unwrap();
        let shown = tls.get_ref().1.peer_certificates().unwrap()[0].clone();
        let mut client = Raw::over(tls);
        assert_eq!(client.get("/").await.body, b"hello");
        (client, shown)
    }
}

fn broken(path: &Path) {
    std::fs::write(path, "-----BEGIN CERTIFICATE-----\nnonsense\n").unwrap();
}

#[tokio::test]
async fn silent_or_half_in_the_handshake() {
    let mut authority = Authority::new();
    authority.renew();
    let certificate = Certificate::load(authority.files()).unwrap();
    // The beginning of a ClientHello record that never ends.
    for opening in [b"".as_slice(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"] {
        let server = Server::tls(ListenConfig { first_head: SHORT, ..unhurried() }, &certificate);
        let slow = async {
            let mut client = Raw::connect(server.addr).await;
            client.send(opening).await;
            assert_eq!(client.until_closed().await, b"");
        };
        let honest = async {
            authority.ask(server.addr).await;
        };
        let ((), ()) = tokio::join!(takes_about(SHORT, slow), honest);
        assert_eq!(server.stats.snapshot().late_handshake, 1);
    }
}

#[tokio::test]
async fn silent_and_idle_after_the_handshake() {
    let mut authority = Authority::new();
    authority.renew();
    let certificate = Certificate::load(authority.files()).unwrap();
    let config = ListenConfig { first_head: SHORT, idle: SHORT, ..unhurried() };
    let server = Server::tls(config, &certificate);
    for alpn in [b"h2".as_slice(), b"http/1.1"] {
        let silent = async {
            let tls = authority.connect(server.addr, &[&version::TLS13], &[alpn]).await.unwrap();
            Raw::over(tls).until_closed().await;
        };
        takes_about(SHORT, silent).await;
    }
    assert_eq!(server.stats.snapshot().late_first_head, 2);
    let (mut idle, _) = authority.ask(server.addr).await;
    takes_about(SHORT, idle.until_closed()).await;
    assert_eq!(server.stats.snapshot().idle, 1);
}

#[tokio::test]
async fn a_client_that_reads_nothing() {
    let mut authority = Authority::new();
    authority.renew();
    let certificate = Certificate::load(authority.files()).unwrap();
    let server = Server::tls(ListenConfig { write_stall: SHORT, ..unhurried() }, &certificate);
    let (mut client, _) = authority.ask(server.addr).await;
    client.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await;
    eventually("the stall is seen", || server.stats.snapshot().write_stalled == 1).await;
    assert!(client.until_closed().await.len() < BIG);
}

#[tokio::test]
async fn versions_and_protocols() {
    let mut authority = Authority::new();
    authority.renew();
    let certificate = Certificate::load(authority.files()).unwrap();
    let server = Server::tls(unhurried(), &certificate);
    for version in [&version::TLS12, &version::TLS13] {
        let tls = authority.connect(server.addr, &[version], &[b"h2", b"http/1.1"]).await.unwrap();
        assert_eq!(tls.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
        let tls = authority.connect(server.addr, &[version], &[]).await.unwrap();
        let mut client = Raw::over(tls);
        assert_eq!(client.get("/whoami").await.body, b"127.0.0.1 127.0.0.1 tls");
    }
    assert!(authority.connect(server.addr, &[&version::TLS13], &[b"spdy/3"]).await.is_err());
    let mut confused = Raw::connect(server.addr).await;
    confused.send(HELLO).await;
    confused.until_closed().await;
    eventually("both are counted", || server.stats.snapshot().tls_failed == 2).await;
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections() {
    let mut authority = Authority::new();
    let first = authority.renew();
    let certificate = Certificate::load(authority.files()).unwrap();
    let server = Server::tls(unhurried(), &certificate);
    let (mut old, shown) = authority.ask(server.addr).await;
    assert_eq!(shown, first);
    assert_eq!(certificate.reload_if_changed().unwrap(), Reload::Unchanged);
    let second = authority.renew();
    assert_eq!(certificate.reload_if_changed().unwrap(), Reload::Replaced);
    let (_new, shown) = authority.ask(server.addr).await;
    assert_eq!(shown, second);
    assert_eq!(old.get("/").await.body, b"hello", "the old connection lives");
}

#[tokio::test]
async fn a_broken_certificate_keeps_the_old_one() {
    let mut authority = Authority::new();
    let first = authority.renew();
    let files = authority.files();
    let certificate = Certificate::load(files.clone()).unwrap();
    let expires = certificate.expires();
    let server = Server::tls(unhurried(), &certificate);

    broken(&files.cert);
    let error = certificate.reload_if_changed().unwrap_err();
    assert!(matches!(error, TlsError::NoCertificate { .. }));
    assert!(error.to_string().contains("cert.pem holds no valid PEM certificate"), "{error}");
    assert_eq!(
        certificate.reload_if_changed().unwrap(),
        Reload::Unchanged,
        "one warning is enough"
    );

    // A new certificate whose key is not there yet, and one that never gets it.
    authority.renew();
    std::fs::write(&files.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(matches!(certificate.reload().unwrap_err(), TlsError::Mismatch { .. }));
    std::fs::write(&files.key, "no key").unwrap();
    assert!(matches!(certificate.reload().unwrap_err(), TlsError::NoKey { .. }));
    std::fs::remove_file(&files.cert).unwrap();
    assert!(matches!(certificate.reload().unwrap_err(), TlsError::Read { .. }));

    let (_client, shown) = authority.ask(server.addr).await;
    assert_eq!(shown, first);
    assert_eq!(certificate.expires(), expires);
    let last = authority.renew();
    certificate.reload().unwrap();
    assert_eq!(authority.ask(server.addr).await.1, last, "and recovers");
}

#[tokio::test]
async fn the_watch_finds_a_new_certificate_by_itself() {
    let mut authority = Authority::new();
    authority.renew();
    let certificate = Certificate::load(authority.files()).unwrap();
    let watch = tokio::spawn(Arc::clone(&certificate).watch(Duration::from_millis(20)));
    let server = Server::tls(unhurried(), &certificate);
    let renewed = authority.renew();
    let mut shown = authority.ask(server.addr).await.1;
    for _ in 0..1000 {
        if shown == renewed {
            break;
        }
        shown = authority.ask(server.addr).await.1;
    }
    assert_eq!(shown, renewed);
    watch.abort();
}
