//! The side that is found.

use super::frames::{AS_PERIPHERAL, Pool, Server, frame_max, service_bytes};
use super::host::{Able, Known, patiently};
use crate::link::{LinkEnd, Links, Place};
use core::time::Duration;
use countersign_mesh::Bearer;
use countersign_mesh::BleUuid;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use trouble_host::prelude::*;

/// From connecting to subscribing.
const SUBSCRIBE: Duration = Duration::from_secs(20);
/// Pause after the controller refused to advertise.
const AGAIN: Duration = Duration::from_secs(1);
/// Bytes of an advertisement.
const ADVERTISEMENT: usize = 31;

/// A node as peripheral.
pub(super) struct Offer<'a, 'stack, C> {
    pub(super) links: &'a Links,
    pub(super) known: &'a Known,
    pub(super) stack: &'a Stack<'stack, C, Pool>,
}

impl<C: Able> Offer<'_, '_, C> {
    /// Advertises while there is room for another connection, and serves those that are there.
    pub(super) async fn run(
        &self,
        server: &Server<'_>,
        frames: Characteristic<[u8]>,
        service: BleUuid,
    ) {
        let mut peripheral = self.stack.peripheral();
        let mut serving = FuturesUnordered::new();
        loop {
            if serving.len() >= AS_PERIPHERAL {
                serving.next().await;
                continue;
            }
            let accepting = accept(&mut peripheral, server, service);
            tokio::select! {
                Some(()) = serving.next() => {}
                accepted = accepting => match accepted {
                    Ok(connection) => serving.push(self.serve(connection, &frames)),
                    Err(error) => {
                        tracing::debug!(?error, "not advertising");
                        tokio::time::sleep(AGAIN).await;
                    }
                },
            }
        }
    }

    async fn serve(&self, connection: GattConnection<'_, '_, Pool>, frames: &Characteristic<[u8]>) {
        let peer = connection.raw().peer_address();
        if self.known.is_superfluous_from(peer) {
            return;
        }
        let _connected = self.known.enter(peer);
        let subscribed = tokio::time::timeout(SUBSCRIBE, async {
            while !frames.should_notify(&connection) {
                self.take(&connection, frames, None).await?;
            }
            Some(())
        });
        let Ok(Some(())) = subscribed.await else { return };
        let (place, mtu) = (Place::new("ble from", peer), frame_max(connection.raw()));
        let Ok(end) = self.links.up(place, Bearer::PointToPoint, mtu).await else { return };
        // Both at once: a side that only says would never hear the other.
        tokio::select! {
            () = async { while self.take(&connection, frames, Some(&end)).await.is_some() {} } => {}
            () = say(&connection, frames, &end) => {}
        }
    }

    /// The next event; `None` when the connection is gone.
    async fn take(
        &self,
        connection: &GattConnection<'_, '_, Pool>,
        frames: &Characteristic<[u8]>,
        end: Option<&LinkEnd>,
    ) -> Option<()> {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the library has many events that change nothing here"
        )]
        match connection.next().await {
            GattConnectionEvent::Disconnected { .. } => return None,
            GattConnectionEvent::RequestConnectionParams(request) => {
                drop(request.accept(None, self.stack).await);
            }
            GattConnectionEvent::Gatt { event: GattEvent::Write(write) }
                if write.handle() == frames.handle =>
            {
                if let Some(end) = end {
                    write.with_data(|offset, frame| {
                        if offset == 0 {
                            end.hear(frame);
                        }
                    });
                }
                if let Ok(reply) = write.accept_unprocessed() {
                    reply.send().await;
                }
            }
            GattConnectionEvent::Gatt { event } => {
                if let Ok(reply) = event.accept() {
                    reply.send().await;
                }
            }
            _ => {}
        }
        Some(())
    }
}

async fn accept<'stack, 'server, 'values, C: Able>(
    peripheral: &mut Peripheral<'stack, C, Pool>,
    server: &'server Server<'values>,
    service: BleUuid,
) -> Result<GattConnection<'stack, 'server, Pool>, BleHostError<C::Error>> {
    let mut data = [0; ADVERTISEMENT];
    let structures = [
        AdStructure::Flags(LE_GENERAL_DISCOVERABLE | BR_EDR_NOT_SUPPORTED),
        AdStructure::CompleteServiceUuids128(&[service_bytes(service)]),
    ];
    let len = AdStructure::encode_slice(&structures, &mut data)?;
    let advertisement =
        Advertisement::ConnectableScannableUndirected { adv_data: &data[..len], scan_data: &[] };
    let advertiser =
        peripheral.advertise(&AdvertisementParameters::default(), advertisement).await?;
    Ok(advertiser.accept().await?.with_attribute_server(server)?)
}

async fn say(
    connection: &GattConnection<'_, '_, Pool>,
    frames: &Characteristic<[u8]>,
    end: &LinkEnd,
) {
    while let Some(frame) = end.next().await {
        let notify = async || frames.notify_raw(connection, &frame, false).await;
        if patiently(notify, |error| *error == Error::OutOfMemory).await.is_err() {
            return;
        }
    }
}
