//! The usual verification of a server's certificate and then the pins, or none where evidence inside says who answers.

use crate::tls::Identity;
use crate::tls::pin::{PINS_TO_ENFORCE, Pin, PinMismatch, PinMode, PinReporter};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::cell::RefCell;
use std::sync::Arc;

/// Pins are an addition: a certificate that the usual verification refuses is never looked at.
///
/// Whoever the peer is, the handshake is checked against the certificate, so that nobody can listen in on what another one started.
#[derive(Debug)]
pub(crate) struct IdentityVerifier {
    pub(crate) identity: Identity,
    pub(crate) inner: Arc<WebPkiServerVerifier>,
    pub(crate) anchors: Arc<RootCertStore>,
    pub(crate) algorithms: WebPkiSupportedAlgorithms,
    pub(crate) pins: Vec<Pin>,
    pub(crate) mode: PinMode,
    pub(crate) reporter: PinReporter,
}

impl ServerCertVerifier for IdentityVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.identity {
            Identity::Evidence => Ok(ServerCertVerified::assertion()),
            Identity::Certificate => {
                let verified = self.inner.verify_server_cert(
                    end_entity,
                    intermediates,
                    server_name,
                    ocsp_response,
                    now,
                )?;
                self.check_pins(end_entity, intermediates, server_name, now)?;
                Ok(verified)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

impl IdentityVerifier {
    fn check_pins(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        if self.pins.is_empty() {
            return Ok(());
        }
        let (pinned, found) = self.walk_chain(end_entity, intermediates, now);
        if pinned {
            return Ok(());
        }
        let enforced = self.mode == PinMode::Enforce && self.pins.len() >= PINS_TO_ENFORCE;
        let mismatch = PinMismatch {
            host: server_name.to_str().into_owned(),
            found,
            known: self.pins.len(),
            enforced,
        };
        self.reporter.report(&mismatch);
        if !enforced {
            return Ok(());
        }
        let error = OtherError(Arc::new(mismatch));
        Err(rustls::Error::InvalidCertificate(CertificateError::Other(error)))
    }

    /// Whether some verified path has a pinned key, and the pins of all verified paths.
    ///
    /// Only keys on a path to a trusted root count. A server may send any certificate along, also the public one of the
    /// real server's intermediate; what was merely sent proves nothing.
    fn walk_chain(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> (bool, Vec<Pin>) {
        let found = RefCell::new(Vec::new());
        let visit = |path: &webpki::VerifiedPath<'_>| {
            let pins = path_pins(path);
            let pinned = pins.iter().any(|pin| self.pins.contains(pin));
            found.borrow_mut().extend(pins);
            // An error makes webpki look for another path.
            if pinned { Ok(()) } else { Err(webpki::Error::UnknownIssuer) }
        };
        let pinned = webpki::EndEntityCert::try_from(end_entity).is_ok_and(|cert| {
            cert.verify_for_usage(
                self.algorithms.all,
                &self.anchors.roots,
                intermediates,
                now,
                webpki::KeyUsage::server_auth(),
                None,
                Some(&visit),
            )
            .is_ok()
        });
        (pinned, found.into_inner())
    }
}

/// Leaf, intermediates, and the trusted root.
fn path_pins(path: &webpki::VerifiedPath<'_>) -> Vec<Pin> {
    let mut pins = vec![Pin::of_spki(&path.end_entity().subject_public_key_info())];
    let intermediates = path.intermediate_certificates();
    pins.extend(intermediates.map(|cert| Pin::of_spki(&cert.subject_public_key_info())));
    pins.push(Pin::of_spki(&der_sequence(&path.anchor().subject_public_key_info)));
    pins
}

/// Trust anchors keep the value of the SEQUENCE only; the hash is over the whole of it.
fn der_sequence(value: &[u8]) -> Vec<u8> {
    let mut out = vec![0x30];
    match (u8::try_from(value.len()), u16::try_from(value.len())) {
        (Ok(len), _) if len < 0x80 => out.push(len),
        (Ok(len), _) => out.extend([0x81, len]),
        (Err(_), Ok(len)) => {
            out.push(0x82);
            out.extend(len.to_be_bytes());
        }
        // No public key has 64 KiB; a hash of something else matches no pin.
        (Err(_), Err(_)) => {}
    }
    out.extend_from_slice(value);
    out
}
