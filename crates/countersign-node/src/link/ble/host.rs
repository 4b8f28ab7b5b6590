//! One controller: its host, and the roles on it.

use super::frames::{CONNECTIONS, Pool, server, service_bytes};
use super::{Ble, BleError, Controller, central, peripheral};
use crate::link::Links;
use crate::random;
use bt_hci::cmd::le::LeSetScanParams;
use bt_hci::controller::{ControllerCmdSync, ExternalController};
use bt_hci_serial::SerialTransport;
use core::cell::RefCell;
use core::fmt;
use critical_section as _;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_adapters::tokio_1::FromTokio;
use std::collections::HashMap;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use trouble_host::prelude::*;

/// Commands that a controller has not answered yet.
const COMMANDS: usize = 10;
/// Peripherals that were found and not looked at yet.
const FOUND: usize = 16;
/// Tries to send before a connection is given up, and the pause between two.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);
/// What makes an address a random, static one (Core 6.0, vol. 6, part B, 1.3.2.1).
const STATIC: u8 = 0b1100_0000;

/// What both roles need of a controller.
pub(super) trait Able:
    trouble_host::Controller + ControllerCmdSync<LeSetScanParams>
{
}

impl<C: trouble_host::Controller + ControllerCmdSync<LeSetScanParams>> Able for C {}

/// Whom we are connected to, whoever connected.
pub(super) struct Known {
    own: [u8; 6],
    /// How many connections lead to an address.
    connections: RefCell<HashMap<[u8; 6], usize>>,
}

/// Counts one connection until it is dropped.
pub(super) struct Connected<'a> {
    known: &'a Known,
    address: [u8; 6],
}

impl Known {
    fn new(own: [u8; 6]) -> Self {
        Self { own, connections: RefCell::default() }
    }

    pub(super) fn enter(&self, address: Address) -> Connected<'_> {
        let address = address.addr.into_inner();
        *self.connections.borrow_mut().entry(address).or_default() += 1;
        Connected { known: self, address }
    }

    pub(super) fn has(&self, address: Address) -> bool {
        self.connections.borrow().contains_key(&address.addr.into_inner())
    }

    /// Both sides may have connected at once. The connection that the lower address made stays.
    pub(super) fn is_superfluous_from(&self, address: Address) -> bool {
        self.has(address) && address.addr.into_inner() > self.own
    }
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        let mut connections = self.known.connections.borrow_mut();
        if let Some(count) = connections.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&self.address);
            }
        }
    }
}

/// The library's packets are shared by all connections; when none is free, some connection is about to give one back.
pub(super) async fn patiently<T, E: From<Error>>(
    mut send: impl AsyncFnMut() -> Result<T, E>,
    is_full: impl Fn(&E) -> bool,
) -> Result<T, E> {
    for _ in 0..TRIES {
        match send().await {
            Err(error) if is_full(&error) => tokio::time::sleep(PAUSE).await,
            outcome => return outcome,
        }
    }
    Err(Error::OutOfMemory.into())
}

/// Opens the controller, says so, waits for the links, and carries frames.
pub(super) async fn run(
    spec: Ble,
    opened: oneshot::Sender<io::Result<()>>,
    go: oneshot::Receiver<Links>,
) -> Result<(), BleError> {
    match spec.controller {
        Controller::Tcp(addr) => match TcpStream::connect(addr).await {
            Ok(stream) => {
                let _waits = opened.send(Ok(()));
                let (reader, writer) = stream.into_split();
                let transport: SerialTransport<NoopRawMutex, _, _> =
                    SerialTransport::new(FromTokio::new(reader), FromTokio::new(writer));
                serve(spec, ExternalController::<_, COMMANDS>::new(transport), go).await
            }
            Err(error) => {
                let _waits = opened.send(Err(error));
                Ok(())
            }
        },
        Controller::Hci(number) => match open_hci(number) {
            Ok(controller) => {
                let _waits = opened.send(Ok(()));
                serve(spec, controller, go).await
            }
            Err(error) => {
                let _waits = opened.send(Err(error));
                Ok(())
            }
        },
    }
}

#[cfg(target_os = "linux")]
fn open_hci(number: u16) -> io::Result<ExternalController<bt_hci_linux::Transport, COMMANDS>> {
    bt_hci_linux::Transport::new(number).map(ExternalController::new)
}

#[cfg(not(target_os = "linux"))]
fn open_hci(_: u16) -> io::Result<ExternalController<NoTransport, COMMANDS>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux has HCI sockets"))
}

#[cfg(not(target_os = "linux"))]
type NoTransport = SerialTransport<NoopRawMutex, FromTokio<TcpStream>, FromTokio<TcpStream>>;

async fn serve<C: Able>(
    spec: Ble,
    controller: C,
    go: oneshot::Receiver<Links>,
) -> Result<(), BleError> {
    let Ok(links) = go.await else { return Ok(()) };
    let mut address = random::bytes::<6>();
    address[5] |= STATIC;
    let mut resources = Box::new(HostResources::<Pool, CONNECTIONS, 1>::new());
    let stack = trouble_host::new(controller, &mut *resources)
        .set_random_address(Address::random(address))
        .build();
    let (found, candidates) = mpsc::channel(FOUND);
    let listener = Listener { service: service_bytes(spec.service), found };
    let mut runner = stack.runner();
    let (server, frames) = server(spec.service);
    let known = Known::new(address);
    let roles = async {
        tokio::join!(
            async {
                if spec.role.is_peripheral() {
                    let shared = peripheral::Offer { links: &links, known: &known, stack: &stack };
                    shared.run(&server, frames, spec.service).await;
                }
            },
            async {
                if spec.role.is_central() {
                    let shared = central::Search { links: &links, known: &known, stack: &stack };
                    shared.run(candidates, spec.service).await;
                }
            },
        );
    };
    tokio::select! {
        outcome = runner.run_with_handler(&listener) => outcome.map_err(|error| failed(&error)),
        () = roles => Ok(()),
        () = links.ended() => Ok(()),
    }
}

fn failed<E: fmt::Debug>(error: &BleHostError<E>) -> BleError {
    BleError::Failed(format!("{error:?}"))
}

/// Hears advertisements.
struct Listener {
    service: [u8; 16],
    found: mpsc::Sender<Address>,
}

impl EventHandler for Listener {
    fn on_adv_reports(&self, reports: LeAdvReportsIter<'_>) {
        for report in reports.flatten() {
            self.heard(Address::new(report.addr_kind, report.addr), report.data);
        }
    }

    /// Some controllers report old advertisements in the new way.
    fn on_ext_adv_reports(&self, reports: LeExtAdvReportsIter<'_>) {
        for report in reports.flatten() {
            self.heard(Address::new(report.addr_kind, report.addr), report.data);
        }
    }
}

impl Listener {
    fn heard(&self, address: Address, data: &[u8]) {
        let offers = |structure| match structure {
            Ok(
                AdStructure::CompleteServiceUuids128(services)
                | AdStructure::IncompleteServiceUuids128(services),
            ) => services.contains(&self.service),
            Ok(_) | Err(_) => false,
        };
        if AdStructure::decode(data).any(offers) {
            // Heard again soon if there is no room now.
            let _full = self.found.try_send(address).is_err();
        }
    }
}
