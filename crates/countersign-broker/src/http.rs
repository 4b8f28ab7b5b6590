//! Calls of authorities and webhooks, with a deadline and a limit for everything.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use instant_acme::{BodyWrapper, BytesResponse, HttpClient};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Time for a connection, and for a call until its answer begins.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
/// Largest answer; a chain has a few kilobytes.
const BODY_MAX: usize = 64 * 1024;
/// Longest pause that an authority can ask for.
const RETRY_AFTER_MAX: u64 = 7 * 24 * 3600;

/// An answer, cut off where it gets too long.
pub(crate) type Body = Limited<Incoming>;

/// A client that sends bodies of this type.
pub(crate) type Https<B> = Client<HttpsConnector<HttpConnector>, B>;

/// Why the root of a private authority is not trusted.
#[derive(Debug, thiserror::Error)]
#[error("league.tls.ca_file: {} holds no certificate that can be read: {why}", path.display())]
pub struct CaError {
    path: PathBuf,
    why: String,
}

/// Whose certificates are believed: what browsers believe, and one more.
pub(crate) fn trust(ca_file: Option<&Path>) -> Result<ClientConfig, CaError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = ca_file {
        let failed = |why: String| CaError { path: path.to_owned(), why };
        let root =
            CertificateDer::from_pem_file(path).map_err(|error| failed(error.to_string()))?;
        roots.add(root).map_err(|error| failed(error.to_string()))?;
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// A client. Nothing is connected yet. Redirects are not followed.
pub(crate) fn client<B>(tls: ClientConfig) -> Https<B>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(CONNECT));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Nobody answered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreachable(pub(crate) String);

/// Sends; the answer has begun within the deadline. Messages name no host: whoever logs them knows it.
pub(crate) async fn send<B>(
    client: &Https<B>,
    request: Request<B>,
) -> Result<Response<Body>, Unreachable>
where
    B: hyper::body::Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match tokio::time::timeout(ANSWER, client.request(request)).await {
        Ok(Ok(response)) => Ok(response.map(|body| Limited::new(body, BODY_MAX))),
        Ok(Err(error)) => Err(Unreachable(innermost(&error))),
        Err(_) => Err(Unreachable(format!("no answer within {} s", ANSWER.as_secs()))),
    }
}

/// The cause that says something: "connection refused", and not "client error".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// How the ACME library makes its calls.
pub(crate) struct AcmeClient {
    client: Https<BodyWrapper<Bytes>>,
    retry_after: RetryAfter,
}

impl AcmeClient {
    pub(crate) fn new(tls: ClientConfig, retry_after: RetryAfter) -> Self {
        Self { client: client(tls), retry_after }
    }
}

impl HttpClient for AcmeClient {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>> {
        let (client, retry_after) = (self.client.clone(), self.retry_after.clone());
        Box::pin(async move {
            let other = |error: Unreachable| instant_acme::Error::Other(Box::new(error));
            let response = send(&client, request).await.map_err(other)?;
            retry_after.note(response.status(), response.headers());
            Ok(BytesResponse::from(response))
        })
    }
}

/// What an authority says besides its answers: when it wants to be asked again.
#[derive(Debug, Clone, Default)]
pub(crate) struct RetryAfter(Arc<Mutex<Option<Duration>>>);

impl RetryAfter {
    /// Takes what was said since the last time.
    pub(crate) fn take(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note(&self, status: StatusCode, headers: &HeaderMap) {
        let is_refusal =
            matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        if is_refusal && let Some(seconds) = seconds.and_then(|text| text.parse::<u64>().ok()) {
            let pause = Duration::from_secs(seconds.min(RETRY_AFTER_MAX));
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(pause);
        }
    }
}
