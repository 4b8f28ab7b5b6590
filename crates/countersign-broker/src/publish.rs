//! How the values that an authority looks for get into DNS.

use crate::config::BrokerConfig;
use crate::http::{CaError, Https, Unreachable, client, send, trust};
use bytes::Bytes;
use countersign::Timestamp;
use countersign_dns::Zone;
use countersign_identity::webhook::{
    ID_HEADER, SIGNATURE_HEADER, SecretError, TIMESTAMP_HEADER, WebhookSecret,
};
use http::{Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

/// What publishing takes: a while, and sometimes it fails with a sentence.
pub type Publishing<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Puts values at `_acme-challenge.<host>` (RFC 8555 section 8.4). Said to be there when it is not, the authority refuses the order,
/// and counts that.
pub trait Publish: Send + Sync {
    /// The value is there when this is done, besides those that are there already.
    fn publish<'a>(&'a self, host: &'a str, value: &'a str, now: Timestamp) -> Publishing<'a>;

    /// The value may go.
    fn withdraw<'a>(&'a self, host: &'a str, value: &'a str, now: Timestamp) -> Publishing<'a>;
}

/// The responder of this server.
#[derive(Debug, Clone)]
pub struct ZonePublisher(pub Arc<Zone>);

impl Publish for ZonePublisher {
    fn publish<'a>(&'a self, host: &'a str, value: &'a str, _: Timestamp) -> Publishing<'a> {
        let outcome = self.0.publish(host, value).map_err(|error| error.to_string());
        Box::pin(std::future::ready(outcome))
    }

    fn withdraw<'a>(&'a self, host: &'a str, value: &'a str, _: Timestamp) -> Publishing<'a> {
        let outcome = self.0.withdraw(host, value).map_err(|error| error.to_string());
        Box::pin(std::future::ready(outcome))
    }
}

/// A provider of DNS, through an operator's webhook. It answers with 2xx when all of the provider's servers have the change.
pub struct WebhookPublisher {
    client: Https<Full<Bytes>>,
    url: Uri,
    secret: WebhookSecret,
}

/// Why a webhook cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The URL.
    #[error("league.tls.hook_url is an https:// URL; http:// is for the loopback alone")]
    Url,
    /// The secret.
    #[error("league.tls.hook_secret: {0}")]
    Secret(#[from] SecretError),
    /// The secret's file.
    #[error("league.tls.hook_secret_file: {} cannot be read: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The root.
    #[error(transparent)]
    Ca(#[from] CaError),
}

/// The body of a call.
#[derive(Serialize)]
struct Call<'a> {
    action: &'static str,
    name: String,
    r#type: &'static str,
    value: &'a str,
}

impl WebhookPublisher {
    /// Reads secret and certificate files; connects when there is something to say.
    pub fn new(config: &BrokerConfig) -> Result<Self, WebhookError> {
        let url: Uri = config.hook_url.parse().map_err(|_| WebhookError::Url)?;
        let is_loopback = |host: &str| {
            host == "localhost"
                || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        };
        match (url.scheme_str(), url.host()) {
            (Some("https"), Some(_)) => {}
            (Some("http"), Some(host)) if is_loopback(host) => {}
            _ => return Err(WebhookError::Url),
        }
        let secret = match (&config.hook_secret, &config.hook_secret_file) {
            (Some(secret), _) => secret.expose().parse()?,
            (None, Some(path)) => {
                let source = |source| WebhookError::File { path: path.clone(), source };
                countersign_identity::secret::Secret::new(
                    std::fs::read_to_string(path).map_err(source)?,
                )
                .expose()
                .parse()?
            }
            (None, None) => return Err(SecretError.into()),
        };
        Ok(Self { client: client(trust(config.ca_file.as_deref())?), url, secret })
    }

    async fn call(
        &self,
        action: &'static str,
        host: &str,
        value: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let name = format!("_acme-challenge.{host}");
        let body = serde_json::to_vec(&Call { action, name, r#type: "TXT", value });
        let body = body.map_err(|error| error.to_string())?;
        // The same for every repetition of this call, and for no other.
        let digest = Sha256::digest(&body);
        let id = format!("dns_{}", hex::encode(&digest[..16]));
        let signed = self.secret.sign(&id, now, &body).map_err(|error| error.to_string())?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "countersign")
            .header(ID_HEADER, signed.id)
            .header(TIMESTAMP_HEADER, signed.timestamp)
            .header(SIGNATURE_HEADER, signed.signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let unreachable = |Unreachable(why)| format!("the DNS webhook was not reached: {why}");
        let status: StatusCode = send(&self.client, request).await.map_err(unreachable)?.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("the DNS webhook answered {}", status.as_u16())),
        }
    }
}

impl Publish for WebhookPublisher {
    fn publish<'a>(&'a self, host: &'a str, value: &'a str, now: Timestamp) -> Publishing<'a> {
        Box::pin(self.call("publish", host, value, now))
    }

    fn withdraw<'a>(&'a self, host: &'a str, value: &'a str, now: Timestamp) -> Publishing<'a> {
        Box::pin(self.call("withdraw", host, value, now))
    }
}

impl core::fmt::Debug for WebhookPublisher {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("WebhookPublisher(..)")
    }
}
