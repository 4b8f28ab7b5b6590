//! Hashes of TLS keys.

use super::super::OpsError;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// SHA-256 of a SubjectPublicKeyInfo.
pub(crate) type Pin = [u8; 32];

/// Arguments of `keys pins`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Give the key in use and at least one spare key whose private half lies elsewhere: when the key in use is lost, \
clients accept a certificate for the spare.

Examples:
  countersign keys pins --certificate tls/current.pem --certificate tls/spare.pem
  countersign keys pins --none")]
pub(super) struct PinsArgs {
    /// The hash itself, 64 hexadecimal digits
    #[arg(value_name = "HEX", value_parser = parse)]
    pins: Vec<Pin>,
    /// PEM file of a certificate (the first in the file counts)
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,
    /// Accept any key that the certificate authorities vouch for
    #[arg(long, conflicts_with_all = ["pins", "certificate"])]
    none: bool,
}

/// Everything that was given.
pub(super) fn collect(args: &PinsArgs) -> Result<Vec<Pin>, OpsError> {
    let mut pins = args.pins.clone();
    for path in &args.certificate {
        pins.push(of_certificate(path)?);
    }
    if pins.is_empty() && !args.none { Err(OpsError::NoPins) } else { Ok(pins) }
}

/// Reads 64 hexadecimal digits.
pub(super) fn parse(text: &str) -> Result<Pin, String> {
    let mut pin = [0; 32];
    hex::decode_to_slice(text, &mut pin)
        .map_err(|_| "a pin has 64 hexadecimal digits".to_owned())?;
    Ok(pin)
}

/// The pin of the first certificate in a PEM file.
pub(crate) fn of_certificate(path: &Path) -> Result<Pin, OpsError> {
    let bad = |what: String| OpsError::Certificate { path: path.to_owned(), what };
    let pem = std::fs::read(path).map_err(OpsError::file(path, "read"))?;
    let der = CertificateDer::from_pem_slice(&pem).map_err(|error| bad(error.to_string()))?;
    let certificate =
        webpki::EndEntityCert::try_from(&der).map_err(|error| bad(error.to_string()))?;
    Ok(Sha256::digest(certificate.subject_public_key_info()).into())
}
