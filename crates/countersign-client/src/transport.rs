//! Bytes to the server and back: bounded in time and in size, never believed.

use crate::base::BaseUrl;
use crate::lock::lock;
use crate::tls::{Pin, PinMismatch, TlsFactory, TlsOptions, TlsSetupError};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use thiserror::Error;

/// The media type of a frame.
pub const FRAME_TYPE: &str = "application/vnd.countersign.v1";

/// Bounds of one exchange.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time for a connection to stand.
    pub connect: Duration,
    /// Longest time from the first byte of a request to the last byte of its answer.
    pub answer: Duration,
    /// Largest answer in bytes; looked at before memory is taken.
    pub max_answer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            max_answer: 16 * 1024 * 1024,
        }
    }
}

/// Why there is no answer that could be verified. None of these says anything about the session or its key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// Nobody listens, or the name does not resolve. Nothing was sent.
    #[error("{server} cannot be reached: {why}")]
    Connect {
        /// Host and port.
        server: String,
        /// What failed.
        why: String,
    },
    /// The certificate is not valid for this server. Nothing was sent.
    #[error("the TLS certificate of {server} is not accepted: {why}; nothing was sent")]
    Certificate {
        /// Host and port.
        server: String,
        /// What is wrong.
        why: String,
    },
    /// The certificate is valid, but not pinned. Nothing was sent.
    #[error("{0}; nothing was sent")]
    Pin(PinMismatch),
    /// No complete answer in time.
    #[error("{server} did not answer within {} s", after.as_secs_f64())]
    Timeout {
        /// Host and port.
        server: String,
        /// The limit.
        after: Duration,
    },
    /// The answer is larger than allowed.
    #[error("the answer is larger than {limit} bytes")]
    TooBig {
        /// The limit.
        limit: usize,
    },
    /// The connection ended in the middle.
    #[error("the connection to {server} broke: {why}")]
    Broken {
        /// Host and port.
        server: String,
        /// What failed.
        why: String,
    },
    /// An unsigned refusal. Whoever sent it, nothing follows for the session.
    #[error("{server} refused without a signature: {name} (HTTP {status})")]
    Refused {
        /// Host and port.
        server: String,
        /// HTTP status.
        status: u16,
        /// Name of the problem, or its reason phrase.
        name: String,
    },
    /// Something else than the protocol answers.
    #[error("{server} does not speak Countersign here: {what}")]
    Foreign {
        /// Host and port.
        server: String,
        /// What was found.
        what: String,
    },
    /// A request that HTTP cannot carry.
    #[error("the request cannot be sent by HTTP: {0}")]
    Request(String),
}

impl TransportError {
    /// Whether the server may have received the request: then nobody knows whether it was executed.
    pub fn outcome_unknown(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Certificate { .. } | Self::Pin(_) | Self::Request(_) => {
                false
            }
            Self::Timeout { .. }
            | Self::TooBig { .. }
            | Self::Broken { .. }
            | Self::Foreign { .. }
            | Self::Refused { .. } => true,
        }
    }
}

/// An answer, unverified.
#[derive(Debug, Clone)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) countersign: Option<String>,
    pub(crate) body: Bytes,
}

/// What is to be sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outgoing<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: String,
    pub(crate) content_type: &'a str,
    pub(crate) accept: &'a str,
    pub(crate) countersign: Option<String>,
    pub(crate) body: Vec<u8>,
}

type HyperClient = legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

#[derive(Debug, Clone)]
struct Live {
    pins: Vec<Pin>,
    client: HyperClient,
    tls: Arc<ClientConfig>,
}

/// One server, reachable.
#[derive(Debug)]
pub(crate) struct Transport {
    base: BaseUrl,
    limits: Limits,
    factory: TlsFactory,
    live: Mutex<Live>,
}

impl Transport {
    pub(crate) fn new(
        base: BaseUrl,
        tls: TlsOptions,
        limits: Limits,
    ) -> Result<Self, TlsSetupError> {
        let factory = TlsFactory::new(tls)?;
        let live = Mutex::new(connect_with(&factory, &limits, &[])?);
        Ok(Self { base, limits, factory, live })
    }

    pub(crate) fn base(&self) -> &BaseUrl {
        &self.base
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// TLS for connections that are not plain HTTP requests.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&lock(&self.live).tls)
    }

    /// Takes the pins of the key set. Open connections were made without them, so they are left behind.
    pub(crate) fn set_pins(&self, pins: &[Pin]) -> Result<(), TlsSetupError> {
        let mut live = lock(&self.live);
        if live.pins != pins {
            *live = connect_with(&self.factory, &self.limits, pins)?;
        }
        Ok(())
    }

    /// Sends and receives, whole.
    pub(crate) async fn send(&self, outgoing: Outgoing<'_>) -> Result<HttpAnswer, TransportError> {
        self.send_within(outgoing, self.limits.answer).await
    }

    pub(crate) async fn send_within(
        &self,
        outgoing: Outgoing<'_>,
        limit: Duration,
    ) -> Result<HttpAnswer, TransportError> {
        let whole = async { self.receive(self.begin(outgoing).await?).await };
        tokio::time::timeout(limit, whole).await.unwrap_or_else(|_| Err(self.timeout(limit)))
    }

    /// Sends, and gives out the answer as soon as its head is there.
    pub(crate) async fn begin(
        &self,
        outgoing: Outgoing<'_>,
    ) -> Result<Response<Incoming>, TransportError> {
        let mut request = Request::builder()
            .method(outgoing.method)
            .uri(&outgoing.url)
            .header("accept", outgoing.accept);
        if !outgoing.content_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, outgoing.content_type);
        }
        if let Some(value) = &outgoing.countersign {
            request = request.header("countersign", value);
        }
        let request = request
            .body(Full::new(Bytes::from(outgoing.body)))
            .map_err(|e| TransportError::Request(e.to_string()))?;
        let client = lock(&self.live).client.clone();
        client.request(request).await.map_err(|error| self.explain(&error))
    }

    /// Receives the body of an answer.
    pub(crate) async fn receive(
        &self,
        response: Response<Incoming>,
    ) -> Result<HttpAnswer, TransportError> {
        let limit = self.limits.max_answer;
        let (head, body) = response.into_parts();
        let text = |name: &str| Some(head.headers.get(name)?.to_str().ok()?.to_owned());
        if text("content-length")
            .and_then(|n| n.parse().ok())
            .is_some_and(|n: u64| n > limit as u64)
        {
            return Err(TransportError::TooBig { limit });
        }
        let body = Limited::new(body, limit).collect().await.map_err(|error| {
            if error.downcast_ref::<LengthLimitError>().is_some() {
                TransportError::TooBig { limit }
            } else {
                self.broken(&*error)
            }
        })?;
        Ok(HttpAnswer {
            status: head.status.as_u16(),
            content_type: text("content-type").unwrap_or_default(),
            countersign: text("countersign"),
            body: body.to_bytes(),
        })
    }

    /// What an answer without a frame means.
    pub(crate) fn unsigned(&self, answer: &HttpAnswer) -> TransportError {
        let server = self.server();
        if answer.status < 400 {
            let what = format!("HTTP {} with '{}'", answer.status, answer.content_type);
            return TransportError::Foreign { server, what };
        }
        let name = problem_name(&answer.body).unwrap_or_else(|| {
            let status = http::StatusCode::from_u16(answer.status).ok();
            status.and_then(|s| s.canonical_reason()).unwrap_or("no reason given").to_owned()
        });
        TransportError::Refused { server, status: answer.status, name }
    }

    pub(crate) fn server(&self) -> String {
        self.base.authority().to_owned()
    }

    pub(crate) fn timeout(&self, after: Duration) -> TransportError {
        TransportError::Timeout { server: self.server(), after }
    }

    pub(crate) fn broken(&self, error: &(dyn StdError + 'static)) -> TransportError {
        TransportError::Broken { server: self.server(), why: deepest(error) }
    }

    fn explain(&self, error: &legacy::Error) -> TransportError {
        if let Some(tls) = self.explain_tls(error) {
            return tls;
        }
        let (server, why) = (self.server(), deepest(error));
        if error.is_connect() {
            TransportError::Connect { server, why }
        } else {
            TransportError::Broken { server, why }
        }
    }

    /// Finds a refused certificate in a chain of errors.
    pub(crate) fn explain_tls(&self, error: &(dyn StdError + 'static)) -> Option<TransportError> {
        let tls = chain(error).find_map(|e| e.downcast_ref::<rustls::Error>())?;
        if let rustls::Error::InvalidCertificate(refused) = tls {
            if let rustls::CertificateError::Other(other) = refused
                && let Some(pin) = other.0.downcast_ref::<PinMismatch>()
            {
                return Some(TransportError::Pin(pin.clone()));
            }
            let why = refused.to_string();
            return Some(TransportError::Certificate { server: self.server(), why });
        }
        Some(TransportError::Connect { server: self.server(), why: format!("TLS: {tls}") })
    }
}

fn connect_with(
    factory: &TlsFactory,
    limits: &Limits,
    pins: &[Pin],
) -> Result<Live, TlsSetupError> {
    let tls = factory.config(pins)?;
    let mut http = HttpConnector::new();
    http.set_connect_timeout(Some(limits.connect));
    http.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(http);
    // A request that finds its idle connection closed before a byte was written is sent on a new one; that is the only repetition.
    let client = legacy::Client::builder(TokioExecutor::new()).build(connector);
    Ok(Live { pins: pins.to_vec(), client, tls: Arc::new(tls) })
}

/// The causes of an error. An `io::Error` hides the one that it wraps.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref());
        wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

fn deepest(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

/// RFC 9457; only short printable text is repeated to the user.
fn problem_name(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Problem {
        title: String,
        detail: Option<String>,
    }
    let problem: Problem = serde_json::from_slice(body).ok()?;
    let plain = |text: &str| text.len() <= 200 && text.bytes().all(|b| (0x20..0x7f).contains(&b));
    let detail = problem.detail.filter(|detail| plain(detail));
    let name = Some(problem.title).filter(|title| !title.is_empty() && plain(title))?;
    Some(detail.map_or_else(|| name.clone(), |detail| format!("{name}: {detail}")))
}
