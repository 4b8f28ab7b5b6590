//! The attribute that carries frames.

use countersign_mesh::BleUuid;
use countersign_mesh::framing::gatt_value_len;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use trouble_host::prelude::*;

/// Attributes of our table: two mandatory services with two characteristics, ours with one and its subscription.
pub(super) const ATTRIBUTES: usize = 12;
/// Connections as peripheral and as central.
pub(super) const AS_PERIPHERAL: usize = 5;
pub(super) const AS_CENTRAL: usize = 3;
pub(super) const CONNECTIONS: usize = AS_PERIPHERAL + AS_CENTRAL;

pub(super) type Pool = DefaultPacketPool;
pub(super) type Server<'values> =
    AttributeServer<'values, NoopRawMutex, Pool, ATTRIBUTES, CONNECTIONS>;

/// Bytes of the largest frame on a connection.
pub(super) fn frame_max(connection: &Connection<'_, Pool>) -> usize {
    gatt_value_len(usize::from(connection.att_mtu()))
}

/// Bluetooth writes it backwards.
pub(super) fn service_bytes(service: BleUuid) -> [u8; 16] {
    let mut bytes = *service.as_bytes();
    bytes.reverse();
    bytes
}

pub(super) fn service_uuid(service: BleUuid) -> Uuid {
    Uuid::new_long(service_bytes(service))
}

pub(super) fn characteristic_uuid(service: BleUuid) -> Uuid {
    service_uuid(service.frames())
}

/// What a peripheral offers, and the characteristic in it. Frames are taken as they come, so the table stores none.
pub(super) fn server<'values>(service: BleUuid) -> (Server<'values>, Characteristic<[u8]>) {
    const NAME: &[u8] = b"Countersign";
    const APPEARANCE_UNKNOWN: &[u8] = &[0, 0];
    const GENERIC_ACCESS: u16 = 0x1800;
    const GENERIC_ATTRIBUTE: u16 = 0x1801;
    const DEVICE_NAME: u16 = 0x2a00;
    const APPEARANCE: u16 = 0x2a01;

    let mut table: AttributeTable<'values, NoopRawMutex, ATTRIBUTES> = AttributeTable::new();
    let mut access = table.add_service(Service::new(GENERIC_ACCESS));
    access.add_characteristic_ro(DEVICE_NAME, NAME).build();
    access.add_characteristic_ro(APPEARANCE, APPEARANCE_UNKNOWN).build();
    access.build();
    table.add_service(Service::new(GENERIC_ATTRIBUTE)).build();
    let mut ours = table.add_service(Service::new(service_uuid(service)));
    let props = &[CharacteristicProp::WriteWithoutResponse, CharacteristicProp::Notify];
    let frames =
        ours.add_characteristic_small(characteristic_uuid(service), props, ()).build().to_raw();
    ours.build();
    (AttributeServer::new(table), frames)
}
