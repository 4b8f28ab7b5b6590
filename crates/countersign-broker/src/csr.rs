//! What a device may ask a certificate for: its own name, for a P-256 key that it holds.

use countersign_league::evidence::TlsRequest;
use sha2::{Digest, Sha256};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A request that an authority would take, for the host that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedCsr {
    /// PKCS#10 in DER.
    pub der: Vec<u8>,
    /// The one name in it, in lower case.
    pub host: String,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki: [u8; 32],
}

/// Why a request is not passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// Longer than a request for one name needs.
    #[error("the request is longer than {} bytes", TlsRequest::CSR_MAX)]
    TooLong,
    /// No PKCS#10 in DER, or more than that.
    #[error("the request is no PKCS#10 in DER")]
    Malformed,
    /// Authorities differ in what else they take; all take this.
    #[error("the key of the request is no P-256 key on the curve's uncompressed form")]
    Key,
    /// Whoever made it does not hold the key.
    #[error("the request is not signed by the key that is in it")]
    Signature,
    /// Not exactly the expected name.
    #[error(
        "the request has to name {expected:?} and nothing else as its one subject alternative name"
    )]
    Names {
        /// The name that the device has.
        expected: String,
    },
    /// Something that the authority should decide, or nobody.
    #[error("the request asks for more than names: leave out other extensions and attributes")]
    Extras,
}

impl CheckedCsr {
    /// Checks a request for this host. The subject may be empty, or the host as its common name.
    pub fn check(der: &[u8], host: &str) -> Result<Self, CsrError> {
        if der.len() > TlsRequest::CSR_MAX {
            return Err(CsrError::TooLong);
        }
        let (rest, request) =
            X509CertificationRequest::from_der(der).map_err(|_| CsrError::Malformed)?;
        if !rest.is_empty() {
            return Err(CsrError::Malformed);
        }
        let info = &request.certification_request_info;
        check_key(&info.subject_pki)?;
        let expected = || CsrError::Names { expected: host.to_owned() };
        let mut common_names = info.subject.iter_attributes();
        if !common_names.all(|it| it.as_str() == Ok(host))
            || info.subject.iter_common_name().count() > 1
        {
            return Err(expected());
        }
        // RFC 2986 allows several attributes; extensions are one of them, and may be asked for only once.
        if info.attributes().len() > 1 {
            return Err(CsrError::Extras);
        }
        let mut extensions = request.requested_extensions().ok_or_else(expected)?;
        let Some(ParsedExtension::SubjectAlternativeName(names)) = extensions.next() else {
            return Err(expected());
        };
        if !matches!(names.general_names[..], [GeneralName::DNSName(name)] if name == host) {
            return Err(expected());
        }
        if extensions.next().is_some() {
            return Err(CsrError::Extras);
        }
        // Last, because it is the only thing here that takes time.
        request.verify_signature().map_err(|_| CsrError::Signature)?;
        let spki = Sha256::digest(info.subject_pki.raw).into();
        Ok(Self { der: der.to_vec(), host: host.to_owned(), spki })
    }
}

fn check_key(spki: &SubjectPublicKeyInfo<'_>) -> Result<(), CsrError> {
    let is_p256 = || {
        let curve = spki.algorithm.parameters.as_ref()?.as_oid().ok()?;
        let point = &spki.subject_public_key.data;
        let is_ec = spki.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY;
        Some(is_ec && curve == OID_EC_P256 && point.len() == 65 && point.first() == Some(&4))
    };
    match is_p256() {
        Some(true) => Ok(()),
        Some(false) | None => Err(CsrError::Key),
    }
}
