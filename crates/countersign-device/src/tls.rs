//! The device's own certificate for HTTPS: the league's if it is there, else one that it makes itself.
//!
//! ```text
//!   tls/cert.pem      in use; replace it together with its chain, and it is taken within half a minute
//!   tls/key.pem       its key; never leaves the device; 0600
//!   tls/request.csr   for whoever gets a certificate for the device's host name
//! ```

use countersign_keys::disk::{self, Access, DiskError};
use countersign_listen::{Certificate, TlsError, TlsFiles};
use countersign_provision::NetworkConfig;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// The files.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Our own one could not be made.
    #[error("the certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
    /// Half of a pair.
    #[error("{} is there, but not its key {}; put the key there, or remove the certificate", cert.display(), key.display())]
    NoKey {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
    },
}

/// The certificate in `tls/`, made at the first start.
pub(crate) fn load(
    folder: &Path,
    network: &NetworkConfig,
) -> Result<Arc<Certificate>, CertificateError> {
    let tls = folder.join("tls");
    disk::make_folder(&tls)?;
    let files = TlsFiles { cert: tls.join("cert.pem"), key: tls.join("key.pem") };
    match (files.cert.exists(), files.key.exists()) {
        (true, true) => {}
        (true, false) => {
            return Err(CertificateError::NoKey { cert: files.cert, key: files.key });
        }
        // A key without a certificate: a first start that was cut short.
        (false, _) => make(&tls, &files, network)?,
    }
    Ok(Certificate::load(files)?)
}

fn make(tls: &Path, files: &TlsFiles, network: &NetworkConfig) -> Result<(), CertificateError> {
    let key = match disk::read(&files.key)? {
        Some(pem) => KeyPair::from_pem(&String::from_utf8_lossy(&pem.content))?,
        None => {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let pem = Zeroizing::new(key.serialize_pem());
            disk::replace(&files.key, pem.as_bytes(), Access::Private)?;
            key
        }
    };
    if !network.host.is_empty() {
        let request = params(vec![network.host.clone()], &network.host)?.serialize_request(&key)?;
        disk::replace(&tls.join("request.csr"), request.pem()?.as_bytes(), Access::Public)?;
    }
    let address = network.address.to_string();
    let mut names = vec![address.clone(), "localhost".to_owned(), "127.0.0.1".to_owned()];
    if !network.host.is_empty() {
        names.insert(0, network.host.clone());
    }
    let name = names.first().cloned().unwrap_or(address);
    let own = params(names, &name)?.self_signed(&key)?;
    disk::replace(&files.cert, own.pem().as_bytes(), Access::Public)?;
    Ok(())
}

fn params(names: Vec<String>, common: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    // A common name has at most 64 characters; phones look at the alternative names only.
    params.distinguished_name.push(DnType::CommonName, common.get(..64).unwrap_or(common));
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn network(host: &str) -> NetworkConfig {
        let address = [10, 77, 77, 1].into();
        NetworkConfig { host: host.to_owned(), address, http: 80, https: 443, link: 4477 }
    }

    #[test]
    fn a_certificate_is_made_once() {
        let home = tempfile::tempdir().unwrap();
        let host = "d1d1d1d1d1d1d1d1.glt.league.example.org";
        load(home.path(), &network(host)).unwrap();
        let file = |name: &str| fs::read(home.path().join("tls").join(name)).unwrap();
        let (cert, key, request) = (file("cert.pem"), file("key.pem"), file("request.csr"));
        let mode = fs::metadata(home.path().join("tls/key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(request.starts_with(b"-----BEGIN CERTIFICATE REQUEST"));
        load(home.path(), &network(host)).unwrap();
        assert_eq!((file("cert.pem"), file("key.pem")), (cert, key.clone()));
        // Power failed between the two files.
        fs::remove_file(home.path().join("tls/cert.pem")).unwrap();
        load(home.path(), &network(host)).unwrap();
        assert_eq!(file("key.pem"), key);
        fs::remove_file(home.path().join("tls/key.pem")).unwrap();
        let error = load(home.path(), &network(host)).unwrap_err();
        assert!(matches!(error, CertificateError::NoKey { .. }), "{error}");
    }

    #[test]
    fn a_device_without_a_name_asks_for_no_certificate() {
        let home = tempfile::tempdir().unwrap();
        load(home.path(), &network("")).unwrap();
        assert!(!home.path().join("tls/request.csr").exists());
    }
}
