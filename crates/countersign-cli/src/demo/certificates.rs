//! An authority of this run alone, and a certificate for the loopback.

use super::Failure;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::Path;

/// Writes `ca.pem`, `server.pem` and `server.key`.
pub(super) fn write(dir: &Path) -> Result<(), Failure> {
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "Countersign demo authority");
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate()?;
    let server = CertificateParams::new(vec!["localhost".into(), "127.0.0.1".into()])?;
    let server_pem = server.signed_by(&key, &issuer)?.pem();
    std::fs::write(dir.join("ca.pem"), authority_pem)?;
    std::fs::write(dir.join("server.pem"), server_pem)?;
    std::fs::write(dir.join("server.key"), key.serialize_pem())?;
    Ok(())
}
