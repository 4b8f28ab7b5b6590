//! The hub: a venue, its log on a disk that takes its time, receipts in batches, beacons.

use super::Fault;
use super::fair::Fair;
use super::world::{Event, HUB, World};
use crate::dice::Dice;
use crate::time::{MS, Micros, S, server_time};
use countersign::{Signer, Timestamp};
use countersign_judging::auth::{AuthMessage, Desk};
use countersign_judging::venue::{Examiner, Outcome, Status};
use countersign_judging::{Venue, VoteDigest};
use countersign_mesh::hub::{Notice, sign};
use countersign_mesh::{
    Beacon, Flags, NetChecked, Packet, PacketType, Receipt, ReceiptItem, ReceiptStatus, Sealer,
    T16, Ttl, seal,
};
use std::collections::BTreeSet;

/// How long the disk takes.
const FSYNC: Micros = 5 * MS;
/// How often receipts go out.
const BATCH: Micros = 500 * MS;
/// How often the hub says the time.
const BEACON: Micros = 10 * S;
/// The offset of the id in the JSON of a vote: what a hub reads that looks before it verifies.
const ID: &[u8] = b"\"g\":\"";

pub(crate) struct Hub {
    pub(crate) venue: Option<Venue>,
    pub(crate) examiner: Examiner,
    pub(crate) log: Vec<u8>,
    synced: usize,
    desk: Desk,
    sealer: Sealer,
    dice: Dice,
    /// Decided, not durable yet.
    fresh: Vec<(ReceiptItem, Option<VoteDigest>)>,
    /// Durable, not said yet.
    ready: Vec<(ReceiptItem, Option<VoteDigest>)>,
    /// Counts starts, so that what an earlier one wanted is over.
    pub(crate) boot: u32,
    syncing: bool,
    /// Of a hub that looks at ids first.
    ids: BTreeSet<Vec<u8>>,
    /// Of a hub that counts packets.
    pub(crate) counted: usize,
}

impl Hub {
    pub(crate) fn new(fair: &Fair, dice: &mut Dice) -> Option<Self> {
        let print = *fair.hub.verifying_key().fingerprint();
        let begun = Venue::begin(fair.realm.clone(), print, fair.bundle.clone(), server_time(0));
        let (venue, log) = begun.ok()?;
        Some(Self {
            examiner: venue.examiner().clone(),
            venue: Some(venue),
            synced: log.len(),
            log,
            desk: Desk::new(&dice.bytes()),
            sealer: Sealer::new(dice.bytes()),
            dice: dice.fork(),
            fresh: Vec::new(),
            ready: Vec::new(),
            boot: 1,
            syncing: false,
            ids: BTreeSet::new(),
            counted: 0,
        })
    }

    fn is_known_id(&mut self, content: &[u8]) -> bool {
        let at = content.windows(ID.len()).position(|window| window == ID);
        let id = at.and_then(|at| content.get(at + ID.len()..at + ID.len() + 22));
        id.is_some_and(|id| !self.ids.insert(id.to_vec()))
    }
}

impl World {
    pub(crate) fn hub_time(&self) -> Timestamp {
        server_time(self.now)
    }

    /// The hub's relay knows the time; beacons begin.
    pub(crate) fn hub_starts(&mut self) {
        let (now, time) = (self.ms(), self.hub_time());
        if let Some(relay) = &mut self.nodes[HUB].relay {
            relay.set_time(time, server_time(0), now);
        }
        let boot = self.hub.boot;
        self.at(self.now + MS, Event::Beacon(boot));
    }

    pub(crate) fn hub_takes(&mut self, packet: &NetChecked) {
        let Ok(content) = seal::open(&self.fair.keys.app, packet) else {
            return self.hub_refuses(packet);
        };
        match packet.packet().packet_type() {
            PacketType::Vote => self.hub_votes(packet, &content),
            PacketType::Auth => self.hub_greets(&content),
            PacketType::Receipt
            | PacketType::Beacon
            | PacketType::Control
            | PacketType::Sync
            | PacketType::Bundle => {}
        }
    }

    fn hub_refuses(&mut self, packet: &NetChecked) {
        if let Some(relay) = &mut self.nodes[HUB].relay {
            relay.refuse(&packet.packet().id());
        }
    }

    fn hub_votes(&mut self, packet: &NetChecked, content: &[u8]) {
        let (id, now) = (packet.packet().id(), self.hub_time());
        if self.config.fault == Fault::IdBeforeSignature && self.hub.is_known_id(content) {
            let item = ReceiptItem { packet: id.short(), status: ReceiptStatus::Duplicate };
            self.hub.ready.push((item, None));
            return;
        }
        let Some(venue) = &mut self.hub.venue else { return };
        let verdict = venue.take_vote(content, now);
        self.log.count(word(verdict.status()));
        let digest = match verdict.outcome {
            Outcome::Accepted(receipt) | Outcome::Duplicate(receipt) => {
                self.hub.counted += 1;
                Some(receipt.vote)
            }
            Outcome::Quarantined | Outcome::Refused(_) => None,
        };
        self.note_decided(id, digest.is_some());
        if let Some(entry) = verdict.entry {
            self.hub.log.extend(entry);
            self.hub_will_sync();
        }
        if !self.config.policy.is_whole() {
            return;
        }
        let item =
            ReceiptItem { packet: id.short(), status: receipt_status(verdict.outcome.status()) };
        // A vote that is there already may not be durable yet either.
        match self.config.fault == Fault::ReceiptBeforeSync {
            true => self.hub.ready.push((item, digest)),
            false => {
                self.hub.fresh.push((item, digest));
                self.hub_will_sync();
            }
        }
        if verdict.outcome.status() == Status::Invalid {
            self.hub_refuses(packet);
        }
    }

    fn note_decided(&mut self, id: countersign_mesh::PacketId, is_kept: bool) {
        let cast = self.truth.packets.get(&id).copied().flatten();
        self.note(format_args!("hub has {id}: {is_kept}"));
        if let Some(cast) = cast.filter(|_| is_kept) {
            self.truth.casts[cast].decided.get_or_insert(self.now);
        }
    }

    fn hub_will_sync(&mut self) {
        if !std::mem::replace(&mut self.hub.syncing, true) {
            let slow = if self.config.fault == Fault::ReceiptBeforeSync { 3 * S } else { FSYNC };
            self.at(self.now + slow, Event::Sync(self.hub.boot));
        }
    }

    pub(crate) fn hub_sync(&mut self, boot: u32) {
        if boot == self.hub.boot {
            self.hub.syncing = false;
            self.hub.synced = self.hub.log.len();
            let fresh = std::mem::take(&mut self.hub.fresh);
            self.hub.ready.extend(fresh);
        }
    }

    pub(crate) fn hub_receipts(&mut self, boot: u32) {
        if boot != self.hub.boot {
            return;
        }
        self.at(self.now + BATCH, Event::Receipts(boot));
        let ready = std::mem::take(&mut self.hub.ready);
        for batch in ready.chunks(countersign_mesh::receipt::ITEMS_MAX) {
            self.truth.receipted.extend(batch.iter().filter_map(|(_, digest)| *digest));
            let items = batch.iter().map(|(item, _)| *item).collect();
            let time = self.hub_time();
            self.hub_says(&Receipt { time, items });
        }
    }

    pub(crate) fn hub_beacon(&mut self, boot: u32) {
        if boot != self.hub.boot {
            return;
        }
        self.at(self.now + BEACON, Event::Beacon(boot));
        let time = self.hub_time();
        let beacon = Beacon {
            sequence: time.as_millis(),
            time,
            start: server_time(0),
            bundle_version: 1,
            first_ttl: Ttl::MAX,
        };
        self.hub_says(&beacon);
    }

    fn hub_says<T: Notice>(&mut self, notice: &T) {
        let Fair { realm, id, hub, keys, .. } = &self.fair;
        let t16 = self.t16();
        let content = sign(realm, id, hub, notice).unwrap_or_default();
        let Hub { sealer, dice, .. } = &mut self.hub;
        let packet = sealer.publish(&keys.net, T::TYPE, t16, &content, dice);
        if let Ok(packet) = packet {
            self.originate(HUB, packet, None);
        }
    }

    fn t16(&self) -> T16 {
        let relay = self.nodes[HUB].relay.as_ref();
        relay.map_or(T16::UNKNOWN, |relay| relay.t16(self.ms()))
    }

    fn hub_greets(&mut self, content: &[u8]) {
        let now = self.hub_time();
        let Some(venue) = &self.hub.venue else { return };
        let answer = match AuthMessage::decode(content) {
            Ok(AuthMessage::Hello(hello)) => {
                self.hub.desk.hello(venue, &hello, now).ok().map(|challenge| challenge.encode())
            }
            Ok(AuthMessage::Proof(proof)) => {
                let Fair { realm, id, hub, .. } = &self.fair;
                let welcome = self.hub.desk.proof(venue, &proof, now).ok();
                welcome.and_then(|(_, welcome)| welcome.sign(realm, id, hub).ok())
            }
            Ok(AuthMessage::Challenge(_) | AuthMessage::Welcome(_)) | Err(_) => None,
        };
        if let Some(packet) = answer.and_then(|answer| self.hub_seals(&answer)) {
            // The way to a judge is not known at the hub.
            self.originate(HUB, packet, Some(Ttl::MAX));
        }
    }

    fn hub_seals(&mut self, content: &[u8]) -> Option<Packet> {
        let t16 = self.t16();
        let Hub { sealer, dice, .. } = &mut self.hub;
        let (keys, kind) = (&self.fair.keys, PacketType::Auth);
        sealer.seal(keys, kind, Flags::NONE, t16, content, dice).ok()
    }

    /// What is not on the disk is gone, and of what was being written some bytes are there.
    pub(crate) fn hub_crashes(&mut self) {
        self.note(format_args!("the hub crashes"));
        self.log.count("hub: crash");
        let Hub { log, synced, fresh, ready, boot, venue, syncing, .. } = &mut self.hub;
        let torn = (log.len() - *synced) as u64;
        log.truncate(*synced + self.dice.below(torn + 1) as usize);
        (*venue, *syncing, *boot) = (None, false, *boot + 1);
        fresh.clear();
        ready.clear();
        self.stop_relay(HUB, false);
    }

    pub(crate) fn hub_returns(&mut self) {
        let bundles = core::slice::from_ref(&self.fair.bundle);
        let restored = match Venue::restore(&self.fair.realm, bundles, &self.hub.log) {
            Ok(restored) => restored,
            Err(fault) => return self.violate(format_args!("the log cannot be read: {fault}")),
        };
        self.hub.log.truncate(restored.valid);
        self.hub.synced = restored.valid;
        let lost = self.truth.receipted.iter().find(|one| restored.venue.prove(one).is_none());
        if let Some(lost) = lost.copied() {
            self.violate(format_args!("the receipt of {lost} went out, and the log lost it"));
        }
        self.hub.venue = Some(restored.venue);
        self.hub.desk = Desk::new(&self.hub.dice.bytes());
        if self.start_relay(HUB).is_none() {
            return;
        }
        self.note(format_args!("the hub is back"));
        self.hub_starts();
        self.at(self.now + BATCH, Event::Receipts(self.hub.boot));
    }
}

const fn receipt_status(status: Status) -> ReceiptStatus {
    match status {
        Status::Accepted => ReceiptStatus::Accepted,
        Status::Duplicate => ReceiptStatus::Duplicate,
        Status::Stale => ReceiptStatus::Stale,
        Status::Future => ReceiptStatus::Future,
        Status::Revoked => ReceiptStatus::Revoked,
        Status::Closed => ReceiptStatus::Closed,
        Status::Invalid => ReceiptStatus::Invalid,
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Accepted => "hub: accepted",
        Status::Duplicate => "hub: duplicate",
        Status::Stale => "hub: stale",
        Status::Future => "hub: future",
        Status::Revoked => "hub: revoked",
        Status::Closed => "hub: closed",
        Status::Invalid => "hub: invalid",
    }
}
