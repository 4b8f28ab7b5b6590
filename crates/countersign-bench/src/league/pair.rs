//! A goal-line pair of two real programs, as the factory makes them, paired and with an open lobby.

use super::keys::{Keys, key};
use crate::affinity::Cores;
use crate::failure::Result;
use crate::process::{Process, Side};
use countersign::{RecordDigest, RecordId, Signer, SigningKey, Timestamp, VerifyingKey};
use countersign_league::evidence::{PairCertificate, Stamp, seal};
use countersign_league::{BatchId, DeviceId};
use countersign_provision::{
    DeviceConfig, Half, KeysConfig, NetworkConfig, Parts, Passphrase, Provision, RealmConfig,
    SecretPlace, ServerConfig, WifiConfig, WifiName,
};
use countersign_server::clock::{instant, now};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

/// Nothing here takes so long, unless it never ends.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at a program that is not where it should be yet.
const LOOK: Duration = Duration::from_millis(20);

/// Both halves.
pub(crate) struct Pair {
    pub(crate) keys: Keys,
    pub(crate) device: DeviceId,
    /// Who signs what phones see.
    pub(crate) master_key: VerifyingKey,
    pub(crate) master: Running,
    pub(crate) slave: Running,
    /// Where phones come in.
    pub(crate) https: SocketAddr,
    pub(crate) tls: TlsConnector,
    _folder: TempDir,
}

/// One half that runs.
pub(crate) struct Running {
    half: Half,
    socket: PathBuf,
    _process: Process,
}

/// The program beside this one, if it was built.
pub(crate) fn program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.with_file_name("countersign-device");
    program.is_file().then_some(program)
}

impl Pair {
    /// Makes a pair, starts it, and opens its first lobby.
    pub(crate) async fn start(program: &Path, cores: Cores) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let keys = Keys::draw(now())?;
        let (master_key, device) = make(folder.path(), &keys)?;
        let run = |half: Half, args: &[&str]| {
            Running::start(program, cores, half, &folder.path().join(half.as_str()), args)
        };
        let doors = ["--listen", "127.0.0.1:0", "--http", "none", "--identify", "connection"];
        let master = run(Half::Master, &[&doors[..], &["--link", "udp:127.0.0.1:0"]].concat())?;
        let shown = master.until(|shown| shown["link_place"].is_string()).await?;
        let place = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        let https = place("https").parse()?;
        let link = place("link_place");
        let port = link.rsplit_once(':').ok_or("the master has no port")?.1;
        let slave = run(Half::Slave, &["--link", &format!("udp:127.0.0.1:0,127.0.0.1:{port}")])?;
        let tls = connector(&folder.path().join("master/tls/cert.pem"))?;
        let pair = Self { keys, device, master_key, master, slave, https, tls, _folder: folder };
        pair.open_lobby().await?;
        Ok(pair)
    }

    /// The half at whose end a ball comes in.
    pub(crate) fn half(&self, half: Half) -> &Running {
        match half {
            Half::Master => &self.master,
            Half::Slave => &self.slave,
        }
    }

    async fn open_lobby(&self) -> Result<()> {
        self.slave.until(|shown| shown["role"] == "slave").await?;
        self.master.ask(&json!({ "do": "button" })).await?;
        self.master.until(|shown| shown["state"] == "goal_check").await?;
        self.slave.until(|shown| shown["phase"] == "check").await?;
        for half in Half::BOTH {
            self.half(half).armed().await?;
            self.half(half).hit().await?;
        }
        self.master.until(|shown| shown["state"] == "lobby").await?;
        Ok(())
    }
}

impl Running {
    fn start(
        program: &Path,
        cores: Cores,
        half: Half,
        folder: &Path,
        args: &[&str],
    ) -> Result<Self> {
        let mut command = Command::new(program);
        command.arg(half.as_str()).arg(folder).args(["--display", "none"]).args(args);
        command.env("COUNTERSIGN_LOG", "error");
        let process = Process::start(cores, Side::Server, command)?;
        Ok(Self { half, socket: folder.join("state/control.sock"), _process: process })
    }

    /// Waits until the detector would take a goal.
    pub(crate) async fn armed(&self) -> Result<()> {
        self.until(|shown| shown["armed"] == true).await.map(drop)
    }

    /// A ball presses the sheet.
    pub(crate) async fn hit(&self) -> Result<()> {
        let end = match self.half {
            Half::Master => "north",
            Half::Slave => "south",
        };
        let hit = json!({ "do": "hit", "end": end, "peak": 900, "duration_ms": 40 });
        match self.ask(&hit).await?["text"].as_str() {
            Some("goal") => Ok(()),
            other => Err(format!("a hit of the {end} goal was {other:?}").into()),
        }
    }

    /// Looks until it is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let begun = instant();
        loop {
            // The socket is there a moment after the program.
            let shown = self.ask(&json!({ "do": "show" })).await.unwrap_or_default();
            if is_so(&shown["state"]) {
                return Ok(shown["state"].clone());
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("the {} stays as it is: {shown}", self.half).into());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn ask(&self, command: &Value) -> Result<Value> {
        let mut stream = UnixStream::connect(&self.socket).await?;
        stream.write_all(format!("{command}\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await?;
        let answer: Value = serde_json::from_str(&line)?;
        match answer["ok"] == true {
            true => Ok(answer),
            false => Err(format!("the {} refused {command}: {answer}", self.half).into()),
        }
    }
}

/// Writes both folders; the master's key, and the pair's name.
fn make(folder: &Path, keys: &Keys) -> Result<(VerifyingKey, DeviceId)> {
    let (factory, master, slave) = (key()?, key()?, key()?);
    let certificate = PairCertificate {
        device: DeviceId::from_bytes([0xd1; 16]),
        batch: BatchId::from_bytes([0xb1; 16]),
        serial: "GL-00001".to_owned(),
        mark: "teal 07".to_owned(),
        master: master.verifying_key().clone(),
        slave: slave.verifying_key().clone(),
        max_players: 22,
    };
    let stamp = Stamp {
        id: RecordId::from_bytes([9; 16]),
        created: now(),
        previous: RecordDigest::from_bytes([0; 32]),
    };
    let frame = seal(&keys.realm, &factory, stamp, &certificate)?;
    for (half, own, partner) in [(Half::Master, &master, &slave), (Half::Slave, &slave, &master)] {
        let config = config(half, keys, &certificate, [&factory, own, partner])?;
        let parts = Parts { config: &config, key: Some(own), pair: &frame, keyset: &keys.keyset };
        Provision::write(&folder.join(half.as_str()), parts)?;
    }
    Ok((certificate.master, certificate.device))
}

fn config(
    role: Half,
    keys: &Keys,
    certificate: &PairCertificate,
    [factory, own, partner]: [&SigningKey; 3],
) -> Result<DeviceConfig> {
    let public = |key: &SigningKey| key.verifying_key().clone();
    let PairCertificate { device, batch, serial, mark, max_players, .. } = certificate.clone();
    Ok(DeviceConfig {
        format: DeviceConfig::FORMAT,
        role,
        device,
        batch,
        serial,
        mark,
        max_players,
        ruleset: "short".to_owned(),
        realm: RealmConfig { app: "league".to_owned(), audience: "league.example.org".to_owned() },
        server: ServerConfig {
            url: "https://league.example.org".to_owned(),
            roots: vec![keys.root.clone()],
        },
        keys: KeysConfig {
            factory: public(factory),
            own: public(own),
            partner: public(partner),
            secret: SecretPlace::File,
        },
        wifi: WifiConfig {
            name: WifiName::new("Goal teal 07 d1d1")?,
            passphrase: Passphrase::new("k3vd-9mqa-w7he")?,
        },
        network: NetworkConfig {
            host: "d1d1d1d1d1d1d1d1.glt.league.example.org".to_owned(),
            address: [10, 77, 77, 1].into(),
            http: 80,
            https: 443,
            link: 4477,
        },
    })
}

/// Believes the certificate that the device made for itself.
fn connector(certificate: &Path) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let config =
        rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// For tickets: they are valid for this evening.
pub(crate) fn evening(now: Timestamp) -> Timestamp {
    now.plus(Duration::from_secs(3_600))
}
