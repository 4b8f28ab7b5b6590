//! Which links a relay has.

use crate::server::Failure;
use axum::Router;
use clap::Args;
use countersign_listen::{ListenConfig, Listener};
#[cfg(feature = "ble")]
use countersign_mesh::BleUuid;
use countersign_node::link::Links;
#[cfg(feature = "ble")]
use countersign_node::link::ble::{Ble, Controller, Role};
use countersign_node::link::udp::{Multicast, multicast, peers};
use countersign_node::link::ws::{self, Client};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::sync::{mpsc, watch};

/// Administratively scoped: no router forwards it by default.
const GROUP: &str = "239.255.78.68:7868";

#[derive(Debug, Clone, Args)]
pub(super) struct LinkArgs {
    /// Everybody on the network, by UDP multicast; IPv6: `[ff12::7868%2]:7868` with the interface's number
    #[arg(long, value_name = "GROUP", num_args = 0..=1, default_missing_value = GROUP)]
    udp: Option<SocketAddr>,
    /// Address of the interface for IPv4 multicast [default: the one of the default route]
    #[arg(long, value_name = "ADDRESS", requires = "udp")]
    udp_interface: Option<Ipv4Addr>,
    /// A neighbour by its address, over UDP; may be given often
    #[arg(long, value_name = "ADDRESS")]
    peer: Vec<SocketAddr>,
    /// Where neighbours reach us over UDP [default with --peer: any free port]
    #[arg(long, value_name = "ADDRESS")]
    peer_listen: Option<SocketAddr>,
    /// Phones and relays connect here, at /mesh
    #[arg(long, value_name = "ADDRESS")]
    ws_listen: Option<SocketAddr>,
    /// Connects to a hub or relay, for example ws://192.0.2.7:7868/mesh; may be given often
    #[arg(long, value_name = "URL")]
    ws: Vec<Client>,
    #[cfg(feature = "ble")]
    #[command(flatten)]
    ble: BleArgs,
}

#[cfg(feature = "ble")]
#[derive(Debug, Clone, Args)]
struct BleArgs {
    /// A Bluetooth controller: hci0, or tcp:127.0.0.1:47811 for a virtual one; may be given often
    #[arg(long, value_name = "CONTROLLER", requires = "ble_uuid")]
    ble: Vec<Controller>,
    /// BLE_UUID of the event's code
    #[arg(long, value_name = "UUID")]
    ble_uuid: Option<BleUuid>,
    /// Whether it is found, looks for others, or both
    #[arg(long, value_name = "ROLE", default_value = "both")]
    ble_role: BleRole,
}

#[cfg(feature = "ble")]
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BleRole {
    Peripheral,
    Central,
    Both,
}

/// What runs besides the node.
pub(super) struct Carriers {
    /// Where it is, in words.
    pub(super) places: Vec<String>,
    links: Links,
    stop: watch::Sender<bool>,
    failures: mpsc::UnboundedReceiver<String>,
    fails: mpsc::UnboundedSender<String>,
}

impl LinkArgs {
    #[cfg(feature = "ble")]
    fn has_ble(&self) -> bool {
        !self.ble.ble.is_empty()
    }

    #[cfg(not(feature = "ble"))]
    fn has_ble(&self) -> bool {
        false
    }

    fn has_peers(&self) -> bool {
        !self.peer.is_empty() || self.peer_listen.is_some()
    }

    /// A relay without a link is a mistake.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let has_ws = !self.ws.is_empty() || self.ws_listen.is_some();
        if self.udp.is_some() || self.has_peers() || has_ws || self.has_ble() {
            return Ok(());
        }
        Err("a relay needs a link: --udp, --peer, --peer-listen, --ws, --ws-listen or --ble; \
             `countersign relay --help` has examples"
            .into())
    }

    /// Opens all of them; what cannot be opened is an error now, what fails later is tried again.
    pub(super) async fn open(&self, links: Links) -> Result<Carriers, Failure> {
        let (fails, failures) = mpsc::unbounded_channel();
        let stop = watch::channel(false).0;
        let mut carriers = Carriers { places: Vec::new(), links, stop, failures, fails };
        if let Some(group) = self.udp {
            let network = multicast(Multicast { group, interface: self.udp_interface })?;
            carriers.places.push(format!("multicast {group}"));
            tokio::spawn(network.carry(carriers.links.clone()));
        }
        if self.has_peers() {
            let local = self.peer_listen.unwrap_or_else(|| any_port(&self.peer));
            let peers = peers(local, self.peer.clone()).await?;
            carriers.places.push(format!("udp {}", peers.local_addr()));
            tokio::spawn(peers.carry(carriers.links.clone()));
        }
        for client in &self.ws {
            carriers.places.push(format!("connecting to {client}"));
            tokio::spawn(client.clone().carry(carriers.links.clone()));
        }
        if let Some(addr) = self.ws_listen {
            let router = ws::router(carriers.links.clone());
            carriers.serve("mesh at ws", addr, router)?;
        }
        #[cfg(feature = "ble")]
        self.ble.open(&mut carriers).await?;
        Ok(carriers)
    }
}

/// Of the family of the neighbours.
fn any_port(peers: &[SocketAddr]) -> SocketAddr {
    let is_v6 = peers.iter().any(SocketAddr::is_ipv6);
    let all: std::net::IpAddr =
        if is_v6 { std::net::Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    SocketAddr::new(all, 0)
}

#[cfg(feature = "ble")]
impl BleArgs {
    async fn open(&self, carriers: &mut Carriers) -> Result<(), Failure> {
        let Some(service) = self.ble_uuid else { return Ok(()) };
        let role = match self.ble_role {
            BleRole::Peripheral => Role::Peripheral,
            BleRole::Central => Role::Central,
            BleRole::Both => Role::Both,
        };
        for controller in &self.ble {
            let radio = Ble { controller: *controller, role, service }.open().await?;
            carriers.places.push(format!("bluetooth {controller}"));
            let (links, fails) = (carriers.links.clone(), carriers.fails.clone());
            tokio::spawn(async move {
                if let Err(error) = radio.carry(links).await {
                    // Nobody waits for it any more if this fails.
                    let _ended = fails.send(error.to_string()).is_err();
                }
            });
        }
        Ok(())
    }
}

impl Carriers {
    /// Serves over HTTP until [`Carriers::stop`].
    pub(super) fn serve(
        &mut self,
        what: &str,
        addr: SocketAddr,
        router: Router,
    ) -> Result<(), Failure> {
        let config = ListenConfig {
            // Links stay; phones of one access point may share an address.
            max_connections: 64,
            max_connections_per_ip: 64,
            shutdown_grace: std::time::Duration::from_secs(1),
            ..ListenConfig::default()
        };
        let listener = Listener::plain(addr, config)?;
        self.places.push(format!("{what}://{}", listener.local_addr()));
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
            listener.serve(router, stopped).await;
        });
        Ok(())
    }

    /// When one of them has failed for good: a Bluetooth controller that is gone does not come back under the same program.
    pub(super) async fn failed(&mut self) -> Failure {
        match self.failures.recv().await {
            Some(failure) => failure.into(),
            None => std::future::pending().await,
        }
    }

    /// Ends the listeners; links end with the node.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }
}
