//! Links besides the WebSocket of the hub's own pages.

use crate::error::HubError;
use countersign_mesh::BleUuid;
use countersign_node::link::{Links, udp, ws};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::task::JoinSet;

/// Which links a hub has.
#[derive(Debug, Clone, Default)]
pub struct LinkOptions {
    /// A multicast group, and the address of the interface to speak on.
    pub multicast: Option<(SocketAddr, Option<Ipv4Addr>)>,
    /// Where neighbours reach us by UDP, and those whose addresses we know.
    pub udp: Option<(SocketAddr, Vec<SocketAddr>)>,
    /// Nodes whose WebSocket we connect to: `ws://192.0.2.7:7868/mesh`.
    pub peers: Vec<String>,
    /// The Bluetooth controller to be found by.
    #[cfg(feature = "ble")]
    pub ble: Option<countersign_node::link::ble::Controller>,
}

impl LinkOptions {
    /// Opens them all; `service` is what Bluetooth offers. Gives where UDP neighbours reach us.
    pub(crate) async fn start(
        &self,
        links: Links,
        service: BleUuid,
        carriers: &mut JoinSet<()>,
    ) -> Result<Option<SocketAddr>, HubError> {
        let failed = |error: &dyn core::fmt::Display| HubError::Link(error.to_string());
        if let Some((group, interface)) = self.multicast {
            let network = udp::multicast(udp::Multicast { group, interface });
            let network = network.map_err(|error| failed(&error))?;
            carriers.spawn(network.carry(links.clone()));
        }
        let mut addr = None;
        if let Some((local, named)) = &self.udp {
            let peers = udp::peers(*local, named.clone()).await.map_err(|error| failed(&error))?;
            addr = Some(peers.local_addr());
            carriers.spawn(peers.carry(links.clone()));
        }
        for peer in &self.peers {
            let client: ws::Client = peer.parse().map_err(|error| failed(&error))?;
            carriers.spawn(client.carry(links.clone()));
        }
        #[cfg(feature = "ble")]
        if let Some(controller) = self.ble {
            use countersign_node::link::ble::{Ble, Role};
            let ble = Ble { controller, role: Role::Peripheral, service };
            let radio = ble.open().await.map_err(|error| failed(&error))?;
            carriers.spawn(async move {
                if let Err(error) = radio.carry(links).await {
                    tracing::error!(%error, "Bluetooth has ended");
                }
            });
        }
        #[cfg(not(feature = "ble"))]
        let _unused = service;
        Ok(addr)
    }
}
