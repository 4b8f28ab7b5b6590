//! An event with its keys, and nodes that judge, carry and receive.

use countersign::{EventId, Realm, Signer as _, SigningKey, Timestamp};
use countersign_listen::{ListenConfig, Listener};
use countersign_mesh::hub::{self, Notice};
use countersign_mesh::{
    Beacon, EventKey, EventKeys, Flags, HubKeys, KeyEpoch, NetCode, Packet, PacketId, PacketType,
    Receipt, ReceiptItem, ReceiptStatus, RelayConfig, Role, Sealer, T16, Ttl,
};
use countersign_node::link::{udp, ws};
use countersign_node::{Event, Events, Node, NodeConfig, NodeHandle, Random, Status};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::oneshot;

/// Waits for all votes at a hub.
pub(crate) async fn all(received: oneshot::Receiver<BTreeSet<PacketId>>) -> BTreeSet<PacketId> {
    tokio::time::timeout(PATIENCE, received).await.unwrap().unwrap()
}

/// When a test gives up. Two busy cores take their time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Questions come often, so that tests do not wait for them.
const QUESTIONS: u64 = 700;
const START: u64 = 1_774_890_000_000;

/// The event's keys, the hub's among them.
pub(crate) struct World {
    id: EventId,
    realm: Realm,
    keys: EventKeys,
    hub: SigningKey,
    sealer: Sealer,
    random: Random,
    votes: u32,
}

impl World {
    pub(crate) fn new() -> Self {
        let id = EventId::new("FAIR-2026").unwrap();
        let key = EventKey::from_bytes([7; 32]);
        Self {
            id,
            realm: Realm::new("nodus", "fair.example.org").unwrap(),
            keys: EventKeys::derive(&key, &[9; 32], &id, KeyEpoch::new(0)),
            hub: SigningKey::from_seed(&[3; 32]),
            sealer: Sealer::new([5; 32]),
            random: Random::start().unwrap(),
            votes: 0,
        }
    }

    pub(crate) fn config(&self) -> NodeConfig {
        let keys = vec![self.hub.verifying_key().clone()];
        let hubs = HubKeys::new(self.realm.clone(), self.id, keys).unwrap();
        let role = Role::Member { keys: vec![self.keys.net.clone()], hubs };
        let mut relay = RelayConfig::new(role);
        relay.limits.sync_every = QUESTIONS;
        NodeConfig::new(relay)
    }

    /// What a relay box gets.
    pub(crate) fn net_text(&self) -> String {
        let (event, net, realm) = (self.id, self.keys.net.clone(), self.realm.clone());
        let hubs = vec![self.hub.verifying_key().clone()];
        NetCode { event, net, realm, hubs }.to_text().unwrap().as_str().to_owned()
    }

    /// As long as a real one, and different from all others.
    pub(crate) fn vote(&mut self) -> Packet {
        self.votes += 1;
        let mut content = vec![0x55; 174];
        content[..4].copy_from_slice(&self.votes.to_be_bytes());
        let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
        self.sealer.seal(&self.keys, kind, flags, T16::UNKNOWN, &content, &mut self.random).unwrap()
    }

    fn notice<T: Notice>(&mut self, notice: &T) -> Packet {
        let content = hub::sign(&self.realm, &self.id, &self.hub, notice).unwrap();
        let net = &self.keys.net;
        self.sealer.publish(net, T::TYPE, T16::UNKNOWN, &content, &mut self.random).unwrap()
    }

    pub(crate) fn receipt(&mut self, packet: &PacketId) -> Packet {
        let item = ReceiptItem { packet: packet.short(), status: ReceiptStatus::Accepted };
        self.notice(&Receipt { time: Timestamp::from_millis(START), items: vec![item] })
    }

    pub(crate) fn beacon(&mut self, sequence: u64) -> Packet {
        self.notice(&Beacon {
            sequence,
            time: Timestamp::from_millis(START),
            start: Timestamp::from_millis(START),
            bundle_version: 1,
            first_ttl: Ttl::MAX,
        })
    }
}

/// A node and what happens at it.
pub(crate) struct Site {
    pub(crate) node: Node,
    pub(crate) events: Events,
    pub(crate) handle: NodeHandle,
}

impl Site {
    pub(crate) fn start(config: NodeConfig) -> Self {
        let (node, events) = Node::start(config).unwrap();
        let handle = node.handle();
        Self { node, events, handle }
    }

    /// Neighbours over UDP; the address where this one is.
    pub(crate) async fn udp(&self, peers: &[SocketAddr]) -> SocketAddr {
        let local = "127.0.0.1:0".parse().unwrap();
        let peers = udp::peers(local, peers.to_vec()).await.unwrap();
        let addr = peers.local_addr();
        tokio::spawn(peers.carry(self.handle.links()));
        addr
    }

    pub(crate) fn ws_listen(&self) -> SocketAddr {
        let local = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::plain(local, ListenConfig::default()).unwrap();
        let addr = listener.local_addr();
        let router = ws::router(self.handle.links());
        tokio::spawn(listener.serve(router, std::future::pending()));
        addr
    }

    pub(crate) fn ws(&self, to: SocketAddr) {
        let client: ws::Client = format!("ws://{to}/mesh").parse().unwrap();
        tokio::spawn(client.carry(self.handle.links()));
    }

    /// Waits until the node's picture is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl FnMut(&Status) -> bool) -> Status {
        let mut status = self.handle.status();
        let waiting = tokio::time::timeout(PATIENCE, status.wait_for(is_so));
        let Ok(found) = waiting.await else {
            panic!("{what}: not within {PATIENCE:?}: {:#?}", *self.handle.status().borrow())
        };
        found.unwrap().clone()
    }

    /// Waits until none of these is kept any more.
    pub(crate) async fn settles(&self, packets: &[PacketId]) {
        let mut status = self.handle.status();
        let settling = async {
            loop {
                let packets = packets.to_vec();
                let kept = self.handle.call(move |relay, _| {
                    packets.iter().filter(|packet| relay.is_stored(packet)).count()
                });
                if kept.await.unwrap() == 0 {
                    return;
                }
                status.changed().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, settling).await.unwrap();
    }

    /// A hub: says the time, answers every vote with a receipt, and gives the ids once so many came.
    pub(crate) fn receives(
        self,
        mut world: World,
        votes: usize,
    ) -> oneshot::Receiver<BTreeSet<PacketId>> {
        let (all, received) = oneshot::channel();
        tokio::spawn(async move {
            // The whole of it: a node ends when it is dropped.
            let mut site = self;
            let mut all = Some(all);
            let mut seen = BTreeSet::new();
            let mut beacons = tokio::time::interval(Duration::from_millis(500));
            for sequence in 1.. {
                if seen.len() == votes {
                    // The test may have ended.
                    let _gone = all.take().is_some_and(|all| all.send(seen.clone()).is_err());
                }
                let said = tokio::select! {
                    event = site.events.recv() => match event {
                        Some(Event::Packet { packet, .. }) => {
                            let id = packet.into_packet().id();
                            assert!(seen.insert(id), "a packet comes once");
                            world.receipt(&id)
                        }
                        Some(Event::Beacon(_) | Event::Receipt(_) | Event::Control(_)) => continue,
                        None => return,
                    },
                    _ = beacons.tick() => world.beacon(sequence),
                };
                site.handle.originate(said).await.unwrap();
            }
        });
        received
    }

    /// Waits for the receipts of these packets.
    pub(crate) async fn is_told(&mut self, packets: &[PacketId]) {
        let mut left: BTreeSet<_> = packets.iter().map(PacketId::short).collect();
        while !left.is_empty() {
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
            let Ok(Some(event)) = event else {
                panic!(
                    "no receipt for {} packets: {:#?}",
                    left.len(),
                    *self.handle.status().borrow()
                )
            };
            if let Event::Receipt(said) = event {
                for item in said.notice.items {
                    assert_eq!(item.status, ReceiptStatus::Accepted);
                    left.remove(&item.packet);
                }
            }
        }
    }
}
