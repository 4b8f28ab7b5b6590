//! The side that looks for others.

use super::frames::{AS_CENTRAL, Pool, characteristic_uuid, frame_max, service_uuid};
use super::host::{Able, Known, patiently};
use crate::link::{LinkEnd, Links, Place};
use core::time::Duration;
use countersign_mesh::Bearer;
use countersign_mesh::BleUuid;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::HashMap;
use tokio::sync::mpsc;
use tokio::time::Instant;
use trouble_host::prelude::*;

/// A peripheral that was found connects within this time, or has gone.
const CONNECT: Duration = Duration::from_secs(5);
/// From connecting to subscribing.
const SUBSCRIBE: Duration = Duration::from_secs(20);
/// A peripheral that failed is left alone for so long.
const SHUN: Duration = Duration::from_secs(10);
/// Peripherals that are left alone; the place is full of them if there are more.
const SHUNNED: usize = 64;
/// Pause after the controller refused to scan.
const AGAIN: Duration = Duration::from_secs(1);
/// Half of the time is left for advertising and for connections.
const SCAN_EVERY: embassy_time::Duration = embassy_time::Duration::from_millis(100);
const SCAN_FOR: embassy_time::Duration = embassy_time::Duration::from_millis(50);
/// Short, because relays are not on batteries and every hop adds its interval.
const INTERVAL_MIN: embassy_time::Duration = embassy_time::Duration::from_millis(15);
const INTERVAL_MAX: embassy_time::Duration = embassy_time::Duration::from_millis(30);
/// Services of a peripheral.
const SERVICES: usize = 8;

/// A node as central.
pub(super) struct Search<'a, 'stack, C> {
    pub(super) links: &'a Links,
    pub(super) known: &'a Known,
    pub(super) stack: &'a Stack<'stack, C, Pool>,
}

impl<'a, C: Able> Search<'a, '_, C> {
    /// Scans while there is room for another connection, and uses those that are there.
    pub(super) async fn run(&self, mut found: mpsc::Receiver<Address>, service: BleUuid) {
        let mut central = self.stack.central();
        let mut using = FuturesUnordered::new();
        let mut shunned: HashMap<[u8; 6], Instant> = HashMap::new();
        loop {
            if using.len() >= AS_CENTRAL {
                using.next().await;
                continue;
            }
            shunned.retain(|_, until| *until > Instant::now());
            let wanted = |address: Address| {
                !self.known.has(address) && !shunned.contains_key(&address.addr.into_inner())
            };
            let searching = self.search(&mut central, &mut found, wanted);
            let address = tokio::select! {
                Some(()) = using.next() => continue,
                address = searching => address,
            };
            let Some(address) = address else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            if shunned.len() < SHUNNED {
                shunned.insert(address.addr.into_inner(), Instant::now() + SHUN);
            }
            match self.connect(&mut central, address).await {
                Some(connection) => using.push(self.serve(connection, service)),
                None => tracing::debug!(%address, "found, but not connected"),
            }
        }
    }

    async fn search(
        &self,
        central: &mut Central<'a, C, Pool>,
        found: &mut mpsc::Receiver<Address>,
        wanted: impl Fn(Address) -> bool,
    ) -> Option<Address> {
        let config = ScanConfig {
            active: false,
            interval: SCAN_EVERY,
            window: SCAN_FOR,
            ..ScanConfig::default()
        };
        let mut scanner = Scanner::new(central);
        let session = scanner.scan(&config).await.ok()?;
        let address = loop {
            let address = found.recv().await?;
            if wanted(address) {
                break address;
            }
        };
        session.stop().await;
        Some(address)
    }

    async fn connect(
        &self,
        central: &mut Central<'a, C, Pool>,
        address: Address,
    ) -> Option<Connection<'a, Pool>> {
        let config = ConnectConfig {
            scan_config: ScanConfig { filter_accept_list: &[address], ..ScanConfig::default() },
            connect_params: RequestedConnParams {
                min_connection_interval: INTERVAL_MIN,
                max_connection_interval: INTERVAL_MAX,
                ..RequestedConnParams::default()
            },
        };
        tokio::time::timeout(CONNECT, central.connect(&config)).await.ok()?.ok()
    }

    async fn serve(&self, connection: Connection<'a, Pool>, service: BleUuid) {
        let _connected = self.known.enter(connection.peer_address());
        let opening = GattClient::<C, Pool, SERVICES>::new(self.stack, &connection);
        let Ok(Ok(client)) = tokio::time::timeout(SUBSCRIBE, opening).await else { return };
        tokio::select! {
            _ended = client.task() => {}
            () = events(&connection, self.stack) => {}
            used = self.exchange(&client, &connection, service) => {
                if let Err(error) = used {
                    tracing::debug!(?error, "a peripheral was left");
                }
            }
        }
    }

    async fn exchange(
        &self,
        client: &GattClient<'_, C, Pool, SERVICES>,
        connection: &Connection<'a, Pool>,
        service: BleUuid,
    ) -> Result<(), BleHostError<C::Error>> {
        let subscribing = tokio::time::timeout(SUBSCRIBE, async {
            let services = client.services_by_uuid(&service_uuid(service)).await?;
            let ours = services.first().ok_or(Error::NotFound)?;
            let uuid = characteristic_uuid(service);
            let frames = client.characteristic_by_uuid::<[u8]>(ours, &uuid).await?;
            let heard = client.subscribe(&frames, false).await?;
            Ok::<_, BleHostError<C::Error>>((frames, heard))
        });
        let (frames, mut heard) = subscribing.await.map_err(|_| Error::Timeout)??;
        let place = Place::new("ble to", connection.peer_address());
        let up = self.links.up(place, Bearer::PointToPoint, frame_max(connection)).await;
        let Ok(end) = up else { return Ok(()) };
        // Both at once: a side that only says would never hear the other.
        tokio::select! {
            () = async { loop { end.hear(heard.next().await.as_ref()); } } => Ok(()),
            said = say(client, &frames, &end) => said,
        }
    }
}

async fn say<C: Able>(
    client: &GattClient<'_, C, Pool, SERVICES>,
    frames: &Characteristic<[u8]>,
    end: &LinkEnd,
) -> Result<(), BleHostError<C::Error>> {
    let is_full =
        |error: &BleHostError<C::Error>| matches!(error, BleHostError::BleHost(Error::OutOfMemory));
    while let Some(frame) = end.next().await {
        let write = async || client.write_handle_without_response(frames.handle, &frame).await;
        patiently(write, is_full).await?;
    }
    Ok(())
}

/// Until the connection is gone.
async fn events<C: Able>(connection: &Connection<'_, Pool>, stack: &Stack<'_, C, Pool>) {
    loop {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the library has many events that change nothing here"
        )]
        match connection.next().await {
            ConnectionEvent::Disconnected { .. } => return,
            ConnectionEvent::RequestConnectionParams(request) => {
                drop(request.accept(None, stack).await);
            }
            _ => {}
        }
    }
}
