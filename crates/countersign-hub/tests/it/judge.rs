//! A judge's device, as small as it can be: a node on the hub's WebSocket, the event's keys, a key of its own.

use crate::sample::{self, Deployment};
use countersign::{Signer, Timestamp};
use countersign_hub::Package;
use countersign_judging::Bundle;
use countersign_judging::auth::{AuthMessage, Hello, Proof, Welcome};
use countersign_mesh::relay::Limits;
use countersign_mesh::seal::{HubSealKey, open};
use countersign_mesh::{
    EventCode, EventKeys, Flags, HubKeys, Packet, PacketType, Receipt, ReceiptStatus, RelayConfig,
    Role, Sealer, ShortId, T16, VoteCode,
};
use countersign_node::link::ws::Client;
use countersign_node::{Event, Events, Node, NodeConfig};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Nothing here takes so long, unless it never ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Judge {
    number: u8,
    node: Node,
    events: Events,
    keys: EventKeys,
    sealer: Sealer,
    bundle: Bundle,
    /// What hubs said of packets, and when by the first of them.
    said: BTreeMap<ShortId, ReceiptStatus>,
}

fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

impl Judge {
    /// With what the QR said, connected to this hub.
    pub(crate) fn new(number: u8, package: &Package, code: &str, hub: SocketAddr) -> Self {
        let deployment = Deployment::new();
        let bundle = package.open(&deployment.trust()).unwrap().bundle.value;
        let code: EventCode = code.parse().unwrap();
        let salt = bundle.salt.unwrap();
        let keys = EventKeys::derive(&code.key, &salt, &bundle.id, code.key.epoch());
        let hubs = bundle.hubs.iter().map(|hub| hub.key.clone()).collect();
        let hubs = HubKeys::new(Deployment::realm(), bundle.id, hubs).unwrap();
        let role = Role::Member { keys: vec![keys.net.clone()], hubs };
        let limits = Limits { jitter_sparse: (0, 1), ..Limits::default() };
        let config = RelayConfig { role, limits };
        let (node, events) = Node::start(NodeConfig::new(config)).unwrap();
        let client: Client = format!("ws://{hub}/ws").parse().unwrap();
        tokio::spawn(client.carry(node.handle().links()));
        let sealer = Sealer::new([number + 1; 32]);
        Self { number, node, events, keys, sealer, bundle, said: BTreeMap::new() }
    }

    pub(crate) fn vote(&self, project: u8, revision: u32, points: &[u16]) -> Vec<u8> {
        sample::vote(self.number, project, revision, points, sample::now())
    }

    /// A new packet each time.
    pub(crate) fn packet(&self, content: &[u8]) -> Packet {
        let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
        self.sealer.seal(&self.keys, kind, flags, T16::UNKNOWN, content, &mut entropy).unwrap()
    }

    pub(crate) fn packet_for_hub(&self, content: &[u8], hub: usize) -> Packet {
        let key = HubSealKey::from_bytes(self.bundle.hubs[hub].sealing.unwrap());
        let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
        let sealer = &self.sealer;
        sealer
            .seal_to_hub(&self.keys, &key, kind, flags, T16::UNKNOWN, content, &mut entropy)
            .unwrap()
    }

    pub(crate) fn code_of(&self, content: &[u8]) -> String {
        VoteCode(self.packet(content)).to_text().unwrap()
    }

    pub(crate) async fn send(&self, packet: Packet) -> ShortId {
        self.node.handle().originate(packet).await.unwrap().short()
    }

    /// Sends until a hub says something about it: a hub that was just killed has heard nothing.
    pub(crate) async fn say(&mut self, content: &[u8]) -> ReceiptStatus {
        tokio::time::timeout(PATIENCE, async {
            loop {
                let packet = self.send(self.packet(content)).await;
                let wait = tokio::time::timeout(Duration::from_secs(2), self.receipt(packet));
                if let Ok(status) = wait.await {
                    return status;
                }
            }
        })
        .await
        .unwrap()
    }

    pub(crate) async fn receipt(&mut self, packet: ShortId) -> ReceiptStatus {
        loop {
            if let Some(status) = self.said.get(&packet) {
                return *status;
            }
            if let Event::Receipt(said) = self.events.recv().await.unwrap() {
                self.note(&said.notice);
            }
        }
    }

    fn note(&mut self, receipt: &Receipt) {
        for item in &receipt.items {
            self.said.insert(item.packet, item.status);
        }
    }

    async fn ask(&mut self, content: &[u8]) -> AuthMessage {
        let (kind, keys) = (PacketType::Auth, self.keys.clone());
        loop {
            let packet =
                self.sealer.seal(&keys, kind, Flags::NONE, T16::UNKNOWN, content, &mut entropy);
            self.send(packet.unwrap()).await;
            let answer = async {
                loop {
                    let Event::Packet { packet, .. } = self.events.recv().await.unwrap() else {
                        continue;
                    };
                    if packet.packet().packet_type() == PacketType::Auth {
                        let content = open(&keys.app, &packet).unwrap();
                        return AuthMessage::decode(&content).unwrap();
                    }
                }
            };
            if let Ok(answer) = tokio::time::timeout(Duration::from_secs(2), answer).await {
                return answer;
            }
        }
    }

    /// The whole handshake, with a clock that shows this.
    pub(crate) async fn introduce(&mut self, clock: Timestamp) -> Welcome {
        let hello =
            Hello { judge: format!("J{}", self.number).parse().unwrap(), nonce: [self.number; 16] };
        let AuthMessage::Challenge(challenge) = self.ask(&hello.encode()).await else {
            panic!("no challenge");
        };
        let proof = Proof { challenge, clock, bundle_version: self.bundle.version };
        let key = sample::judge_key(self.number);
        let (realm, event) = (Deployment::realm(), self.bundle.id);
        let proof = proof.sign(&realm, &event, &key).unwrap();
        let AuthMessage::Welcome(welcome) = self.ask(&proof).await else { panic!("no welcome") };
        let hub = &self.bundle.hubs[0].key;
        assert!(hub.fingerprint() != key.verifying_key().fingerprint());
        welcome.verify(&realm, &event, hub, &hello.nonce).unwrap()
    }

    /// Until a hub orders this.
    pub(crate) async fn order(&mut self) -> countersign_mesh::Action {
        loop {
            if let Event::Control(said) = self.events.recv().await.unwrap() {
                return said.notice.action;
            }
        }
    }
}
