//! `hub run`.

use crate::client::failure::Failure;
use crate::event::TrustArgs;
use crate::output;
use clap::Args;
use countersign_hub::{Hub, HubOptions, LinkOptions, Package};
use countersign_listen::Ending;
use countersign_mesh::EventCode;
use countersign_server::config::LogConfig;
use countersign_server::logging::Logging;
use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Runs the hub until it is told to end
#[derive(Debug, Args)]
#[command(after_help = "\
The first time it needs the event's package and a root that you trust; from then on both are optional, and a newer \
package is taken over. The event's key is drawn at the first start and kept in the folder.

A second hub of the same event gets the key of the first: --code with the text of its QR code. Merge both logs in \
the end.

The organiser's page is for this machine; --organiser-lan opens it to the network. It is plain HTTP: whoever listens \
in on the network then reads the token.")]
pub(super) struct Run {
    /// The hub's folder
    #[arg(long, value_name = "DIR", default_value = "hub", env = "COUNTERSIGN_HUB")]
    dir: PathBuf,
    /// The event's package, as `countersign event` or the server made it
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// Where pages and the mesh's WebSocket are
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8470")]
    listen: SocketAddr,
    /// Let other machines use the organiser's page, too
    #[arg(long)]
    organiser_lan: bool,
    /// A multicast group to meet relays in, as 239.78.68.1:7868
    #[arg(long, value_name = "GROUP")]
    multicast: Option<SocketAddr>,
    /// The address of the interface for the multicast group
    #[arg(long, value_name = "IPV4", requires = "multicast")]
    interface: Option<Ipv4Addr>,
    /// Where neighbours reach this hub by UDP
    #[arg(long, value_name = "ADDRESS")]
    udp: Option<SocketAddr>,
    /// A neighbour: an address for UDP, or ws://…; may be given often
    #[arg(long, value_name = "ADDRESS")]
    peer: Vec<String>,
    /// Be found over Bluetooth: hci0, or tcp:ADDRESS of a controller
    #[cfg(feature = "ble")]
    #[arg(long, value_name = "CONTROLLER")]
    ble: Option<countersign_node::link::ble::Controller>,
    /// The text of the event's QR code at another hub, for a second hub of the event
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        let runtime = super::runtime()?;
        runtime.block_on(async {
            let logging = Logging::start(&LogConfig::default()).map_err(Failure::usage)?;
            let ending = Ending::hear()?;
            let hub = Hub::start(self.options()?).await?;
            greet(&hub);
            let ended = hub.wait(ending).await;
            logging.end();
            Ok(ended?)
        })
    }

    fn options(self) -> Result<HubOptions, Failure> {
        let package = match &self.bundle {
            None => None,
            Some(path) => {
                let file = countersign_keys::disk::read_up_to(path, Package::MAX);
                let file = file.map_err(|error| Failure::usage(error.to_string()))?;
                let missing = || Failure::usage(format!("there is no file {}", path.display()));
                let bytes = file.ok_or_else(missing)?.content;
                Some((self.trust.package(&bytes)?, self.trust.trust()?))
            }
        };
        let code = self.code.as_deref().map(str::parse::<EventCode>).transpose();
        let code = code.map_err(|error| Failure::usage(format!("--code: {error}")))?;
        let (ws, udp): (Vec<_>, Vec<_>) =
            self.peer.into_iter().partition(|peer| peer.starts_with("ws"));
        let named = udp.iter().map(|peer| {
            let bad = |_| Failure::usage(format!("--peer {peer}: use 192.0.2.7:7868 or ws://…"));
            peer.parse::<SocketAddr>().map_err(bad)
        });
        let named = named.collect::<Result<Vec<_>, _>>()?;
        let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let udp = match (self.udp, named.is_empty()) {
            (None, true) => None,
            (local, _) => Some((local.unwrap_or(anywhere), named)),
        };
        Ok(HubOptions {
            dir: self.dir,
            package,
            listen: self.listen,
            organiser_lan: self.organiser_lan,
            code,
            links: LinkOptions {
                multicast: self.multicast.map(|group| (group, self.interface)),
                udp,
                peers: ws,
                #[cfg(feature = "ble")]
                ble: self.ble,
            },
        })
    }
}

fn greet(hub: &Hub) {
    if std::io::stdout().is_terminal()
        && let Ok(qr) = countersign_sheets::Qr::new(hub.code(), countersign_sheets::Correction::M)
    {
        output::line(&qr.terminal());
    }
    let port = hub.addr.port();
    let shown = match hub.addr.ip() {
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    let at = SocketAddr::new(shown, port);
    output::line(&format!("Hub {} at http://{}", hub.name(), hub.addr));
    output::line(&format!("Event code: {}", hub.code()));
    output::line(&format!("Organiser: http://{at}/organiser#{}", hub.token()));
    if let Some(udp) = hub.udp {
        output::line(&format!("UDP neighbours: {udp}"));
    }
}
