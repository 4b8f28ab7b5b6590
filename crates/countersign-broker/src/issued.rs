//! What an authority gave.

use countersign::Timestamp;
use countersign_league::evidence::{TlsChain, renewal_due};
use instant_acme::CertificateIdentifier;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

/// Most certificates in a chain.
const CHAIN_LEN_MAX: usize = 8;

/// A chain for the key and the name that were asked for. That it leads to a root that browsers know is the authority's business.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issued {
    /// The name.
    pub host: String,
    /// SHA-256 of the leaf's SubjectPublicKeyInfo.
    pub spki: [u8; 32],
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// First moment at which it is not any more.
    pub not_after: Timestamp,
    /// PEM, leaf first.
    pub chain: String,
}

/// Why a chain is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Longer than what couriers carry.
    #[error("the chain is longer than {} bytes", TlsChain::CHAIN_MAX)]
    TooLong,
    /// No certificates in PEM.
    #[error("the chain is no certificates in PEM, or more than {CHAIN_LEN_MAX}")]
    Malformed,
    /// For another key.
    #[error("the certificate is for another key than the one asked for")]
    Key,
    /// For another name, or for several.
    #[error("the certificate is not for the one name that was asked for")]
    Name,
    /// It ends before it begins.
    #[error("the certificate ends before it begins")]
    Life,
}

impl Issued {
    /// Reads a chain that is to be for this name and key.
    pub fn read(chain: String, host: &str, spki: [u8; 32]) -> Result<Self, ChainError> {
        if chain.len() > TlsChain::CHAIN_MAX {
            return Err(ChainError::TooLong);
        }
        let leaf = leaf(&chain)?;
        let (rest, certificate) =
            X509Certificate::from_der(&leaf).map_err(|_| ChainError::Malformed)?;
        if !rest.is_empty() {
            return Err(ChainError::Malformed);
        }
        if Sha256::digest(certificate.public_key().raw)[..] != spki {
            return Err(ChainError::Key);
        }
        let names = certificate.subject_alternative_name().map_err(|_| ChainError::Malformed)?;
        let names = names.map(|extension| &extension.value.general_names[..]);
        if !matches!(names, Some([GeneralName::DNSName(name)]) if name.eq_ignore_ascii_case(host)) {
            return Err(ChainError::Name);
        }
        let validity = certificate.validity();
        let not_before = moment(validity.not_before.timestamp(), 0).ok_or(ChainError::Life)?;
        // The last second belongs to its life (RFC 5280 section 4.1.2.5).
        let not_after = moment(validity.not_after.timestamp(), 1).ok_or(ChainError::Life)?;
        match not_before < not_after {
            true => Ok(Self { host: host.to_owned(), spki, not_before, not_after, chain }),
            false => Err(ChainError::Life),
        }
    }

    /// When a third of its life is left.
    pub const fn renewal_due(&self) -> Timestamp {
        renewal_due(self.not_before, self.not_after)
    }

    /// How authorities name it when they are asked when to renew it (RFC 9773); `None` if it has no such name.
    pub(crate) fn renewal_id(&self) -> Option<CertificateIdentifier<'static>> {
        let leaf = leaf(&self.chain).ok()?;
        CertificateIdentifier::try_from(&leaf).ok().map(CertificateIdentifier::into_owned)
    }
}

fn leaf(chain: &str) -> Result<CertificateDer<'static>, ChainError> {
    let certificates = CertificateDer::pem_slice_iter(chain.as_bytes()).take(CHAIN_LEN_MAX + 1);
    let certificates: Vec<_> =
        certificates.collect::<Result<_, _>>().map_err(|_| ChainError::Malformed)?;
    match certificates.len() {
        1..=CHAIN_LEN_MAX => certificates.into_iter().next().ok_or(ChainError::Malformed),
        _ => Err(ChainError::Malformed),
    }
}

fn moment(seconds: i64, more: u64) -> Option<Timestamp> {
    let seconds = u64::try_from(seconds).ok()?.checked_add(more)?;
    Some(Timestamp::from_millis(seconds.checked_mul(1000)?))
}
