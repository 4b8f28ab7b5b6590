//! A hall: one hub, judges' programs, and air that can be silent.

use crate::server::{key, keyset, realm};
use countersign::evidence::{Stamp, open, seal};
use countersign::{EventId, RecordHeader, RecordId, Signer, Timestamp};
use countersign_app::judge::{
    FromMesh, Judge, JudgeAsk, JudgeConfig, JudgeEffect, JudgeEvent, JudgeTap, Place,
};
use countersign_app::{AskId, Failure};
use countersign_judging::auth::{AuthMessage, Desk};
use countersign_judging::event::{
    Assignment, Category, Criterion, Event, HubKey, Judge as RosterJudge, Project, Round,
    RoundState,
};
use countersign_judging::venue::Venue;
use countersign_judging::{Bundle, CategoryId, JudgeId, ProjectId};
use countersign_mesh::seal::{HubSealSecret, open as open_sealed, open_at_hub};
use countersign_mesh::{
    BleUuid, EventCode, EventKey, EventKeys, Flags, HubKeys, Packet, PacketType, Receipt,
    ReceiptItem, ReceiptStatus, Sealer, T16,
};
use std::collections::BTreeMap;

pub(super) const START: Timestamp = Timestamp::from_millis(1_774_900_000_000);
const HUB: u8 = 60;
const SEAL: [u8; 32] = [61; 32];

pub(super) fn place(project: &str, category: &str) -> Place {
    Place {
        project: ProjectId::new(project).unwrap(),
        category: CategoryId::new(category).unwrap(),
    }
}

pub(super) fn event(version: u32) -> Event {
    let criterion =
        |title: &str, weight| Criterion { title: title.into(), min: 0, max: 10, weight };
    let judge = |id: &str, number| RosterJudge {
        id: JudgeId::new(id).unwrap(),
        name: format!("Judge {id}"),
        key: key(number).verifying_key().clone(),
    };
    let innovation = CategoryId::new("INNOVATION").unwrap();
    let project = |id: &str| Project {
        id: ProjectId::new(id).unwrap(),
        title: format!("Project {id}"),
        table: "A1".into(),
        categories: vec![innovation],
        anchor: false,
    };
    Event {
        id: EventId::new("FAIR-26").unwrap(),
        version,
        title: "Science fair".into(),
        starts: START,
        ends: Timestamp::from_millis(START.as_millis() + 36_000_000),
        salt: Some([9; 32]),
        categories: vec![Category {
            id: innovation,
            title: "Innovation".into(),
            criteria: vec![criterion("Idea", 2), criterion("Work", 1), criterion("Talk", 1)],
        }],
        projects: (1..=3 + version).map(|number| project(&format!("P{number}"))).collect(),
        judges: vec![judge("J017", 17), judge("J018", 18)],
        rounds: vec![Round { number: 1, title: "Day".into(), state: RoundState::Open }],
        conflicts: Vec::new(),
        assignments: vec![Assignment {
            judge: JudgeId::new("J017").unwrap(),
            round: 1,
            project: ProjectId::new("P2").unwrap(),
            category: innovation,
        }],
        hubs: vec![hub(HUB)],
    }
}

fn hub(number: u8) -> HubKey {
    let secret = if number == HUB { SEAL } else { [number; 32] };
    HubKey {
        name: format!("Hall {number}"),
        key: key(number).verifying_key().clone(),
        sealing: Some(*HubSealSecret::from_bytes(secret).public().as_bytes()),
    }
}

/// The same event with more hubs, all out of reach; some of them come first by their keys.
pub(super) fn with_other_hubs(event: Event) -> Event {
    let hubs = [HUB, 70, 71, 72, 73].map(hub).into();
    Event { hubs, ..event }
}

pub(super) fn bundle(event: Event) -> Vec<u8> {
    let stamp = Stamp {
        id: RecordId::from_bytes([event.version as u8; 16]),
        created: START,
        previous: RecordHeader::FIRST,
    };
    seal(&realm(), &key(251), stamp, &Bundle::new(event).unwrap()).unwrap()
}

fn fill(bytes: &mut [u8]) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    bytes
        .iter_mut()
        .zip(number.to_be_bytes().into_iter().cycle())
        .for_each(|(to, from)| *to = from);
}

/// The hub: opens, decides, answers.
pub(super) struct Hub {
    pub(super) venue: Venue,
    desk: Desk,
    keys: EventKeys,
    sealer: Sealer,
    pub(super) time: Timestamp,
    /// Content of every VOTE that arrived.
    pub(super) arrived: Vec<Vec<u8>>,
    /// It hears, and nobody hears it.
    pub(super) is_silent: bool,
}

impl Hub {
    pub(super) fn new(event_key: &EventKey) -> Self {
        let frame = bundle(event(1));
        let signed = open(&realm(), key(251).verifying_key(), &frame).unwrap();
        let hub = *key(HUB).verifying_key().fingerprint();
        let (venue, _) = Venue::begin(realm(), hub, signed, START).unwrap();
        Self {
            venue,
            desk: Desk::new(&[62; 32]),
            keys: EventKeys::derive(event_key, &[9; 32], &event(1).id, event_key.epoch()),
            sealer: Sealer::new([63; 32]),
            time: START,
            arrived: Vec::new(),
            is_silent: false,
        }
    }

    pub(super) fn hub_keys() -> HubKeys {
        HubKeys::new(realm(), event(1).id, vec![key(HUB).verifying_key().clone()]).unwrap()
    }

    /// What the hub sends because of this packet.
    fn hear(&mut self, packet: Packet) -> Vec<Packet> {
        let checked = packet.check_net(&self.keys.net).unwrap();
        let content = open_sealed(&self.keys.app, &checked).unwrap();
        let answer = match checked.packet().packet_type() {
            PacketType::Auth => self.auth(&content),
            PacketType::Vote => {
                assert!(checked.packet().flags().contains(Flags::SEALED), "scores stay hidden");
                // What is sealed to another hub is not answered.
                let opened = open_at_hub(&HubSealSecret::from_bytes(SEAL), &content);
                let Ok(vote) = opened else { return Vec::new() };
                let verdict = self.venue.take_vote(&vote, self.time);
                self.arrived.push(vote);
                let status = ReceiptStatus::ALL[verdict.status() as usize];
                let item = ReceiptItem { packet: checked.packet().id().short(), status };
                Some(self.publish(&Receipt { time: self.time, items: vec![item] }))
            }
            other @ (PacketType::Receipt
            | PacketType::Beacon
            | PacketType::Control
            | PacketType::Sync
            | PacketType::Bundle) => panic!("a judge does not send {other:?}"),
        };
        answer.filter(|_| !self.is_silent).into_iter().collect()
    }

    fn auth(&mut self, content: &[u8]) -> Option<Packet> {
        let content = match AuthMessage::decode(content).unwrap() {
            AuthMessage::Hello(hello) => {
                self.desk.hello(&self.venue, &hello, self.time).unwrap().encode()
            }
            AuthMessage::Proof(proof) => {
                let (_, welcome) = self.desk.proof(&self.venue, &proof, self.time).unwrap();
                welcome.sign(&realm(), &event(1).id, &key(HUB)).unwrap()
            }
            AuthMessage::Challenge(_) | AuthMessage::Welcome(_) => return None,
        };
        let packet = self.sealer.seal(
            &self.keys,
            PacketType::Auth,
            Flags::NONE,
            T16::UNKNOWN,
            &content,
            &mut fill,
        );
        Some(packet.unwrap())
    }

    pub(super) fn publish<T: countersign_mesh::hub::Notice>(&self, notice: &T) -> Packet {
        let content =
            countersign_mesh::hub::sign(&realm(), &event(1).id, &key(HUB), notice).unwrap();
        self.sealer.publish(&self.keys.net, T::TYPE, T16::UNKNOWN, &content, &mut fill).unwrap()
    }
}

/// A judge's device.
pub(super) struct Phone {
    pub(super) judge: Judge,
    key: u8,
    /// How wrong its clock is, in milliseconds.
    pub(super) wrong: i64,
    pub(super) kept: BTreeMap<String, Vec<u8>>,
    /// What the server or the hub would serve.
    pub(super) newest: Option<Vec<u8>>,
    pub(super) wake: Option<Timestamp>,
    pub(super) sent: usize,
    asks: Vec<(AskId, JudgeAsk)>,
}

impl Phone {
    pub(super) fn new(number: u8) -> Self {
        let judge = Judge::new(JudgeConfig {
            realm: realm(),
            keyset: keyset(START).0,
            key: key(number).verifying_key().clone(),
            entropy: [number; 32],
            device_secret: [number; 32],
        });
        Self {
            judge,
            key: number,
            wrong: 0,
            kept: BTreeMap::new(),
            newest: None,
            wake: None,
            sent: 0,
            asks: Vec::new(),
        }
    }

    /// The same person after the battery died.
    pub(super) fn restarted(self, hub: &Hub) -> Self {
        let now = self.clock(hub);
        let mut again = Self { wrong: self.wrong, newest: self.newest, ..Self::new(self.key) };
        again.judge = Judge::new(JudgeConfig {
            realm: realm(),
            keyset: keyset(START).0,
            key: key(self.key).verifying_key().clone(),
            entropy: [self.key + 100; 32],
            device_secret: [self.key; 32],
        });
        for (name, bytes) in &self.kept {
            again.judge.restore(name, bytes.clone(), now);
        }
        again.kept = self.kept;
        again
    }

    pub(super) fn clock(&self, hub: &Hub) -> Timestamp {
        Timestamp::from_millis(hub.time.as_millis().saturating_add_signed(self.wrong))
    }

    pub(super) fn tap(&mut self, hub: &mut Hub, tap: JudgeTap) {
        self.run(hub, JudgeEvent::Tap(Box::new(tap)));
    }

    /// Everything that follows from one event, to the end.
    pub(super) fn run(&mut self, hub: &mut Hub, event: JudgeEvent) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let now = self.clock(hub);
            for effect in self.judge.update(event, now) {
                match effect {
                    JudgeEffect::Ask { id, ask } => self.asks.push((id, ask)),
                    JudgeEffect::Keep { name, bytes } => {
                        self.kept.insert(name, bytes);
                    }
                    JudgeEffect::Send(packet) => {
                        self.sent += 1;
                        let answers = hub.hear(packet);
                        events.extend(answers.into_iter().map(|answer| self.heard(hub, answer)));
                    }
                    JudgeEffect::Wake(at) => {
                        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
                    }
                    JudgeEffect::Join { .. } | JudgeEffect::Show => {}
                }
            }
            for (id, ask) in std::mem::take(&mut self.asks) {
                events.push(JudgeEvent::Answer { id, result: self.answer(ask) });
            }
        }
    }

    /// What this device's relay makes of a packet.
    pub(super) fn heard(&self, hub: &Hub, packet: Packet) -> JudgeEvent {
        let keys = Hub::hub_keys();
        JudgeEvent::Mesh(match packet.packet_type() {
            PacketType::Receipt => FromMesh::Receipt(keys.check(&packet).unwrap()),
            PacketType::Beacon => FromMesh::Beacon(keys.check(&packet).unwrap()),
            PacketType::Control => FromMesh::Control(keys.check(&packet).unwrap()),
            PacketType::Vote | PacketType::Auth | PacketType::Sync | PacketType::Bundle => {
                FromMesh::Packet(packet.check_net(&hub.keys.net).unwrap())
            }
        })
    }

    /// Time passes at the hub; the device wakes up whenever it wanted to.
    pub(super) fn pass(&mut self, hub: &mut Hub, millis: u64) {
        let until = Timestamp::from_millis(hub.time.as_millis() + millis);
        // Bounded: every wake-up is at least a second after the one before.
        for _ in 0..10_000 {
            let now = self.clock(hub);
            let end = Timestamp::from_millis(until.as_millis().saturating_add_signed(self.wrong));
            let Some(at) = self.wake.filter(|at| *at <= end) else { break };
            self.wake = None;
            let wait = at.since(now);
            hub.time = hub.time.plus(wait);
            self.run(hub, JudgeEvent::Tick);
        }
        hub.time = until;
    }

    fn answer(&self, ask: JudgeAsk) -> Result<Vec<u8>, Failure> {
        match ask {
            JudgeAsk::Sign(input) => Ok(key(self.key).sign(&input).to_vec()),
            JudgeAsk::Bundle(_) => {
                self.newest.clone().ok_or(Failure::Unreachable("no server".into()))
            }
        }
    }
}

pub(super) fn code(event_key: &EventKey) -> String {
    let code =
        EventCode { event: event(1).id, key: event_key.clone(), ble: BleUuid::from_bytes([1; 16]) };
    code.to_text().to_string()
}

pub(super) fn event_key() -> EventKey {
    let mut bytes = [77; 32];
    bytes[0] = 0;
    EventKey::from_bytes(bytes)
}

/// A judge with the bundle, at the hub, welcome.
pub(super) fn at_the_hall() -> (Hub, Phone) {
    let mut hub = Hub::new(&event_key());
    let mut phone = Phone::new(17);
    phone.tap(&mut hub, JudgeTap::Bundle(bundle(event(1))));
    phone.tap(&mut hub, JudgeTap::Scan(code(&event_key())));
    (hub, phone)
}
