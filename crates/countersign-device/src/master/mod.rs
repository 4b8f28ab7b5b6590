//! `countersign-device master`.

mod half;
mod report;

pub(crate) use half::{Latest, MasterHalf, Place};

use crate::error::DeviceError;
use crate::http;
use crate::link;
use crate::options::{Identify, LinkSpec, ListenSpec};
use crate::radio::Radios;
use crate::random::Random;
use crate::start::{Common, Running, Started, prepare};
use crate::tls::{Kept, Tls};
use crate::{disk::Journal, display::Display};
use axum::Router;
use countersign::Keyset;
use countersign_dns::Responder;
use countersign_league::device::{Device, Parts};
use countersign_league::game::Setup;
use countersign_league::journal::BYTES_MAX;
use countersign_listen::{ListenConfig, Listener};
use countersign_provision::{Half, NetworkConfig, Provision};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Twenty-two phones with some connections each, and the curious.
const CONNECTIONS: usize = 256;
/// Everybody in a demonstration comes from one address.
const CONNECTIONS_PER_IP: usize = 128;
/// A phone asks again after a restart.
const GRACE: Duration = Duration::from_secs(2);
/// How often the certificate's files are looked at.
const CERTIFICATE_WATCH: Duration = Duration::from_secs(30);

/// Serves the phones, runs the match, signs the result.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A match on one machine, with the folders of a pair that the factory made (ruleset short takes half a minute):
  countersign-device slave  GL-00001/slave  --link udp:127.0.0.1:7002,127.0.0.1:7001
  countersign-device master GL-00001/master --link udp:127.0.0.1:7001,127.0.0.1:7002 \\
      --listen 127.0.0.1:8443 --http 127.0.0.1:8080 --identify connection
  countersign-device button --folder GL-00001
  countersign-device hit --folder GL-00001 --end north
  countersign-device hit --folder GL-00001 --end south
Now the lobby is open: https://127.0.0.1:8443/ shows it.")]
pub(crate) struct MasterArgs {
    #[command(flatten)]
    common: Common,

    /// Where phones come in with HTTPS, or none; by default network.https of device.toml on all addresses
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<ListenSpec>,

    /// Where phones come in without TLS, or none; by default network.http of device.toml on all addresses
    #[arg(long, value_name = "ADDRESS")]
    http: Option<ListenSpec>,

    /// Where this answers DNS for its own name, as in 10.77.77.1:53; by default nowhere
    ///
    /// For phones on the device's own Wi-Fi, which learn network.host there. All other names are refused.
    #[arg(long, value_name = "ADDRESS")]
    dns: Option<SocketAddr>,

    /// How the halves talk: udp:OWN,OTHER or serial:PATH@BAUD; by default udp with network.link of device.toml
    ///
    /// Without OTHER, answers go to whoever was heard last. Nothing that is heard is believed unless it is sealed by the slave.
    #[arg(long, value_name = "LINK")]
    link: Option<LinkSpec>,

    /// What counts as one phone: "one player for each radio" rests on it
    #[arg(long, value_enum, default_value = "mac")]
    identify: Identify,
}

/// Runs until told to end.
pub(crate) async fn run(args: MasterArgs) -> Result<(), DeviceError> {
    let started = prepare(&args.common, Half::Master).await?;
    let network = started.provision.config.network.clone();
    let Doors { plain, secure } = Doors::open(&args, &network)?;
    let dns = own_name(args.dns, &network).await?;
    let link = link::open(&args.link.unwrap_or_else(|| default_link(&network))).await?;
    let place = Place {
        https: secure.as_ref().map(|(listener, _)| listener.local_addr()),
        http: plain.as_ref().map(Listener::local_addr),
        dns: dns.as_ref().map(Responder::local_addr).transpose()?,
        link: link.place.clone(),
    };
    let Started { provision, key, state, clock, calibration, felt, control, ending } = started;
    let (journal, bytes) = Journal::open(state.path())?;
    let (keyset, roots) = keyset(&provision, &state)?;
    let record = state.link()?;
    let tls = secure.as_ref().map(|(_, tls)| tls.clone());
    let Kept { key: tls_key, chain } = tls.as_ref().map(Tls::kept).transpose()?.unwrap_or_default();
    let parts = Parts {
        setup: setup(&provision),
        signer: key,
        entropy: Random::start()?,
        keyset,
        roots: roots.clone(),
        certificate: state.certificate()?,
        tls_key,
        chain,
        journal: &bytes,
        link: record.as_deref(),
        boot: state.count_boot()?,
        calibration,
    };
    let boot = parts.boot;
    let (device, found) = Device::start(parts, clock.now()).map_err(DeviceError::LinkRecord)?;
    let outbox = state.outbox();
    let (views, newest) = watch::channel(Latest::default());
    let (drops, dropped) = watch::channel(0);
    let mut half = MasterHalf {
        device,
        journal,
        state,
        roots,
        views,
        drops,
        display: Display::new(args.common.display),
        light: None,
        boot,
        config: provision.config,
        place,
        tls,
        asking: None,
    };
    half.journal.cut(found.valid)?;
    tracing::info!(boot, dropped = found.dropped, open_match = found.open_match, "started");
    half.greet();
    let radios = Radios::new(args.identify)?;
    let running = Running::start(half, clock, link, felt, control)?;
    let handle = running.handle.clone();
    let app = http::App { handle, views: newest, drops: dropped, radios, outbox };
    let mut serving = Doors { plain, secure }.serve(&http::router(Arc::new(app)), &running.stop);
    if let Some(dns) = dns {
        let mut stop = running.stop.subscribe();
        serving.spawn(dns.run(async move { drop(stop.wait_for(|stop| *stop).await) }));
    }
    let outcome = running.wait(ending).await;
    while serving.join_next().await.is_some() {}
    outcome
}

async fn own_name(
    listen: Option<SocketAddr>,
    network: &NetworkConfig,
) -> Result<Option<Responder>, DeviceError> {
    Ok(match listen {
        Some(listen) => Some(Responder::own_name(listen, &network.host, network.address).await?),
        None => None,
    })
}

/// Where phones come in.
struct Doors {
    plain: Option<Listener>,
    secure: Option<(Listener, Tls)>,
}

impl Doors {
    fn open(args: &MasterArgs, network: &NetworkConfig) -> Result<Self, DeviceError> {
        let secure = match address(args.listen, network.https) {
            None => None,
            Some(address) => {
                let tls = Tls::load(&args.common.folder, network)?;
                Some((Listener::tls(address, listen_config(), &tls.certificate)?, tls))
            }
        };
        let plain = address(args.http, network.http);
        let plain = plain.map(|address| Listener::plain(address, listen_config())).transpose()?;
        Ok(Self { plain, secure })
    }

    fn serve(self, router: &Router, stop: &watch::Sender<bool>) -> JoinSet<()> {
        let mut serving = JoinSet::new();
        if let Some(listener) = self.plain {
            serving.spawn(serve(listener, router.clone(), stop.subscribe()));
        }
        if let Some((listener, tls)) = self.secure {
            tokio::spawn(tls.certificate.watch(CERTIFICATE_WATCH));
            serving.spawn(serve(listener, router.clone(), stop.subscribe()));
        }
        serving
    }
}

async fn serve(listener: Listener, router: Router, mut stop: watch::Receiver<bool>) {
    listener.serve(router, async move { drop(stop.wait_for(|stop| *stop).await) }).await;
}

fn address(given: Option<ListenSpec>, port: u16) -> Option<SocketAddr> {
    match given {
        Some(ListenSpec(address)) => address,
        None => Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))),
    }
}

/// The slave knows our address, and we answer where it speaks from.
fn default_link(network: &NetworkConfig) -> LinkSpec {
    LinkSpec::Udp { local: (Ipv4Addr::UNSPECIFIED, network.link).into(), remote: None }
}

fn listen_config() -> ListenConfig {
    ListenConfig {
        max_connections: CONNECTIONS,
        max_connections_per_ip: CONNECTIONS_PER_IP,
        shutdown_grace: GRACE,
        ..ListenConfig::default()
    }
}

fn setup(provision: &Provision) -> Setup {
    let pair = &provision.pair.value;
    Setup {
        realm: provision.realm.clone(),
        device: pair.device,
        master: pair.master.clone(),
        slave: pair.slave.clone(),
        firmware: firmware(),
        max_players: pair.max_players,
        journal_max: BYTES_MAX,
        params: provision.params.clone(),
    }
}

/// The version of this program: one byte for each of its numbers.
fn firmware() -> u32 {
    let parts = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    parts.iter().fold(0, |all, part| all << 8 | u32::from(part.parse::<u8>().unwrap_or(0)))
}

/// The newest key set, and who may sign one after it.
fn keyset(
    provision: &Provision,
    state: &crate::disk::StateFolder,
) -> Result<(Keyset, Vec<countersign::VerifyingKey>), DeviceError> {
    let made = provision.keyset.clone();
    let brought = state.keyset(&provision.realm, made.content.version)?;
    Ok(match brought {
        Some(keyset) => {
            let roots = keyset.content.roots.clone();
            (keyset, roots)
        }
        None => (made, provision.config.server.roots.clone()),
    })
}
