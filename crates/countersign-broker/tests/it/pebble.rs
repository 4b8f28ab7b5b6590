//! A real ACME authority on free ports.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Pebble, until it is dropped.
pub(crate) struct Pebble {
    child: Child,
    management: SocketAddr,
    ca: PathBuf,
}

/// Where a pebble will listen, and whom its own TLS certificate is signed by.
pub(crate) struct Site {
    pub(crate) folder: PathBuf,
    listen: SocketAddr,
}

impl Site {
    /// Files for its own TLS, and a port that was free a moment ago.
    pub(crate) fn prepare(folder: &Path) -> Self {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &ca).unwrap();
        std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
        std::fs::write(folder.join("cert.pem"), leaf.pem()).unwrap();
        std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
        Self { folder: folder.to_owned(), listen: free_port() }
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://{}/dir", self.listen)
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Starts it: an authority without memory that looks into this DNS, and whose certificates last so long.
    pub(crate) async fn start(&self, dns: SocketAddr, days: u32) -> Pebble {
        let management = free_port();
        let seconds = days * 86_400;
        let config = format!(
            r#"{{"pebble":{{"listenAddress":"{}","managementListenAddress":"{management}","certificate":"cert.pem",
            "privateKey":"key.pem","httpPort":5002,"tlsPort":5001,"ocspResponderURL":"",
            "externalAccountBindingRequired":false,"certificateValidityPeriod":{seconds}}}}}"#,
            self.listen
        );
        std::fs::write(self.folder.join("pebble.json"), config).unwrap();
        let log = File::create(self.folder.join("pebble.log")).unwrap();
        let child = Command::new("pebble")
            .args(["-config", "pebble.json", "-strict", "-dnsserver", &dns.to_string()])
            .current_dir(&self.folder)
            .env("PEBBLE_VA_NOSLEEP", "1")
            // By chance it refuses good nonces and reuses authorizations; what happens here is to be the same every time.
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .env("PEBBLE_AUTHZREUSE", "0")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("pebble cannot be started ({error}): `cargo xtask setup` installs it, or `apt-get install pebble`")
        });
        let mut pebble = Pebble { child, management, ca: self.ca() };
        for address in [self.listen, management] {
            pebble.wait_for(address).await;
        }
        pebble
    }
}

impl Pebble {
    /// The root that its certificates lead to; another one at every start.
    pub(crate) async fn root(&self) -> CertificateDer<'static> {
        let tls = client(CertificateDer::from_pem_file(&self.ca).unwrap());
        let stream = TcpStream::connect(self.management).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let mut stream = tls.connect(name, stream).await.unwrap();
        stream.write_all(b"GET /roots/0 HTTP/1.0\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        CertificateDer::from_pem_slice(&answer).unwrap()
    }

    async fn wait_for(&mut self, address: SocketAddr) {
        while TcpStream::connect(address).await.is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "pebble has ended; see its log");
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        drop(ended);
    }
}

/// A client that believes this root and no other.
pub(crate) fn client(root: CertificateDer<'static>) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let config =
        rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn free_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, countersign_listen::free_port().unwrap()).into()
}
