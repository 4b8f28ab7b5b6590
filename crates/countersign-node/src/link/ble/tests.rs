//! With virtual controllers, over HCI as a real one speaks it.

use super::{Ble, Controller, Role};
use crate::link::{Heard, Link, Links, Weight};
use controllers::controllers;
use core::time::Duration;
use countersign_mesh::BleUuid;
use std::net::SocketAddr;
use tokio::sync::mpsc;

#[path = "../../../tests/it/controllers.rs"]
mod controllers;

const DEADLINE: Duration = Duration::from_secs(30);

struct Radio {
    links: mpsc::Receiver<Link>,
}

async fn radio(addr: SocketAddr, role: Role, service: BleUuid) -> Radio {
    let spec = Ble { controller: Controller::Tcp(addr), role, service };
    let (links, arriving) = Links::new();
    let radio = spec.open().await.unwrap();
    tokio::spawn(async move { radio.carry(links).await.unwrap() });
    Radio { links: arriving }
}

impl Radio {
    async fn link(&mut self) -> Link {
        tokio::time::timeout(DEADLINE, self.links.recv()).await.unwrap().unwrap()
    }
}

async fn hears(link: &mut Link) -> Option<Vec<u8>> {
    let heard = tokio::time::timeout(DEADLINE, link.heard.recv()).await.unwrap();
    heard.map(|Heard { frame, .. }| frame)
}

#[tokio::test]
async fn a_relay_is_found_and_finds_with_one_controller() {
    let controllers = controllers(4, &[]);
    let ours = BleUuid::from_bytes([7; 16]);
    let other = BleUuid::from_bytes([8; 16]);
    let mut stranger = radio(controllers.addrs[3], Role::Peripheral, other).await;
    let mut hub = radio(controllers.addrs[0], Role::Peripheral, ours).await;
    let mut relay = radio(controllers.addrs[1], Role::Both, ours).await;
    let mut relay_to_hub = relay.link().await;
    let mut hub_to_relay = hub.link().await;
    let mut judge = radio(controllers.addrs[2], Role::Central, ours).await;
    let from_judge = judge.link().await;
    // Bluetooth's writes and notifications know no pushing back: what a host is behind with is lost.
    for _ in 0..10 {
        for _ in 0..20 {
            relay_to_hub.said.send(Weight::Packet, vec![1; relay_to_hub.mtu]);
            hub_to_relay.said.send(Weight::Packet, vec![2; hub_to_relay.mtu]);
            from_judge.said.send(Weight::Packet, vec![3; 240]);
        }
        for _ in 0..20 {
            assert_eq!(hears(&mut hub_to_relay).await.unwrap(), vec![1; hub_to_relay.mtu]);
            assert_eq!(hears(&mut relay_to_hub).await.unwrap(), vec![2; relay_to_hub.mtu]);
        }
    }
    assert_eq!(hub_to_relay.mtu, 244, "one value is one packet on the air");
    assert!(stranger.links.try_recv().is_err());
}

#[test]
fn controllers_are_named_as_the_system_names_them() {
    for text in ["hci0", "hci12", "tcp:127.0.0.1:47811"] {
        assert_eq!(text.parse::<Controller>().unwrap().to_string(), text);
    }
    for text in ["", "hci", "hcix", "0", "tcp:", "tcp:localhost", "hci70000"] {
        assert!(text.parse::<Controller>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_controller_that_is_not_there_is_an_error_with_its_reason() {
    let free = (std::net::Ipv4Addr::LOCALHOST, countersign_listen::free_port().unwrap()).into();
    let ble = Ble {
        controller: Controller::Tcp(free),
        role: Role::Both,
        service: BleUuid::from_bytes([7; 16]),
    };
    let error = ble.open().await.unwrap_err().to_string();
    assert!(error.contains(&free.to_string()) && error.contains("refused"), "{error}");
}
