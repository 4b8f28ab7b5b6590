//! An event with its keys, and a network of relays whose radio is a queue.

use countersign::{EventId, Realm, SigningKey, Timestamp};
use countersign_mesh::hub::{self, HubKeys, Notice};
use countersign_mesh::relay::{Cause, DropReason, Limits, PeerId};
use countersign_mesh::*;
use std::collections::BTreeMap;

pub(crate) const START: u64 = 1_774_890_000_000;
pub(crate) const MINUTE: u64 = 60_000;

/// A generator for tests: the same seed, the same bytes.
#[derive(Debug, Clone)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl Entropy for Rng {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

/// One event: its keys, its hub, a device that makes packets.
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) realm: Realm,
    pub(crate) key: EventKey,
    pub(crate) keys: EventKeys,
    pub(crate) hub: SigningKey,
    pub(crate) sealer: Sealer,
    pub(crate) rng: Rng,
}

pub(crate) const VOTE: &[u8; 110] = b"{\"p\":\"PROJECT_004\",\"c\":\"INNOVATION\",\"s\":[9,8,10],\"g\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"t\":1774893600,\"j\":\"J017\",\"r\":1}";

impl Event {
    pub(crate) fn new(seed: u64) -> Self {
        let id = EventId::new("FAIR-2026").unwrap();
        let key = EventKey::from_bytes([7; 32]);
        Self {
            id,
            realm: Realm::new("nodus", "fair.example.org").unwrap(),
            keys: EventKeys::derive(&key, &[9; 32], &id, KeyEpoch::new(0)),
            key,
            hub: SigningKey::from_seed(&[3; 32]),
            sealer: Sealer::new([5; 32]),
            rng: Rng(seed),
        }
    }

    pub(crate) fn epoch(&self, epoch: u8) -> EventKeys {
        EventKeys::derive(&self.key, &[9; 32], &self.id, KeyEpoch::new(epoch))
    }

    pub(crate) fn hub_keys(&self) -> HubKeys {
        use countersign::Signer as _;
        let keys = vec![self.hub.verifying_key().clone()];
        HubKeys::new(self.realm.clone(), self.id, keys).unwrap()
    }

    pub(crate) fn member(&self) -> Role {
        Role::Member { keys: vec![self.keys.net.clone()], hubs: self.hub_keys() }
    }

    /// A vote of 110 bytes with its signature, in a new packet each time.
    pub(crate) fn vote(&mut self) -> Packet {
        self.vote_at(T16::UNKNOWN)
    }

    pub(crate) fn vote_at(&mut self, t16: T16) -> Packet {
        let content = [&VOTE[..], &[0x55; 64]].concat();
        let flags = Flags::RECEIPT_WANTED;
        self.sealer.seal(&self.keys, PacketType::Vote, flags, t16, &content, &mut self.rng).unwrap()
    }

    pub(crate) fn notice<T: Notice>(&mut self, notice: &T) -> Packet {
        let signer = self.hub.clone_for_test();
        self.notice_by(&signer, notice)
    }

    pub(crate) fn notice_by<T: Notice>(&mut self, signer: &SigningKey, notice: &T) -> Packet {
        let content = hub::sign(&self.realm, &self.id, signer, notice).unwrap();
        let net = &self.keys.net;
        self.sealer.publish(net, T::TYPE, T16::UNKNOWN, &content, &mut self.rng).unwrap()
    }

    pub(crate) fn receipt_for(&mut self, packets: &[PacketId]) -> Packet {
        let items = packets
            .iter()
            .map(|id| ReceiptItem { packet: id.short(), status: ReceiptStatus::Accepted })
            .collect();
        self.notice(&Receipt { time: Timestamp::from_millis(START), items })
    }

    pub(crate) fn beacon(&mut self, sequence: u64, minutes: u64) -> Packet {
        self.notice(&Beacon {
            sequence,
            time: Timestamp::from_millis(START + minutes * MINUTE),
            start: Timestamp::from_millis(START),
            bundle_version: 1,
            first_ttl: Ttl::MAX,
        })
    }

    pub(crate) fn relay(&self, seed: u64) -> Relay<Rng> {
        Relay::new(RelayConfig::new(self.member()), Rng(seed), 0)
    }
}

pub(crate) trait CloneForTest {
    fn clone_for_test(&self) -> Self;
}

impl CloneForTest for SigningKey {
    fn clone_for_test(&self) -> Self {
        Self::from_seed(&self.to_seed())
    }
}

pub(crate) const A: LinkId = LinkId(1);
pub(crate) const B: LinkId = LinkId(2);
pub(crate) const BIG: usize = 512;

/// A relay with two links between two, one to each side.
pub(crate) fn between(relay: &mut Relay<Rng>) {
    relay.link_up(A, Bearer::PointToPoint, BIG, 0).unwrap();
    relay.link_up(B, Bearer::PointToPoint, BIG, 0).unwrap();
}

/// Gives a packet in over a link, in one frame.
pub(crate) fn give(relay: &mut Relay<Rng>, link: LinkId, packet: &Packet, ttl: u8, now: u64) {
    let packet = packet.clone().with_ttl(Ttl::new(ttl));
    for frame in framing::split(packet.as_bytes(), 1_100, 0) {
        relay.handle_frame(Hop::only(link), &frame, now);
    }
}

/// What went out, without questions.
pub(crate) fn sent(relay: &mut Relay<Rng>) -> Vec<(LinkId, PacketId, Cause, Vec<u8>)> {
    let mut all = Vec::new();
    while let Some(output) = relay.poll_output() {
        if let Output::Send { link, frame, packet, cause } = output
            && cause != Cause::Question
        {
            all.push((link, packet, cause, frame));
        }
    }
    all
}

pub(crate) fn outputs(relay: &mut Relay<Rng>) -> Vec<Output> {
    std::iter::from_fn(|| relay.poll_output()).collect()
}

pub(crate) fn dropped(relay: &Relay<Rng>, reason: DropReason) -> u64 {
    relay.counters().dropped(reason)
}

/// Nodes that hear each other on this link.
pub(crate) struct Wire {
    pub(crate) members: Vec<usize>,
    pub(crate) bearer: Bearer,
    pub(crate) is_up: bool,
    /// Lost frames in a thousand.
    pub(crate) loss: u64,
}

/// Relays, wires, and frames on their way.
pub(crate) struct Network {
    pub(crate) event: Event,
    pub(crate) nodes: Vec<Relay<Rng>>,
    pub(crate) wires: Vec<Wire>,
    pub(crate) now: u64,
    /// Nodes that give nothing on.
    pub(crate) droppers: Vec<usize>,
    pub(crate) delivered: BTreeMap<(usize, PacketId), u64>,
    pub(crate) settled: Vec<(usize, Receipt)>,
    pub(crate) sends: Vec<(u64, usize, LinkId, PacketId, Cause)>,
    air: BTreeMap<(u64, u64), (usize, Hop, Vec<u8>)>,
    serial: u64,
    rng: Rng,
}

impl Network {
    pub(crate) fn new(seed: u64, nodes: usize, limits: Limits) -> Self {
        let event = Event::new(seed);
        let config = RelayConfig { role: event.member(), limits };
        let relay = |index| Relay::new(config.clone(), Rng(seed ^ index << 32), 0);
        Self {
            nodes: (0..nodes as u64).map(relay).collect(),
            event,
            wires: Vec::new(),
            now: 0,
            droppers: Vec::new(),
            delivered: BTreeMap::new(),
            settled: Vec::new(),
            sends: Vec::new(),
            air: BTreeMap::new(),
            serial: 0,
            rng: Rng(!seed),
        }
    }

    pub(crate) fn line(seed: u64, nodes: usize, frame_max: usize) -> Self {
        let mut network = Self::new(seed, nodes, Limits::default());
        for first in 1..nodes {
            network.join(Bearer::PointToPoint, &[first - 1, first], frame_max);
        }
        network
    }

    pub(crate) fn join(&mut self, bearer: Bearer, members: &[usize], frame_max: usize) -> usize {
        let link = LinkId(self.wires.len() as u32);
        let members = members.to_vec();
        for member in &members {
            self.nodes[*member].link_up(link, bearer, frame_max, self.now).unwrap();
        }
        self.wires.push(Wire { members, bearer, is_up: true, loss: 0 });
        self.drain();
        self.wires.len() - 1
    }

    pub(crate) fn vote_from(&mut self, node: usize) -> PacketId {
        let vote = self.event.vote();
        self.send_from(node, vote)
    }

    pub(crate) fn send_from(&mut self, node: usize, packet: Packet) -> PacketId {
        let id = self.nodes[node].originate(packet, self.now);
        self.drain();
        id
    }

    pub(crate) fn is_delivered(&self, node: usize, id: &PacketId) -> bool {
        self.delivered.contains_key(&(node, *id))
    }

    pub(crate) fn run_until(&mut self, end: u64) {
        loop {
            let in_air = self.air.keys().next().map(|(at, _)| *at);
            let timers = self.nodes.iter().filter_map(Relay::poll_timeout).min();
            let Some(at) = [in_air, timers].into_iter().flatten().min() else { break };
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            while let Some((key, (node, from, frame))) = self.air.pop_first() {
                if key.0 > self.now {
                    self.air.insert(key, (node, from, frame));
                    break;
                }
                self.nodes[node].handle_frame(from, &frame, self.now);
                self.drain();
            }
            let now = self.now;
            for node in &mut self.nodes {
                if node.poll_timeout().is_some_and(|at| at <= now) {
                    node.handle_timeout(now);
                }
            }
            self.drain();
        }
        self.now = end;
    }

    fn drain(&mut self) {
        for node in 0..self.nodes.len() {
            while let Some(output) = self.nodes[node].poll_output() {
                match output {
                    Output::Send { link, frame, packet, cause } => {
                        let gives_nothing = cause == Cause::Forward || cause == Cause::Answer;
                        if gives_nothing && self.droppers.contains(&node) {
                            continue;
                        }
                        self.sends.push((self.now, node, link, packet, cause));
                        self.radio(node, link, frame);
                    }
                    Output::Deliver { packet, .. } => {
                        let key = (node, packet.packet().id());
                        *self.delivered.entry(key).or_default() += 1;
                    }
                    Output::Receipt(said) => self.settled.push((node, said.notice)),
                    Output::Beacon(_) | Output::Control(_) => {}
                }
            }
        }
    }

    fn radio(&mut self, sender: usize, link: LinkId, frame: Vec<u8>) {
        let wire = &self.wires[link.0 as usize];
        if !wire.is_up {
            return;
        }
        let peer = match wire.bearer {
            Bearer::Broadcast => PeerId(sender as u64),
            Bearer::PointToPoint => PeerId(0),
        };
        for member in wire.members.iter().filter(|member| **member != sender) {
            if self.rng.below(1_000) < wire.loss {
                continue;
            }
            // In order on each wire, as GATT and TCP give it.
            let key = (self.now + 5, self.serial);
            self.serial += 1;
            self.air.insert(key, (*member, Hop { link, peer }, frame.clone()));
        }
    }
}
