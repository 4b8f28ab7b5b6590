//! A device at an event, and a hub on the other end of its link: for the tests of this crate.

use crate::app::{App, Effect, Event, Found, LinkState, Phase};
use crate::device::{Device, Moment, Wish};
use crate::route::Route;
use countersign::evidence::{Stamp, open, seal};
use countersign::{EventId, Keyset, Realm, RecordHeader, RecordId, Signer, SigningKey, Timestamp};
use countersign::{KeyState, KeysetContent, OnlineKey};
use countersign_app::judge::{JudgeAsk, JudgeConfig, JudgeEvent, JudgeTap, Place};
use countersign_judging::auth::{AuthMessage, Desk};
use countersign_judging::event::{
    Assignment, Category, Conflict, Criterion, Event as Fair, HubKey, Judge, Project, Round,
    RoundState,
};
use countersign_judging::{Bundle, CategoryId, JudgeId, ProjectId, Venue};
use countersign_mesh::framing::{Reassembly, split};
use countersign_mesh::{
    BleUuid, EventCode, EventKey, EventKeys, Flags, Hop, LinkId, Packet, PacketType, Receipt,
    ReceiptItem, ReceiptStatus, Sealer, T16, Ttl,
};
use countersign_web_kit::text::Language;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const START: u64 = 1_774_900_000_000;
const HUB: u8 = 60;

pub(crate) fn at(seconds: u64) -> Moment {
    Moment { wall: Timestamp::from_millis(START + seconds * 1_000), steady_ms: seconds * 1_000 }
}

pub(crate) fn place(project: &str) -> Place {
    crate::route::place(project, "IDEAS").unwrap()
}

fn realm() -> Realm {
    Realm::new("league", "league.example.org").unwrap()
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&[number; 32])
}

fn keyset() -> Keyset {
    const DAY: Duration = Duration::from_secs(86_400);
    let (before, after) = (at(0).wall.minus(DAY), at(0).wall.plus(DAY * 90));
    let online = OnlineKey {
        key: key(251).verifying_key().clone(),
        state: KeyState::Active,
        not_before: before,
        not_after: after,
    };
    let root = key(250);
    let content = KeysetContent {
        version: 3,
        issued: before,
        expires: after,
        min_protocol: 1,
        keys: vec![online],
        roots: vec![root.verifying_key().clone()],
        pins: Vec::new(),
    };
    let frame = content.sign(&realm(), &root);
    Keyset::open(&realm(), &[root.verifying_key().clone()], 0, &frame).unwrap()
}

/// P1 and P2 are this judge's, P3 is not, P4 has a conflict.
pub(crate) fn fair(state: RoundState) -> Fair {
    let ideas = CategoryId::new("IDEAS").unwrap();
    let project = |number: u8| Project {
        id: ProjectId::new(&format!("P{number}")).unwrap(),
        title: format!("Project {number} <b>&"),
        table: format!("T{number}"),
        categories: vec![ideas],
        anchor: false,
    };
    let judge = JudgeId::new("J1").unwrap();
    let assigned =
        |number: u8| Assignment { judge, round: 1, project: project(number).id, category: ideas };
    Fair {
        id: EventId::new("FAIR").unwrap(),
        version: 1,
        title: "Science fair".into(),
        starts: at(0).wall,
        ends: at(36_000).wall,
        salt: Some([9; 32]),
        categories: vec![Category {
            id: ideas,
            title: "Best idea".into(),
            criteria: vec![
                Criterion { title: "New".into(), min: 0, max: 10, weight: 2 },
                Criterion { title: "Works".into(), min: 1, max: 100, weight: 1 },
            ],
        }],
        projects: (1..=4).map(project).collect(),
        judges: vec![Judge { id: judge, name: "Ana".into(), key: key(17).verifying_key().clone() }],
        rounds: vec![Round { number: 1, title: "Day".into(), state }],
        conflicts: vec![Conflict { judge, project: project(4).id }],
        assignments: vec![assigned(1), assigned(2)],
        hubs: vec![HubKey {
            name: "Hall".into(),
            key: key(HUB).verifying_key().clone(),
            sealing: None,
        }],
    }
}

pub(crate) fn bundle(fair: Fair) -> Vec<u8> {
    let id = RecordId::from_bytes([fair.version as u8; 16]);
    let stamp = Stamp { id, created: at(0).wall, previous: RecordHeader::FIRST };
    seal(&realm(), &key(251), stamp, &Bundle::new(fair).unwrap()).unwrap()
}

pub(crate) fn code(event: &str) -> String {
    let event = EventId::new(event).unwrap();
    let code = EventCode { event, key: EventKey::from_bytes([0; 32]), ble: ble() };
    code.to_text().to_string()
}

pub(crate) fn ble() -> BleUuid {
    let text = format!(
        "NODUS:EVENT_ID=X;KEY={};BLE_UUID=0000180f-0000-1000-8000-00805f9b34fb",
        "A".repeat(43)
    );
    text.parse::<EventCode>().unwrap().ble
}

fn fill(bytes: &mut [u8]) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    bytes.iter_mut().zip(number.into_iter().cycle()).for_each(|(to, from)| *to = from);
}

pub(crate) fn device() -> Device {
    let config = JudgeConfig {
        realm: realm(),
        keyset: keyset(),
        key: key(17).verifying_key().clone(),
        entropy: [5; 32],
        device_secret: [6; 32],
    };
    Device::new(config, fill)
}

/// A page whose device has the event.
pub(crate) fn attending() -> App {
    let mut device = device();
    for wish in device.tap(JudgeTap::Bundle(bundle(fair(RoundState::Open))), at(0)) {
        if let Wish::Keep { number, name, .. } = wish {
            drop(device.kept(&name, number, true, at(0)));
        }
    }
    let mut app = App::new(Language::English, Route::Projects);
    let phase = Phase::Ready(Box::new(device));
    drop(app.update(
        Event::Found(Found { phase, account: None, hub: None, has_bluetooth: true, keeps: true }),
        at(0),
    ));
    app
}

/// The hall: it keeps what is to be kept, signs what is to be signed, and has a hub at the other end of the link.
pub(crate) struct Hall {
    pub(crate) kept: BTreeMap<String, Vec<u8>>,
    /// Effects that are not the hall's.
    pub(crate) rest: Vec<Effect>,
    pub(crate) is_linked: bool,
    /// Bytes of a frame, on the hub's side and as the page knows it.
    pub(crate) frame_max: (usize, usize),
    /// Frames that the page said.
    pub(crate) frames: Vec<usize>,
    pieces: Reassembly,
    counter: u8,
    /// Whether the disk takes anything.
    pub(crate) keeps: bool,
    /// What the disk is going to say, while it is slow.
    pub(crate) slow: Option<Vec<Event>>,
    /// Whether a vote has to be kept when it arrives.
    pub(crate) is_strict: bool,
    /// How often a vote arrived.
    pub(crate) votes: usize,
    venue: Venue,
    desk: Desk,
    keys: EventKeys,
    sealer: Sealer,
}

impl Hall {
    pub(crate) fn new() -> Self {
        let signed =
            open(&realm(), key(251).verifying_key(), &bundle(fair(RoundState::Open))).unwrap();
        let (venue, _) =
            Venue::begin(realm(), *key(HUB).verifying_key().fingerprint(), signed, at(0).wall)
                .unwrap();
        let event = EventId::new("FAIR").unwrap();
        let event_key = EventKey::from_bytes([0; 32]);
        Self {
            kept: BTreeMap::new(),
            rest: Vec::new(),
            is_linked: false,
            frame_max: (2048, 2048),
            frames: Vec::new(),
            pieces: Reassembly::default(),
            counter: 0,
            keeps: true,
            slow: None,
            is_strict: true,
            votes: 0,
            venue,
            desk: Desk::new(&[62; 32]),
            keys: EventKeys::derive(&event_key, &[9; 32], &event, event_key.epoch()),
            sealer: Sealer::new([63; 32]),
        }
    }

    /// Takes in an event and everything that follows from it.
    pub(crate) fn happens(&mut self, app: &mut App, event: Event, now: Moment) {
        let mut events = std::collections::VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in app.update(event, now) {
                match effect {
                    Effect::Wish(Wish::Keep { number, event, name, bytes }) => {
                        if self.keeps {
                            self.kept.insert(format!("{event}/{name}"), bytes);
                        }
                        let said = Event::Kept(name, number, self.keeps);
                        match &mut self.slow {
                            Some(later) => later.push(said),
                            None => events.push_back(said),
                        }
                    }
                    Effect::Wish(Wish::Ask { id, ask: JudgeAsk::Sign(input) }) => {
                        let result = Ok(key(17).sign(&input).to_vec());
                        events.push_back(Event::Told(JudgeEvent::Answer { id, result }));
                    }
                    Effect::Wish(Wish::Frame(frame)) => {
                        self.frames.push(frame.len());
                        let heard = self.is_linked.then(|| self.hears(&frame, now));
                        events.extend(heard.into_iter().flatten().map(Event::Frame));
                    }
                    other @ (Effect::Wish(Wish::Ask { ask: JudgeAsk::Bundle(_), .. })
                    | Effect::Call(_)
                    | Effect::Connect(_)
                    | Effect::Choose(_)
                    | Effect::NewKey
                    | Effect::Remember(_)
                    | Effect::Speak(_)
                    | Effect::Go(_)
                    | Effect::Camera(_)
                    | Effect::Restart) => self.rest.push(other),
                }
            }
        }
    }

    /// A link that comes up.
    pub(crate) fn link(&mut self, app: &mut App, now: Moment) {
        self.is_linked = true;
        let up = LinkState::Up { frame_max: self.frame_max.1 };
        self.happens(app, Event::Link(up), now);
    }

    fn hears(&mut self, frame: &[u8], now: Moment) -> Vec<Vec<u8>> {
        let hop = Hop::only(LinkId(1));
        let packet = self.pieces.accept(hop, frame, now.steady_ms).unwrap();
        let answer = packet.and_then(|packet| self.answers(&packet, now));
        self.counter = (self.counter + 1) % 64;
        let frames = |answer: Packet| split(answer.as_bytes(), self.frame_max.0, self.counter);
        answer.map(frames).unwrap_or_default()
    }

    fn answers(&mut self, packet: &[u8], now: Moment) -> Option<Packet> {
        let packet = Packet::decode(packet).unwrap();
        let checked = packet.check_net(&self.keys.net).unwrap();
        let content = countersign_mesh::seal::open(&self.keys.app, &checked);
        let answer = match checked.packet().packet_type() {
            PacketType::Auth => self.auth(&content.unwrap(), now)?,
            PacketType::Vote => {
                let is_kept = self.kept.keys().any(|name| name.contains("/ballot/"));
                assert!(is_kept || !self.is_strict, "kept first");
                self.votes += 1;
                let verdict = self.venue.take_vote(&content.unwrap(), now.wall);
                let status = ReceiptStatus::ALL[verdict.status() as usize];
                let item = ReceiptItem { packet: checked.packet().id().short(), status };
                let receipt = Receipt { time: now.wall, items: vec![item] };
                let event = EventId::new("FAIR").unwrap();
                let content =
                    countersign_mesh::hub::sign(&realm(), &event, &key(HUB), &receipt).unwrap();
                self.sealer
                    .publish(&self.keys.net, PacketType::Receipt, T16::UNKNOWN, &content, &mut fill)
                    .unwrap()
            }
            PacketType::Receipt
            | PacketType::Beacon
            | PacketType::Control
            | PacketType::Sync
            | PacketType::Bundle => {
                return None;
            }
        };
        Some(answer.with_ttl(Ttl::DEFAULT))
    }

    fn auth(&mut self, content: &[u8], now: Moment) -> Option<Packet> {
        let event = EventId::new("FAIR").unwrap();
        let content = match AuthMessage::decode(content).unwrap() {
            AuthMessage::Hello(hello) => {
                self.desk.hello(&self.venue, &hello, now.wall).unwrap().encode()
            }
            AuthMessage::Proof(proof) => {
                let (_, welcome) = self.desk.proof(&self.venue, &proof, now.wall).unwrap();
                welcome.sign(&realm(), &event, &key(HUB)).unwrap()
            }
            AuthMessage::Challenge(_) | AuthMessage::Welcome(_) => return None,
        };
        let sealed = self.sealer.seal(
            &self.keys,
            PacketType::Auth,
            Flags::NONE,
            T16::UNKNOWN,
            &content,
            &mut fill,
        );
        Some(sealed.unwrap())
    }
}
