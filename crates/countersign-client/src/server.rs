//! A server before there is a session with it.

use crate::base::BaseUrl;
use crate::clock::{Clock, SystemClock};
use crate::tls::{TlsOptions, TlsSetupError};
use crate::transport::{FRAME_TYPE, HttpAnswer, Limits, Outgoing, Transport, TransportError};
use countersign_app::trust::TrustError;
use serde::Serialize;
use std::sync::Arc;

/// What every connection needs besides the server's address.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bounds of each exchange.
    pub limits: Limits,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self { limits: Limits::default(), clock: Arc::new(SystemClock::start()) }
    }
}

/// A server that can be asked for its keys and logged in to.
#[derive(Debug)]
pub struct Server {
    pub(crate) transport: Transport,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Server {
    /// Prepares to talk; nothing is sent yet.
    pub fn new(base: BaseUrl, tls: TlsOptions, options: Options) -> Result<Self, TlsSetupError> {
        let transport = Transport::new(base, tls, options.limits)?;
        Ok(Self { transport, clock: options.clock })
    }

    /// Its base URL.
    pub fn base(&self) -> &BaseUrl {
        self.transport.base()
    }

    /// Fetches the key set, unverified: hand it to [`crate::Trust`]. `Ok` may be empty when the server has none.
    pub async fn fetch_keyset(&self) -> Result<Vec<u8>, TransportError> {
        let answer = self
            .transport
            .send(Outgoing {
                method: "GET",
                url: self.base().join("/keyset"),
                accept: FRAME_TYPE,
                ..Outgoing::default()
            })
            .await?;
        match answer.status {
            404 => Ok(Vec::new()),
            200 => Ok(answer.body.to_vec()),
            _ => Err(self.transport.unsigned(&answer)),
        }
    }

    pub(crate) async fn post_json(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<HttpAnswer, TransportError> {
        let body = serde_json::to_vec(body).map_err(|e| TransportError::Request(e.to_string()))?;
        let outgoing = Outgoing {
            method: "POST",
            url: self.base().join(path),
            content_type: "application/json",
            accept: "application/json",
            body,
            ..Outgoing::default()
        };
        self.transport.send(outgoing).await
    }

    /// Posts a frame and returns the frame that answers it; an answer without one is an error.
    pub(crate) async fn post_frame(
        &self,
        path: &str,
        frame: &[u8],
        within: std::time::Duration,
    ) -> Result<Vec<u8>, TransportError> {
        let outgoing = Outgoing {
            method: "POST",
            url: self.base().join(path),
            content_type: FRAME_TYPE,
            accept: FRAME_TYPE,
            body: frame.to_vec(),
            ..Outgoing::default()
        };
        let answer = self.transport.send_within(outgoing, within).await?;
        if is_frame(&answer.content_type) {
            Ok(answer.body.to_vec())
        } else {
            Err(self.transport.unsigned(&answer))
        }
    }
}

/// Whether a media type is that of a frame; parameters do not matter.
pub(crate) fn is_frame(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(FRAME_TYPE)
}

/// Why a key set could not be brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysetFetchError {
    /// It did not arrive.
    #[error("the key set cannot be fetched: {0}")]
    Transport(#[from] TransportError),
    /// It is not to be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// Its pins cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// It cannot be remembered; without that, an older one could come back later.
    #[error("the new key set cannot be remembered: {0}")]
    Profile(#[from] crate::profile::ProfileError),
}
