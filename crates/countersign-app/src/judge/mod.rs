//! The judge's part: the bundle, the day's code, the handshake with a hub, votes and what became of them.
//!
//! ```text
//!   tap ─▶ draft ─▶ sign ─▶ packet ─▶ mesh ···▶ hub
//!            ▲                 ▲ 2, 5, 15, 45 s…        │
//!            └ revise          └── no receipt yet       ▼
//!                         accepted, or refused, or signed again with the hub's time ◀── receipt
//! ```
//!
//! The shell runs a [`countersign_mesh::Relay`] with the keys of [`JudgeEffect::Join`]: a judge's device forwards for others too. What
//! the relay delivers comes in as [`JudgeEvent::Mesh`]. Time is the device's own, however wrong; the hub's offset is learned
//! from its beacons, its welcome, and from receipts that refuse a vote for its time.

mod admission;
mod ballots;
mod bundle;
mod interface;
mod keep;
mod screen;

pub use ballots::{Ballot, BallotState, Place};
pub use interface::{FromMesh, JudgeAsk, JudgeConfig, JudgeEffect, JudgeEvent, JudgeTap};
pub use screen::{HubState, JudgeScreen, JudgeTrouble, ProjectLine};

use crate::dice::Dice;
use crate::effect::AskId;
use crate::event::Failure;
use admission::Admission;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use ballots::Ballots;
use countersign::{Keyset, Realm, Timestamp, VerifyingKey};
use countersign_judging::auth::Proof;
use countersign_judging::event::RoundState;
use countersign_judging::{Bundle, JudgeId, ProjectCode, Vote};
use countersign_mesh::{
    Action, Beacon, BleUuid, Control, EventCode, EventKeys, Flags, NetChecked, Packet, PacketType,
    Sealer, T16,
};

/// What an answer is for.
enum Asked {
    Vote(Place, Vote),
    Proof(Proof),
    Bundle,
}

/// An event whose bundle is here.
struct Attending {
    bundle: countersign::evidence::Signed<Bundle>,
    judge: JudgeId,
}

/// The day's code, scanned.
struct Day {
    keys: EventKeys,
    ble: BleUuid,
}

/// A judge's program.
pub struct Judge {
    realm: Realm,
    keyset: Keyset,
    key: VerifyingKey,
    dice: Dice,
    sealer: Sealer,
    asked: BTreeMap<AskId, Asked>,
    next_id: u32,
    attending: Option<Attending>,
    /// A code that was scanned before its bundle was here waits too.
    code: Option<EventCode>,
    day: Option<Day>,
    admission: Admission,
    /// Hub time minus the device's, in milliseconds, once a hub said it.
    offset_ms: Option<i64>,
    /// What the hubs said of the rounds, over what the bundle says.
    rounds: BTreeMap<u8, RoundState>,
    /// The newest order about each round: its sequence number.
    round_orders: BTreeMap<u8, u64>,
    is_revoked: bool,
    ballots: Ballots,
    open: Option<Place>,
    trouble: Option<JudgeTrouble>,
    effects: Vec<JudgeEffect>,
}

impl Judge {
    /// Most questions that may be open; more are not asked.
    pub const ASKED_MAX: usize = 64;

    /// A judge's program without an event.
    pub fn new(config: JudgeConfig) -> Self {
        Self {
            realm: config.realm,
            keyset: config.keyset,
            key: config.key,
            dice: Dice::new(config.entropy),
            sealer: Sealer::new(config.device_secret),
            asked: BTreeMap::new(),
            next_id: 1,
            attending: None,
            code: None,
            day: None,
            admission: Admission::default(),
            offset_ms: None,
            rounds: BTreeMap::new(),
            round_orders: BTreeMap::new(),
            is_revoked: false,
            ballots: Ballots::default(),
            open: None,
            trouble: None,
            effects: Vec::new(),
        }
    }

    /// The server's keys changed.
    pub fn set_keyset(&mut self, keyset: Keyset) {
        self.keyset = keyset;
    }

    /// Takes one event and says what is to be done.
    pub fn update(&mut self, event: JudgeEvent, now: Timestamp) -> Vec<JudgeEffect> {
        match event {
            JudgeEvent::Answer { id, result } => {
                if let Some(asked) = self.asked.remove(&id) {
                    self.answered(asked, result, now);
                }
            }
            JudgeEvent::Mesh(FromMesh::Packet(packet)) => self.delivered(&packet, now),
            JudgeEvent::Mesh(FromMesh::Beacon(said)) => self.beacon(&said.notice, now),
            JudgeEvent::Mesh(FromMesh::Receipt(said)) => self.receipt(&said.notice, now),
            JudgeEvent::Mesh(FromMesh::Control(said)) => self.ordered(&said.notice, now),
            JudgeEvent::Mesh(FromMesh::Linked) => {
                self.admission.hurry(now);
                self.ballots.hurry(now);
            }
            JudgeEvent::Tap(tap) => self.tapped(*tap, now),
            JudgeEvent::Tick => {}
        }
        self.run_admission(now);
        self.run_ballots(now);
        core::mem::take(&mut self.effects)
    }

    /// The hub's time, as well as it is known.
    pub fn hub_now(&self, now: Timestamp) -> Timestamp {
        shifted(now, self.offset_ms.unwrap_or_default())
    }

    fn tapped(&mut self, tap: JudgeTap, now: Timestamp) {
        self.trouble = None;
        let done = match tap {
            JudgeTap::Bundle(frame) => self.take_bundle(frame, now),
            JudgeTap::Fetch(event) => {
                self.ask(JudgeAsk::Bundle(event), Asked::Bundle);
                Ok(())
            }
            JudgeTap::Scan(text) => self.scan(text.trim(), now),
            JudgeTap::Open(place) => self.go_to(place),
            JudgeTap::Draft { place, points } => self.draft(place, points),
            JudgeTap::Vote { place, points } => self.vote(place, points, now),
            JudgeTap::Recuse(place) => self.vote(place, Vec::new(), now),
        };
        self.report(done);
        self.effects.push(JudgeEffect::Show);
    }

    fn scan(&mut self, text: &str, now: Timestamp) -> Result<(), JudgeTrouble> {
        if let Ok(code) = text.parse::<ProjectCode>() {
            return self.go_to(Place { project: code.project, category: code.category });
        }
        match text.parse::<EventCode>() {
            Ok(code) => self.take_code(code, now),
            Err(error) if text.starts_with("NODUS:") => Err(JudgeTrouble::Code(error)),
            Err(_) => Err(JudgeTrouble::NotOurs),
        }
    }

    fn go_to(&mut self, place: Place) -> Result<(), JudgeTrouble> {
        let bundle = self.bundle()?;
        let known = bundle.project(&place.project).map(|project| project.categories.clone());
        let event = bundle.id;
        self.open = Some(place);
        match known {
            Some(categories) if categories.contains(&place.category) => Ok(()),
            Some(_) => Err(JudgeTrouble::NoSuchCategory(place)),
            None => {
                // Points may be kept as a draft; a newer bundle may know it.
                self.ask(JudgeAsk::Bundle(event), Asked::Bundle);
                Err(JudgeTrouble::NoSuchProject(place.project))
            }
        }
    }

    fn answered(&mut self, asked: Asked, result: Result<Vec<u8>, Failure>, now: Timestamp) {
        let done = match (asked, result) {
            (Asked::Vote(place, vote), Ok(bytes)) => self.signed(place, &vote, &bytes, now),
            (Asked::Proof(proof), Ok(bytes)) => self.proven(&proof, &bytes, now),
            (Asked::Bundle, Ok(frame)) => self.take_bundle(frame, now),
            (Asked::Vote(place, _), Err(failure)) => {
                self.ballots.unsigned(&place);
                Err(JudgeTrouble::Outside(failure))
            }
            (Asked::Proof(_) | Asked::Bundle, Err(failure)) => Err(JudgeTrouble::Outside(failure)),
        };
        self.report(done);
        self.effects.push(JudgeEffect::Show);
    }

    fn delivered(&mut self, packet: &NetChecked, now: Timestamp) {
        let Some(day) = &self.day else { return };
        match packet.packet().packet_type() {
            PacketType::Auth => {
                let content = countersign_mesh::seal::open(&day.keys.app, packet);
                if let Ok(content) = content {
                    self.heard(&content, now);
                }
            }
            // Votes of others, and what is for relays.
            PacketType::Vote
            | PacketType::Receipt
            | PacketType::Beacon
            | PacketType::Control
            | PacketType::Sync
            | PacketType::Bundle => {}
        }
    }

    fn beacon(&mut self, beacon: &Beacon, now: Timestamp) {
        // The way here took some time, so the truth is a little later; a welcome knows better.
        if !self.admission.is_welcome() {
            self.set_hub_time(beacon.time, now);
        }
        self.want_version(beacon.bundle_version);
    }

    /// A newer bundle exists: fetch it, once.
    fn want_version(&mut self, version: u32) {
        let Some(attending) = &self.attending else { return };
        let (have, event) = (attending.bundle.value.version, attending.bundle.value.id);
        let is_asked = self.asked.values().any(|asked| matches!(asked, Asked::Bundle));
        if version > have && !is_asked && self.admission.may_fetch(version) {
            self.ask(JudgeAsk::Bundle(event), Asked::Bundle);
        }
    }

    fn ordered(&mut self, order: &Control, now: Timestamp) {
        match order.action {
            Action::Round { number, open } => {
                let newest = self.round_orders.entry(number).or_default();
                if order.sequence >= *newest && self.rounds.len() < 256 {
                    *newest = order.sequence;
                    let state = if open { RoundState::Open } else { RoundState::Closed };
                    self.round_is(number, state, now);
                }
            }
            Action::Revoke { fingerprint } => {
                self.is_revoked |= fingerprint == *self.key.fingerprint();
            }
            Action::Rekey { epoch } => {
                let have = self.day.as_ref().map(|day| day.keys.net.epoch());
                if have.is_some_and(|have| have < epoch) {
                    self.trouble = Some(JudgeTrouble::NewCode);
                    self.admission.announce(epoch);
                }
            }
        }
        self.effects.push(JudgeEffect::Show);
    }

    fn round_is(&mut self, number: u8, state: RoundState, now: Timestamp) {
        if state == RoundState::Open && self.rounds.get(&number) == Some(&RoundState::Closed) {
            self.ballots.reopened(number, now);
        }
        self.rounds.insert(number, state);
    }

    fn set_hub_time(&mut self, time: Timestamp, now: Timestamp) {
        let offset = i128::from(time.as_millis()) - i128::from(now.as_millis());
        self.offset_ms = Some(offset.clamp(i64::MIN.into(), i64::MAX.into()) as i64);
    }

    /// Seals and hands over.
    fn send(&mut self, kind: PacketType, content: &[u8], now: Timestamp) -> Option<Packet> {
        match self.seal(kind, content, now) {
            Ok(packet) => {
                self.effects.push(JudgeEffect::Send(packet.clone()));
                Some(packet)
            }
            Err(trouble) => {
                self.trouble = Some(trouble);
                None
            }
        }
    }

    /// Votes are for the hub alone where the event wants that.
    fn seal(
        &mut self,
        kind: PacketType,
        content: &[u8],
        now: Timestamp,
    ) -> Result<Packet, JudgeTrouble> {
        let attending = self.attending.as_ref().ok_or(JudgeTrouble::NoBundle)?;
        let day = self.day.as_ref().ok_or(JudgeTrouble::NoCode)?;
        let event = &attending.bundle.value;
        let t16 = match self.offset_ms {
            None => T16::UNKNOWN,
            Some(_) => countersign_mesh::beacon::t16(event.starts, self.hub_now(now)),
        };
        // A hub opens what is sealed to itself: the one that knows this judge, or any while none does.
        let known = self.admission.hub().and_then(|hub| event.hub(hub));
        let sealing = match known {
            Some(hub) => hub.sealing,
            None => event.hubs.iter().find_map(|hub| hub.sealing),
        };
        let mut fill = |bytes: &mut [u8]| {
            bytes.chunks_mut(32).for_each(|chunk| {
                chunk.copy_from_slice(&self.dice.draw::<32>()[..chunk.len()]);
            });
        };
        let flags = Flags::RECEIPT_WANTED;
        let sealed = match (kind, sealing) {
            (PacketType::Vote, Some(hub)) => {
                let hub = countersign_mesh::seal::HubSealKey::from_bytes(hub);
                self.sealer.seal_to_hub(&day.keys, &hub, kind, flags, t16, content, &mut fill)
            }
            (_, None) | (_, Some(_)) => {
                self.sealer.seal(&day.keys, kind, flags, t16, content, &mut fill)
            }
        };
        sealed.map_err(JudgeTrouble::Seal)
    }

    fn ask(&mut self, ask: JudgeAsk, asked: Asked) -> bool {
        if self.asked.len() >= Self::ASKED_MAX {
            return false;
        }
        let id = AskId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.asked.insert(id, asked);
        self.effects.push(JudgeEffect::Ask { id, ask });
        true
    }

    fn bundle(&self) -> Result<&Bundle, JudgeTrouble> {
        self.attending
            .as_ref()
            .map(|attending| &attending.bundle.value)
            .ok_or(JudgeTrouble::NoBundle)
    }

    fn report(&mut self, done: Result<(), JudgeTrouble>) {
        if let Err(trouble) = done {
            self.trouble = Some(trouble);
        }
    }

    fn wake(&mut self, at: Timestamp) {
        self.effects.push(JudgeEffect::Wake(at));
    }
}

/// A time that much later, or earlier.
fn shifted(time: Timestamp, by_ms: i64) -> Timestamp {
    let millis = match by_ms {
        0.. => time.as_millis().saturating_add(by_ms.unsigned_abs()),
        _ => time.as_millis().saturating_sub(by_ms.unsigned_abs()),
    };
    Timestamp::from_millis(millis)
}

/// Waits between tries: 2, 5, 15, 45 s, then 45 s again and again, each by a fifth more or less so that a hall does not speak at once.
fn wait_ms(tries: u32, dice: &mut Dice) -> u64 {
    let base: u64 = match tries {
        0 | 1 => 2_000,
        2 => 5_000,
        3 => 15_000,
        _ => 45_000,
    };
    let share = u64::from(u16::from_be_bytes(dice.draw::<2>()));
    base * 4 / 5 + base * 2 / 5 * share / u64::from(u16::MAX)
}
