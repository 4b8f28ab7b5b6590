//! Attackers. One outside, who knows nothing but what is on the air; one inside, who has the QR and the bundle and no judge's key;
//! and one judge of the roster who is not honest.

use super::air::Flight;
use super::fair::{CATEGORY, PROJECTS, judge_id, project_id};
use super::world::{Event, World};
use crate::dice::Dice;
use crate::key::Key;
use crate::time::{MS, Micros};
use countersign_judging::{ReceivedVote, Vote, VoteId};
use countersign_mesh::framing::split;
use countersign_mesh::relay::Cause;
use countersign_mesh::{Flags, Packet, PacketType, Sealer, T16, Ttl, seal};
use std::rc::Rc;

/// 5,000 a minute.
const JUNK_EVERY: Micros = 12 * MS;
/// Packets that are kept for later.
const TAPE: usize = 256;
/// Every so many turns, something other than junk.
const CLONE_TURNS: u64 = 20;

pub(crate) struct Evil {
    dice: Dice,
    sealer: Sealer,
    key: Key,
    /// Packets that came by.
    tape: Vec<Vec<u8>>,
    turn: u64,
    revision: u32,
}

impl Evil {
    pub(crate) fn new(mut dice: Dice) -> Self {
        let (sealer, key) = (Sealer::new(dice.bytes()), Key::new(dice.bytes()));
        Self { dice, sealer, key, tape: Vec::new(), turn: 0, revision: 0 }
    }
}

impl World {
    pub(crate) fn evil_hears(&mut self, node: usize, flight: &Rc<Flight>) {
        if self.plan.insider != Some(node) || !self.plan.clones || !flight.is_vote {
            return;
        }
        // Votes fit one frame: one byte before the packet.
        let Some(packet) = flight.frame.get(1..).map(<[u8]>::to_vec) else { return };
        if self.evil.tape.len() < TAPE {
            self.evil.tape.push(packet.clone());
        } else {
            let place = self.evil.dice.below(TAPE as u64) as usize;
            self.evil.tape[place] = packet.clone();
        }
        // At once, so that it gets to the hub first where it can.
        if self.evil.dice.percent(20) {
            self.squat(node, &packet);
        }
    }

    pub(crate) fn evil_acts(&mut self) {
        self.evil.turn += 1;
        if let Some(node) = self.plan.outsider {
            let junk = self.junk();
            self.evil_sends(node, &junk);
            self.log.count("evil: junk");
        }
        if let Some(node) = self.plan.insider {
            if self.plan.floods {
                self.flood(node);
            }
            if self.plan.clones && self.evil.turn.is_multiple_of(CLONE_TURNS) {
                self.clone_something(node);
            }
        }
        if self.now < self.plan.casting.1 {
            self.at(self.now + JUNK_EVERY, Event::Evil);
        }
    }

    /// The shape of a packet of the event.
    fn junk(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 220];
        countersign_mesh::Entropy::fill(&mut self.evil.dice, &mut bytes);
        (bytes[0], bytes[1], bytes[2], bytes[3]) = (0x11, 15, 0, 0);
        bytes[4..8].copy_from_slice(self.fair.keys.net.event_tag().as_bytes());
        bytes
    }

    /// Passes the checks of every relay; only the hub sees that nobody signed it.
    fn flood(&mut self, node: usize) {
        let content: [u8; 170] = self.evil.dice.bytes();
        if let Some(packet) = self.evil_seals(&content) {
            self.evil_sends(node, packet.as_bytes());
            self.log.count("evil: flood with the key");
        }
    }

    fn clone_something(&mut self, node: usize) {
        let count = self.evil.tape.len() as u64;
        if count == 0 {
            return;
        }
        let mut bytes = self.evil.tape[self.evil.dice.below(count) as usize].clone();
        match self.evil.dice.below(5) {
            0 => {
                self.log.count("evil: replay");
                bytes[1] = 15;
                self.evil_sends(node, &bytes);
            }
            1 => {
                self.log.count("evil: flipped bit");
                let bit = self.evil.dice.below(bytes.len() as u64 * 8) as usize;
                bytes[bit / 8] ^= 1 << (bit % 8);
                self.evil_sends(node, &bytes);
            }
            2 => {
                self.log.count("evil: clone in a new packet");
                let content = self.evil_opens(&bytes);
                let packet = content.and_then(|content| self.evil_seals(&content));
                packet.into_iter().for_each(|packet| self.evil_sends(node, packet.as_bytes()));
            }
            3 => self.squat(node, &bytes),
            _ => self.mallory(node, &bytes),
        }
    }

    /// Another vote under the same id, in the judge's name, signed by nobody of the roster.
    fn squat(&mut self, node: usize, bytes: &[u8]) {
        let Some(mut vote) = self.evil_reads(bytes) else { return };
        vote.points = vec![0, 0, 0];
        let content = vote.sign(&self.fair.realm, &self.fair.id, &self.evil.key).ok();
        if let Some(packet) = content.and_then(|content| self.evil_seals(&content)) {
            self.log.count("evil: id squatted");
            self.evil_sends(node, packet.as_bytes());
        }
    }

    /// A judge of the roster votes under somebody else's id: the ids of one judge say nothing about another's.
    fn mallory(&mut self, node: usize, bytes: &[u8]) {
        let Some(theirs) = self.evil_reads(bytes) else { return };
        let number = self.fair.judges.len() - 1;
        self.evil.revision += 1;
        let project = self.evil.dice.below(PROJECTS as u64) as usize;
        let parsed = (project_id(project).parse(), CATEGORY.parse(), judge_id(number).parse());
        let (Ok(project), Ok(category), Ok(judge)) = parsed else { return };
        let vote = Vote {
            project,
            category,
            points: vec![10, 10, 10],
            id: VoteId::from_bytes(*theirs.id.as_bytes()),
            seconds: self.hub_time().as_millis() / 1_000,
            judge,
            revision: self.evil.revision,
            round: 1,
        };
        let content = vote.sign(&self.fair.realm, &self.fair.id, &self.fair.judges[number]).ok();
        if let Some(packet) = content.and_then(|content| self.evil_seals(&content)) {
            self.log.count("evil: another judge's id used");
            self.truth.by_mallory.push(vote);
            self.evil_sends(node, packet.as_bytes());
        }
    }

    fn evil_opens(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let packet = Packet::decode(bytes).ok()?.check_net(&self.fair.keys.net).ok()?;
        seal::open(&self.fair.keys.app, &packet).ok()
    }

    fn evil_reads(&self, bytes: &[u8]) -> Option<Vote> {
        let content = self.evil_opens(bytes)?;
        ReceivedVote::decode(&content).ok()?;
        Some(self.hub.examiner.examine(&content).ok()?.vote)
    }

    fn evil_seals(&mut self, content: &[u8]) -> Option<Packet> {
        let Evil { sealer, dice, .. } = &mut self.evil;
        let (kind, flags) = (PacketType::Vote, Flags::NONE);
        let packet = sealer.seal(&self.fair.keys, kind, flags, T16::UNKNOWN, content, dice).ok()?;
        Some(packet.with_ttl(Ttl::MAX))
    }

    fn evil_sends(&mut self, node: usize, bytes: &[u8]) {
        let Ok(packet) = Packet::decode(bytes) else {
            // A bit that no packet can have: it goes out as it is.
            return self.evil_frames(node, bytes, countersign_mesh::PacketId::from_bytes([0; 16]));
        };
        self.evil_frames(node, bytes, packet.id());
    }

    fn evil_frames(&mut self, node: usize, bytes: &[u8], packet: countersign_mesh::PacketId) {
        let (from, cause, is_vote) = (node, Cause::Own, false);
        for (link, _, max) in self.links_of(node) {
            for frame in split(bytes, max, 1) {
                self.air_send(node, Flight { frame, packet, cause, from, link, is_vote });
            }
        }
    }
}
