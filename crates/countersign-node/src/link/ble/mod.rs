//! Bluetooth Low Energy: one GATT service with one characteristic. A write without response goes up, a notification comes down.
//!
//! A node is peripheral (phones and relays connect to it), central (it looks for others), or both. The host side of Bluetooth is
//! in the program (TrouBLE); it needs a controller and nothing of the system's own Bluetooth: on Linux a user channel of the
//! HCI socket, which takes the adapter away from everybody else and needs `CAP_NET_ADMIN`, or a controller behind TCP that
//! speaks H4, as virtual ones do.
//!
//! Nothing is paired and nothing is encrypted at this layer: packets carry their own seals.

mod central;
mod frames;
mod host;
mod peripheral;

use super::Links;
use core::fmt;
use core::str::FromStr;
use countersign_mesh::BleUuid;
use std::io;
use std::net::SocketAddr;
use tokio::sync::oneshot;

/// Which side of a connection a node takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is found.
    Peripheral,
    /// It looks for others.
    Central,
    /// Both at once, with one controller.
    Both,
}

/// Where the controller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// `hci0` is 0. Linux.
    Hci(u16),
    /// HCI H4 over TCP.
    Tcp(SocketAddr),
}

/// A controller, and what a node does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ble {
    /// Where it is.
    pub controller: Controller,
    /// What the node is.
    pub role: Role,
    /// What it offers or looks for.
    pub service: BleUuid,
}

/// Why Bluetooth cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BleError {
    /// The controller cannot be opened.
    #[error("the Bluetooth controller {controller} cannot be used: {source}{}", hint(*controller))]
    Open {
        /// Where it should be.
        controller: Controller,
        /// What the system said.
        source: io::Error,
    },
    /// No thread, or no runtime.
    #[error("Bluetooth cannot be started: {0}")]
    Start(io::Error),
    /// The controller fails, or is not one.
    #[error("the Bluetooth controller has failed: {0}")]
    Failed(String),
}

fn hint(controller: Controller) -> &'static str {
    match controller {
        Controller::Hci(_) => {
            "; it must exist, be down (`hciconfig hci0 down`) and the program needs CAP_NET_ADMIN"
        }
        Controller::Tcp(_) => "",
    }
}

/// A controller that was opened; its thread waits for links.
#[derive(Debug)]
pub struct Radio {
    go: oneshot::Sender<Links>,
    ended: oneshot::Receiver<Result<(), BleError>>,
}

impl Ble {
    /// Opens the controller.
    pub async fn open(self) -> Result<Radio, BleError> {
        let (opened, outcome) = oneshot::channel();
        let (go, gone) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        // The host is not `Send`: it stays on a thread of its own.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(BleError::Start)?;
        let thread = std::thread::Builder::new().name("ble".to_owned());
        let run = move || drop(end.send(runtime.block_on(host::run(self, opened, gone))));
        thread.spawn(run).map_err(BleError::Start)?;
        match outcome.await {
            Ok(Ok(())) => Ok(Radio { go, ended }),
            Ok(Err(source)) => Err(BleError::Open { controller: self.controller, source }),
            Err(_) => Err(BleError::Failed("its thread has ended".to_owned())),
        }
    }
}

impl Radio {
    /// Carries frames until the node ends, or the controller fails.
    pub async fn carry(self, links: Links) -> Result<(), BleError> {
        let _ended = self.go.send(links).is_err();
        self.ended.await.unwrap_or(Ok(()))
    }
}

impl Role {
    fn is_peripheral(self) -> bool {
        match self {
            Self::Peripheral | Self::Both => true,
            Self::Central => false,
        }
    }

    fn is_central(self) -> bool {
        match self {
            Self::Central | Self::Both => true,
            Self::Peripheral => false,
        }
    }
}

/// Why a text names no controller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no Bluetooth controller: it is hci0, hci1, …, or tcp:127.0.0.1:47811")]
pub struct ControllerError(String);

impl FromStr for Controller {
    type Err = ControllerError;

    fn from_str(text: &str) -> Result<Self, ControllerError> {
        let failed = || ControllerError(text.to_owned());
        if let Some(addr) = text.strip_prefix("tcp:") {
            return addr.parse().map(Self::Tcp).map_err(|_| failed());
        }
        let number = text.strip_prefix("hci").ok_or_else(failed)?;
        number.parse().map(Self::Hci).map_err(|_| failed())
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hci(number) => write!(f, "hci{number}"),
            Self::Tcp(addr) => write!(f, "tcp:{addr}"),
        }
    }
}

#[cfg(test)]
mod tests;
