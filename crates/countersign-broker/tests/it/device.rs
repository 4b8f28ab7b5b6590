//! A device with its keys, and the server that signs for it.

use countersign::keyset::{KeyState, KeysetContent, OnlineKey};
use countersign::{
    Keyset, Realm, RecordHeader, RecordId, Signature, Signer, SigningKey, Timestamp, VerifyingKey,
};
use countersign_broker::Issued;
use countersign_league::device::{Device, Parts};
use countersign_league::evidence::{Stamp, TlsChain, TlsRequest, open, seal};
use countersign_league::game::Setup;
use countersign_league::goal::Calibration;
use countersign_league::journal::BYTES_MAX;
use countersign_league::{DeviceId, Params};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PublicKeyData};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub(crate) const ID: DeviceId = DeviceId::from_bytes([0xd1; 16]);
pub(crate) const HOST: &str = "d1d1d1d1d1d1d1d1.glt.example.org";

#[derive(Clone)]
pub(crate) struct Key(Arc<SigningKey>);

impl Signer for Key {
    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

fn key(seed: u8) -> Key {
    Key(Arc::new(SigningKey::from_seed(&[seed; 32])))
}

fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

/// A master with a TLS key of its own.
pub(crate) struct Master {
    pub(crate) device: Device<Key, fn() -> [u8; 32]>,
    pub(crate) tls: KeyPair,
}

impl Master {
    pub(crate) fn new() -> Self {
        let tls = KeyPair::generate().unwrap();
        let keyset = keyset();
        let setup = Setup {
            realm: realm(),
            device: ID,
            master: key(1).verifying_key().clone(),
            slave: key(2).verifying_key().clone(),
            firmware: 1,
            max_players: 22,
            journal_max: BYTES_MAX,
            params: Params::OFFICIAL,
        };
        let parts = Parts {
            setup,
            signer: key(1),
            entropy: (|| [7; 32]) as fn() -> [u8; 32],
            roots: keyset.content.roots.clone(),
            keyset,
            certificate: None,
            tls_key: Some(Sha256::digest(tls.subject_public_key_info()).into()),
            chain: None,
            journal: &[],
            link: None,
            boot: 1,
            calibration: Calibration { rest: 100, noise: 2, contact: 8, noisy: 3 },
        };
        Self { device: Device::start(parts, 0).unwrap().0, tls }
    }

    /// What it asks for, as the server reads it after it has checked the master's signature.
    pub(crate) fn request(&mut self) -> TlsRequest {
        let csr = csr(&[HOST], &self.tls);
        let frame = self.device.tls_request(HOST, &csr, 0).unwrap();
        open::<TlsRequest>(&realm(), key(1).verifying_key(), &frame).unwrap().value
    }

    /// Serves one connection with this chain, as the device would, and shows that `client` believes it.
    pub(crate) async fn is_believed(&self, chain: &str, client: TlsConnector) -> bool {
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::try_from(self.tls.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(chain, key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await?;
            stream.write_all(b"goal").await?;
            stream.shutdown().await
        });
        let stream = TcpStream::connect(address).await.unwrap();
        let connected = client.connect(ServerName::try_from(HOST).unwrap(), stream).await;
        let mut heard = Vec::new();
        let is_believed = match connected {
            Ok(mut stream) => stream.read_to_end(&mut heard).await.is_ok() && heard == b"goal",
            Err(_) => false,
        };
        assert_eq!(serving.await.unwrap().is_ok(), is_believed);
        is_believed
    }
}

/// PKCS#10 for these names.
pub(crate) fn csr(names: &[&str], key: &KeyPair) -> Vec<u8> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.serialize_request(key).unwrap().der().to_vec()
}

/// The frame that couriers carry, signed by the server.
pub(crate) fn chain_frame(issued: &Issued, now: Timestamp) -> Vec<u8> {
    let chain = TlsChain {
        device: ID,
        not_before: issued.not_before,
        not_after: issued.not_after,
        spki: issued.spki,
        chain: issued.chain.clone(),
    };
    let id = RecordId::from_bytes([5; 16]);
    let stamp = Stamp { id, created: now, previous: RecordHeader::FIRST };
    seal(&realm(), &key(3), stamp, &chain).unwrap()
}

fn keyset() -> Keyset {
    let root = key(4);
    let for_ever = Timestamp::from_millis(u64::MAX);
    let online = OnlineKey {
        key: key(3).verifying_key().clone(),
        state: KeyState::Active,
        not_before: Timestamp::ZERO,
        not_after: for_ever,
    };
    let content = KeysetContent {
        version: 1,
        issued: Timestamp::ZERO,
        expires: for_ever,
        min_protocol: 1,
        keys: vec![online],
        roots: vec![root.verifying_key().clone()],
        pins: Vec::new(),
    };
    let frame = content.sign(&realm(), &root);
    Keyset::open(&realm(), &content.roots, 0, &frame).unwrap()
}
