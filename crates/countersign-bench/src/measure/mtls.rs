//! nginx with client certificates, proxying to the same service as our gateway. It ends with this program.

use super::Bench;
use super::contender::{Contender, Traffic};
use crate::failure::Result;
use crate::load::closed::Route;
use crate::load::connection::{Connection, connect};
use crate::load::{payload, post};
use crate::process::{Process, Side};
use crate::sample::micros_each;
use countersign_server::clock::instant;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

/// New connections whose cost is measured.
const NEW_CONNECTIONS: usize = 400;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running nginx.
pub(super) struct Nginx {
    process: Process,
    route: Route,
    data: TempDir,
}

/// A certificate with its key.
struct Identity {
    certificate: Certificate,
    key: KeyPair,
}

/// `None` if nginx is not installed.
pub(super) fn start(bench: &Bench, upstream: SocketAddr) -> Result<Option<Nginx>> {
    let Some(program) = program() else { return Ok(None) };
    let data = tempfile::tempdir()?;
    let tls = certificates(data.path())?;
    // Free a moment ago; nginx cannot choose one and say which.
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    std::fs::write(data.path().join("nginx.conf"), configuration(free, upstream))?;
    let mut command = Command::new(program);
    command.arg("-p").arg(data.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
    let process = Process::start(bench.cores, Side::Server, command)?;
    let nginx = Nginx { process, route: Route { to: free, tls: Some(tls) }, data };
    bench.runtime.block_on(nginx.wait())?;
    Ok(Some(nginx))
}

impl Nginx {
    /// Microseconds of CPU for a new connection, with its handshake and one request.
    pub(super) fn new_connections(&self, bench: &Bench) -> Result<f64> {
        let count = bench.scaled(NEW_CONNECTIONS);
        let before = self.process.cpu()?;
        bench.runtime.block_on(async {
            for _ in 0..count {
                self.ask_once().await?;
            }
            Ok::<_, crate::failure::Failure>(())
        })?;
        Ok(micros_each(self.process.cpu()?.saturating_sub(before), count))
    }

    pub(super) fn into_contender(self, traffic: Traffic) -> Contender {
        Contender::of(self.process, self.route, traffic, self.data)
    }

    async fn wait(&self) -> Result<()> {
        let begun = instant();
        loop {
            match self.ask_once().await {
                Ok(()) => return Ok(()),
                Err(_) if begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(error) => {
                    let log = std::fs::read_to_string(self.data.path().join("error.log"));
                    let log = log.unwrap_or_default();
                    return Err(format!("nginx does not answer: {error}; its log: {log}").into());
                }
            }
        }
    }

    async fn ask_once(&self) -> Result<()> {
        let tls = self.route.tls.as_ref().ok_or("nginx is asked over TLS")?;
        let tcp = connect(self.route.to, None).await?;
        let stream = tls.connect(ServerName::try_from("localhost")?, tcp).await?;
        let request = post("/echo", "", &payload());
        match Connection::new(stream).exchange(&request).await?.status {
            200 => Ok(()),
            other => Err(format!("nginx answered {other}").into()),
        }
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|folder| folder.join("nginx"))
        .find(|file| file.is_file())
}

/// One process in the foreground: what it uses is what is measured, and nothing is left when it ends.
fn configuration(listen: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 1000000000;
    upstream service {{
        server {upstream};
        keepalive 128;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {listen} ssl;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        ssl_client_certificate ca.pem;
        ssl_verify_client on;
        ssl_protocols TLSv1.3;
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
        }}
    }}
}}
"
    )
}

/// An authority with a server and a client, and the connector of that client.
fn certificates(folder: &Path) -> Result<TlsConnector> {
    let ca_key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "authority");
    let ca = params.self_signed(&ca_key)?;
    let issuer = Issuer::new(params, ca_key);
    let (server, client) = (identity("localhost", &issuer)?, identity("device", &issuer)?);
    std::fs::write(folder.join("ca.pem"), ca.pem())?;
    std::fs::write(folder.join("server.pem"), server.certificate.pem())?;
    std::fs::write(folder.join("server.key"), server.key.serialize_pem())?;
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(client.key.serialize_der()));
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![client.certificate.der().clone()], key)?;
    // Each connection makes the whole handshake.
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn identity(name: &str, issuer: &Issuer<'_, KeyPair>) -> Result<Identity> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(Identity { certificate: params.signed_by(&key, issuer)?, key })
}
