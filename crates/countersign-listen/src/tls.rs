//! The certificate, and how a new one comes in without a restart.

use super::expiry::not_after;
use arc_swap::ArcSwap;
use countersign::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// Where the certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: our certificate first, then its chain.
    pub cert: PathBuf,
    /// PEM: its private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
}

/// The certificate in use, replaceable while connections are open: they keep theirs, new
/// handshakes get the new one.
pub struct Certificate {
    files: TlsFiles,
    config: Arc<ServerConfig>,
    live: Arc<Resolver>,
    seen: Mutex<Option<Stamp>>,
}

/// What a look at the files found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// The same as before.
    Unchanged,
    /// The new pair is in use.
    Replaced,
}

/// Why a certificate cannot be used. At a reload the old one stays.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// No certificate in the file.
    #[error("{} holds no valid PEM certificate; it must have the server's certificate first, then its chain", path.display())]
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
    /// No key in the file.
    #[error("{} holds no valid PEM private key", path.display())]
    NoKey {
        /// Which.
        path: PathBuf,
    },
    /// They do not belong together, or the key is of a kind that we do not have.
    #[error("the key in {} cannot be used with the certificate in {}: {source}", key.display(), cert.display())]
    Mismatch {
        /// The certificate.
        cert: PathBuf,
        /// The key.
        key: PathBuf,
        /// The TLS library's words.
        source: rustls::Error,
    },
    /// Our own settings.
    #[error("cannot set up TLS: {0}")]
    Setup(rustls::Error),
}

#[derive(Debug)]
struct Resolver(ArcSwap<Pair>);

#[derive(Debug)]
struct Pair {
    key: Arc<CertifiedKey>,
    expires: Timestamp,
}

/// Enough to see that a file was replaced.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Certificate {
    /// Reads and checks both files.
    pub fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        // Before the read: what changes during it is seen at the next look.
        let seen = stamp(&files);
        let pair = read(&files, &provider)?;
        let live = Arc::new(Resolver(ArcSwap::from_pointee(pair)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Resolver>::clone(&live));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let config = Arc::new(config);
        Ok(Arc::new(Self { files, config, live, seen: Mutex::new(Some(seen)) }))
    }

    /// Reads both files again whether they changed or not, as on SIGHUP. On an error the old
    /// certificate stays in use. Blocks for two small files.
    pub fn reload(&self) -> Result<(), TlsError> {
        let stamp = stamp(&self.files);
        let read = read(&self.files, self.config.crypto_provider());
        // Also after a failure: the same broken files are not worth a second warning.
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        self.live.0.store(Arc::new(read?));
        Ok(())
    }

    /// Reads both files again if one was replaced. A pair whose halves are written one after the
    /// other fails once, keeps the old one, and is taken at the next look.
    pub fn reload_if_changed(&self) -> Result<Reload, TlsError> {
        let stamp = stamp(&self.files);
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen == Some(stamp) {
            return Ok(Reload::Unchanged);
        }
        self.reload().map(|()| Reload::Replaced)
    }

    /// Looks at the files `every` so often (30 s is good) until dropped; logs what it finds.
    pub async fn watch(self: Arc<Self>, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            let certificate = Arc::clone(&self);
            let look = move || certificate.reload_if_changed();
            match tokio::task::spawn_blocking(look).await {
                Ok(Ok(Reload::Unchanged)) => {}
                Ok(Ok(Reload::Replaced)) => {
                    let expires = self.expires().as_millis();
                    tracing::info!(expires, "new TLS certificate in use");
                }
                Ok(Err(error)) => tracing::warn!(%error, "TLS certificate kept as it was"),
                // The runtime is going away.
                Err(_) => return,
            }
        }
    }

    /// When the certificate in use ends (its notAfter).
    pub fn expires(&self) -> Timestamp {
        self.live.0.load().expires
    }

    pub(super) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().key))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<Pair, TlsError> {
    let no_certificate = || TlsError::NoCertificate { path: files.cert.clone() };
    let pem = read_file(&files.cert)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| no_certificate())?;
    let leaf = chain.first().ok_or_else(no_certificate)?;
    let expires = not_after(leaf).ok_or_else(no_certificate)?;
    let pem = read_file(&files.key)?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| TlsError::NoKey { path: files.key.clone() })?;
    let key = CertifiedKey::from_der(chain, key, provider).map_err(|source| {
        TlsError::Mismatch { cert: files.cert.clone(), key: files.key.clone(), source }
    })?;
    Ok(Pair { key: Arc::new(key), expires })
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let read = std::fs::read(path).map(Zeroizing::new);
    read.map_err(|source| TlsError::Read { path: path.to_owned(), source })
}

fn stamp(files: &TlsFiles) -> Stamp {
    [&files.cert, &files.key].map(|path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}
