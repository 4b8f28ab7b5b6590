//! HTTPS as a browser does it: a certificate that is checked, HTTP/2 or HTTP/1.1 as both agreed.

use super::PATIENCE;
use super::http::HttpAnswer;
use bytes::Bytes;
use countersign_server::ingress::MEDIA_TYPE;
use http::{HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An answer, how it came, and under which certificate.
#[derive(Debug, Clone)]
pub(crate) struct Secure {
    pub(crate) answer: HttpAnswer,
    pub(crate) version: Version,
    pub(crate) certificate: Vec<u8>,
}

/// Posts a frame to `127.0.0.1` over TLS, believing this authority alone. Fails if the certificate is not of it.
pub(crate) fn post(
    to: SocketAddr,
    ca: &Path,
    protocol: &str,
    path: &str,
    frame: &[u8],
) -> Result<Secure, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let request = Request::post(format!("https://127.0.0.1:{}{path}", to.port()));
    let request = request.header("content-type", MEDIA_TYPE);
    let request = request.body(Full::new(Bytes::copy_from_slice(frame)))?;
    let exchange = async {
        let stream = connect(to, ca, protocol).await?;
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let certificate = certificates.first().map(|it| it.to_vec()).unwrap_or_default();
        let response = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => send_h2(stream, request).await?,
            _ => send_h1(stream, request).await?,
        };
        let version = response.version();
        let (head, body) = response.into_parts();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        let (status, headers) = (head.status.as_u16(), headers.collect());
        let body = body.collect().await?.to_bytes().to_vec();
        Ok(Secure { answer: HttpAnswer { status, headers, body }, version, certificate })
    };
    runtime.block_on(async { tokio::time::timeout(PATIENCE, exchange).await })?
}

async fn connect(
    to: SocketAddr,
    ca: &Path,
    protocol: &str,
) -> Result<TlsStream<TcpStream>, Failure> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("127.0.0.1")?;
    let stream = TcpStream::connect(to).await?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, stream).await?)
}

async fn send_h2(
    stream: TlsStream<TcpStream>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, Failure> {
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

async fn send_h1(
    stream: TlsStream<TcpStream>,
    mut request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, Failure> {
    *request.uri_mut() = request.uri().path().parse()?;
    request.headers_mut().insert("host", HeaderValue::from_static("127.0.0.1"));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}
