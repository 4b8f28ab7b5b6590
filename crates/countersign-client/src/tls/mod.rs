//! TLS: the public roots or your own, and pins.

mod pin;
mod verifier;

pub use pin::{PINS_TO_ENFORCE, ParsePinError, Pin, PinMismatch, PinMode, PinReporter};

pub(crate) use pin::pins;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;
use verifier::IdentityVerifier;

/// What is trusted besides the public certification authorities.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// PEM file with certificates of further authorities, for example one of your own.
    pub extra_ca: Option<PathBuf>,
    /// Pins from the command line or the configuration; those of the key set are added.
    pub pins: Vec<Pin>,
    /// What a mismatch leads to.
    pub pin_mode: PinMode,
    /// Hears of every mismatch.
    pub pin_reporter: PinReporter,
    /// What says that the right server answers.
    pub identity: Identity,
}

/// What says that the right server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Identity {
    /// The certificate, as on the web.
    #[default]
    Certificate,
    /// Signatures inside: any certificate will do. Only for peers that prove themselves with a key of their own in what they
    /// answer, and are sent nothing secret before: the goal-line devices.
    Evidence,
}

/// Why TLS cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlsSetupError {
    /// The file with further authorities cannot be used.
    #[error("the CA file {} cannot be used: {why}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The TLS library refuses the configuration.
    #[error("TLS cannot be set up: {0}")]
    Library(String),
}

/// Everything but the pins of the key set, which come and go.
#[derive(Debug)]
pub(crate) struct TlsFactory {
    anchors: Arc<RootCertStore>,
    options: TlsOptions,
}

impl TlsFactory {
    pub(crate) fn new(options: TlsOptions) -> Result<Self, TlsSetupError> {
        let mut anchors = RootCertStore::empty();
        anchors.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        if let Some(path) = &options.extra_ca {
            let failed = |why: String| TlsSetupError::CaFile { path: path.clone(), why };
            let before = anchors.len();
            for cert in CertificateDer::pem_file_iter(path).map_err(|e| failed(e.to_string()))? {
                let cert = cert.map_err(|e| failed(e.to_string()))?;
                anchors.add(cert).map_err(|e| failed(e.to_string()))?;
            }
            if anchors.len() == before {
                return Err(failed("it holds no certificate in PEM form".to_owned()));
            }
        }
        Ok(Self { anchors: Arc::new(anchors), options })
    }

    /// A configuration with these pins besides the fixed ones. Each has its own session cache: a resumed session is not verified
    /// again, so one from before the pins were known must not be found.
    pub(crate) fn config(&self, keyset_pins: &[Pin]) -> Result<ClientConfig, TlsSetupError> {
        let library = |error: &dyn std::fmt::Display| TlsSetupError::Library(error.to_string());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let inner = WebPkiServerVerifier::builder_with_provider(
            Arc::clone(&self.anchors),
            Arc::clone(&provider),
        )
        .build()
        .map_err(|e| library(&e))?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| library(&e))?
            .dangerous();
        let mut pins = self.options.pins.clone();
        pins.extend_from_slice(keyset_pins);
        pins.sort_unstable();
        pins.dedup();
        let verifier = IdentityVerifier {
            identity: self.options.identity,
            inner,
            anchors: Arc::clone(&self.anchors),
            algorithms,
            pins,
            mode: self.options.pin_mode,
            reporter: self.options.pin_reporter.clone(),
        };
        Ok(builder.with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
    }
}
