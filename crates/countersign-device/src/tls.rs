//! The device's own certificate for HTTPS: the league's if it is there, else one that it makes itself.
//!
//! ```text
//!   tls/cert.pem      in use; replace it together with its chain, and it is taken within half a minute
//!   tls/key.pem       its key; never leaves the device; 0600
//!   tls/request.csr   for whoever gets a certificate for the device's host name
//!   tls/chain.bin     frame of the chain that phones brought, if cert.pem is from it
//! ```

use countersign::Frame;
use countersign_keys::disk::{self, Access, DiskError};
use countersign_league::Artefact;
use countersign_league::evidence::TlsChain;
use countersign_listen::{Certificate, TlsError, TlsFiles};
use countersign_provision::NetworkConfig;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use sha2::{Digest, Sha256};
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

/// HTTPS of this device: what is served, and what it can ask a chain with.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) certificate: Arc<Certificate>,
    /// None: the device has no name, or its key is of a kind that no request can be made with.
    pub(crate) key: Option<TlsKey>,
    files: TlsFiles,
    /// Where the frame of the chain is.
    frame: PathBuf,
}

/// What the world learns of the key.
#[derive(Clone)]
pub(crate) struct TlsKey {
    /// SHA-256 of its SubjectPublicKeyInfo.
    spki: [u8; 32],
    /// PKCS#10 for the device's name, in DER.
    pub(crate) csr: Vec<u8>,
}

/// What the device has to know at its start.
#[derive(Default)]
pub(crate) struct Kept {
    /// SHA-256 of the SubjectPublicKeyInfo.
    pub(crate) key: Option<[u8; 32]>,
    /// The frame of the chain in use.
    pub(crate) chain: Option<Vec<u8>>,
}

impl Tls {
    /// What is in `tls/`, made at the first start.
    pub(crate) fn load(folder: &Path, network: &NetworkConfig) -> Result<Self, CertificateError> {
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
        let certificate = Certificate::load(files.clone())?;
        let key = match network.host.as_str() {
            "" => None,
            host => TlsKey::read(&files.key, host)?,
        };
        Ok(Self { certificate, key, files, frame: tls.join("chain.bin") })
    }

    /// A chain counts while it is the one that is served: somebody may have put another certificate there since.
    pub(crate) fn kept(&self) -> Result<Kept, DiskError> {
        let key = self.key.as_ref().map(|key| key.spki);
        let frame = disk::read_up_to(&self.frame, TlsChain::MAX_FRAME)?;
        let served = disk::read(&self.files.cert)?;
        let chain = frame.map(|file| file.content.to_vec()).filter(|frame| {
            let served = served.as_ref().map(|file| &file.content[..]);
            chain_in(frame).is_some_and(|pem| served == Some(pem.as_bytes()))
        });
        Ok(Kept { key, chain })
    }

    /// Serves with the chain in this frame from now on. A chain that cannot be served leaves the old one in use.
    pub(crate) fn take(&self, frame: &[u8]) -> Result<(), DiskError> {
        let Some(pem) = chain_in(frame) else { return Ok(()) };
        // Looked at aside: what is in the place of cert.pem has to load at the next start.
        let aside = self.files.cert.with_file_name("next.pem");
        disk::replace(&aside, pem.as_bytes(), Access::Public)?;
        let files = TlsFiles { cert: aside.clone(), key: self.files.key.clone() };
        if let Err(error) = Certificate::load(files) {
            tracing::warn!(%error, "a chain was brought that cannot be served; the old one stays in use");
            return Ok(());
        }
        // The frame last: if the power fails between the two, the same chain is taken again.
        disk::publish(&aside, &self.files.cert)?;
        disk::replace(&self.frame, frame, Access::Public)?;
        match self.certificate.reload() {
            Ok(()) => tracing::info!("new chain for browsers"),
            Err(error) => tracing::warn!(%error, "the new chain is served after the next start"),
        }
        Ok(())
    }
}

impl TlsKey {
    /// `None`: a key that somebody put there, of a kind that we cannot sign a request with.
    fn read(path: &Path, host: &str) -> Result<Option<Self>, CertificateError> {
        let Some(pem) = disk::read(path)? else { return Ok(None) };
        let key = match KeyPair::from_pem(&String::from_utf8_lossy(&pem.content)) {
            Ok(key) => key,
            Err(error) => {
                tracing::warn!(%error, "no chain can be asked for with this device's TLS key");
                return Ok(None);
            }
        };
        let csr = params(vec![host.to_owned()], host)?.serialize_request(&key)?.der().to_vec();
        let spki = Sha256::digest(key.subject_public_key_info()).into();
        Ok(Some(Self { spki, csr }))
    }
}

/// The certificates in the frame of a chain, in PEM.
fn chain_in(frame: &[u8]) -> Option<String> {
    Some(TlsChain::decode(Frame::split(frame).ok()?.payload).ok()?.chain)
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
    if common.len() <= 64 {
        params.distinguished_name.push(DnType::CommonName, common);
    }
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
        Tls::load(home.path(), &network(host)).unwrap();
        let file = |name: &str| fs::read(home.path().join("tls").join(name)).unwrap();
        let (cert, key, request) = (file("cert.pem"), file("key.pem"), file("request.csr"));
        let mode = fs::metadata(home.path().join("tls/key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(request.starts_with(b"-----BEGIN CERTIFICATE REQUEST"));
        Tls::load(home.path(), &network(host)).unwrap();
        assert_eq!((file("cert.pem"), file("key.pem")), (cert, key.clone()));
        // Power failed between the two files.
        fs::remove_file(home.path().join("tls/cert.pem")).unwrap();
        Tls::load(home.path(), &network(host)).unwrap();
        assert_eq!(file("key.pem"), key);
        fs::remove_file(home.path().join("tls/key.pem")).unwrap();
        let error = Tls::load(home.path(), &network(host)).err().unwrap();
        assert!(matches!(error, CertificateError::NoKey { .. }), "{error}");
    }

    #[test]
    fn a_device_without_a_name_asks_for_no_certificate() {
        let home = tempfile::tempdir().unwrap();
        Tls::load(home.path(), &network("")).unwrap();
        assert!(!home.path().join("tls/request.csr").exists());
    }
}
