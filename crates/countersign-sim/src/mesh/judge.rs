//! Judges: their programs are the real ones; the people only tap. Without receipts there are no programs, and a vote is said once.

use super::fair::{CATEGORY, PROJECTS, judge_id, project_id};
use super::truth::Cast;
use super::world::{Event, World};
use crate::dice::Dice;
use crate::key::Key;
use crate::time::{MS, Micros, S, server_time};
use countersign::{Signer, Timestamp};
use countersign_app::AskId;
use countersign_app::judge::{
    BallotState, Judge, JudgeAsk, JudgeConfig, JudgeEffect, JudgeEvent, JudgeTap, Place,
};
use countersign_judging::{Vote, VoteId};
use countersign_mesh::{Flags, Packet, PacketType, Sealer, T16};
use std::collections::BTreeMap;

/// A judge's device: its program, and what it keeps over restarts.
pub(crate) struct JudgeShell {
    number: usize,
    program: Judge,
    key: Key,
    /// What the device's clock is off, in milliseconds.
    offset: i64,
    kept: BTreeMap<String, Vec<u8>>,
    secret: [u8; 32],
    wake: Option<Micros>,
}

/// What outlasts a program.
pub(crate) struct Device {
    number: usize,
    offset: i64,
    kept: BTreeMap<String, Vec<u8>>,
    secret: [u8; 32],
}

impl JudgeShell {
    pub(crate) fn off(self) -> Device {
        let Self { number, offset, kept, secret, .. } = self;
        Device { number, offset, kept, secret }
    }

    fn clock(&self, now: Micros) -> Timestamp {
        let millis = server_time(now).as_millis();
        Timestamp::from_millis(millis.saturating_add_signed(self.offset))
    }

    /// When the device's clock shows that.
    fn when(&self, time: Timestamp) -> Micros {
        let real = time.as_millis().saturating_add_signed(-self.offset);
        real.saturating_sub(server_time(0).as_millis()) * MS
    }

    pub(crate) fn state(&self, project: usize) -> Option<(u32, &BallotState)> {
        let ballot = self.program.ballot(&place(project)?)?;
        Some((ballot.revision, &ballot.state))
    }
}

pub(crate) fn place(project: usize) -> Option<Place> {
    Some(Place { project: project_id(project).parse().ok()?, category: CATEGORY.parse().ok()? })
}

impl World {
    /// The device is switched on for the first time: the bundle is in it, the code is scanned.
    pub(crate) fn judge_arrives(&mut self, node: usize, number: usize) {
        let offset = self.plan.offset(number, &mut self.dice);
        let device = Device { number, offset, kept: BTreeMap::new(), secret: self.dice.bytes() };
        self.judge_on(node, device);
        let frame = self.fair.frame.clone();
        let code = self.fair.code.clone();
        self.judge_taps(node, JudgeTap::Bundle(frame));
        self.judge_taps(node, JudgeTap::Scan(code));
    }

    pub(crate) fn judge_on(&mut self, node: usize, device: Device) {
        let Device { number, offset, kept, secret } = device;
        let Some(key) = self.fair.judges.get(number).cloned() else { return };
        let program = Judge::new(JudgeConfig {
            realm: self.fair.realm.clone(),
            keyset: self.fair.keyset.clone(),
            key: key.verifying_key().clone(),
            entropy: self.dice.bytes(),
            device_secret: secret,
        });
        let mut shell = JudgeShell { number, program, key, offset, kept, secret, wake: None };
        let clock = shell.clock(self.now);
        for (name, bytes) in &shell.kept {
            shell.program.restore(name, bytes.clone(), clock);
        }
        self.nodes[node].judge = Some(shell);
        self.judge_does(node, JudgeEvent::Tick);
    }

    fn judge_taps(&mut self, node: usize, tap: JudgeTap) {
        self.judge_does(node, JudgeEvent::Tap(Box::new(tap)));
    }

    pub(crate) fn judge_wakes(&mut self, node: usize) {
        let Some(shell) = &mut self.nodes[node].judge else { return };
        if shell.wake == Some(self.now) {
            shell.wake = None;
            self.judge_does(node, JudgeEvent::Tick);
        }
    }

    pub(crate) fn judge_does(&mut self, node: usize, event: JudgeEvent) {
        let now = self.now;
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let Some(shell) = &mut self.nodes[node].judge else { return };
            let clock = shell.clock(now);
            let is_receipt = matches!(event, JudgeEvent::Mesh(_));
            for effect in shell.program.update(event, clock) {
                events.extend(self.judge_effect(node, effect));
            }
            if is_receipt {
                self.note_known(node);
            }
        }
    }

    fn judge_effect(&mut self, node: usize, effect: JudgeEffect) -> Option<JudgeEvent> {
        match effect {
            JudgeEffect::Ask { id, ask } => return self.judge_asks(node, id, ask),
            JudgeEffect::Send(packet) => self.judge_sends(node, packet),
            JudgeEffect::Keep { name, bytes } => {
                if let Some(shell) = &mut self.nodes[node].judge {
                    shell.kept.insert(name, bytes);
                }
            }
            JudgeEffect::Wake(time) => self.judge_will_wake(node, time),
            // The relay has the keys; nobody looks at the screen.
            JudgeEffect::Join { .. } | JudgeEffect::Show => {}
        }
        None
    }

    fn judge_asks(&mut self, node: usize, id: AskId, ask: JudgeAsk) -> Option<JudgeEvent> {
        let shell = self.nodes[node].judge.as_ref()?;
        let bytes = match ask {
            JudgeAsk::Sign(input) => shell.key.sign(&input).to_vec(),
            JudgeAsk::Bundle(_) => self.fair.frame.clone(),
        };
        Some(JudgeEvent::Answer { id, result: Ok(bytes) })
    }

    fn judge_will_wake(&mut self, node: usize, time: Timestamp) {
        let now = self.now;
        let Some(shell) = &mut self.nodes[node].judge else { return };
        let when = shell.when(time).max(now + 1);
        if shell.wake.is_none_or(|wake| when < wake) {
            shell.wake = Some(when);
            self.at(when, Event::Judge(node));
        }
    }

    fn judge_sends(&mut self, node: usize, packet: Packet) {
        let kind = packet.packet_type();
        let cast = if kind == PacketType::Vote { self.cast_of(&packet) } else { None };
        if kind == PacketType::Vote {
            self.log.count("judge: vote sent");
            self.truth.packets.insert(packet.id(), cast);
        }
        self.originate(node, packet, None);
    }

    /// Which vote is in the packet.
    pub(crate) fn cast_of(&self, packet: &Packet) -> Option<usize> {
        let checked = packet.clone().check_net(&self.fair.keys.net).ok()?;
        let content = countersign_mesh::seal::open(&self.fair.keys.app, &checked).ok()?;
        let vote = self.hub.examiner.examine(&content).ok()?.vote;
        let (judge, project) = (number_of(vote.judge.as_str())?, number_of(vote.project.as_str())?);
        self.truth.find(judge, project, vote.revision)
    }

    /// What a judge knows now.
    fn note_known(&mut self, node: usize) {
        let now = self.now;
        let Some(shell) = &self.nodes[node].judge else { return };
        for project in 0..PROJECTS {
            let Some((revision, BallotState::Accepted)) = shell.state(project) else { continue };
            let cast = self.truth.find(shell.number, project, revision);
            if let Some(cast) = cast {
                self.truth.casts[cast].known.get_or_insert(now);
            }
        }
    }

    /// Somebody votes.
    pub(crate) fn cast(&mut self) {
        match self.config.policy.is_whole() {
            true => self.cast_by_program(),
            false => self.cast_once(),
        }
    }

    fn cast_by_program(&mut self) {
        let number = self.dice.below(self.judges.len() as u64) as usize;
        let project = self.dice.below(PROJECTS as u64) as usize;
        let node = self.judges[number];
        let points: Vec<u16> = (0..3).map(|_| self.dice.below(11) as u16).collect();
        let Some(place) = place(project) else { return };
        let Some(shell) = &self.nodes[node].judge else {
            // The device is off: a little later, somebody else perhaps.
            return self.at(self.now + S, Event::Cast);
        };
        let before = shell.state(project).map_or(0, |(revision, _)| revision);
        let revision = before + 1;
        let cast = Cast {
            judge: number,
            project,
            revision,
            points: points.clone(),
            at: self.now,
            decided: None,
            known: None,
        };
        self.truth.cast(cast);
        self.log.count(if before == 0 { "judge: votes" } else { "judge: changes a vote" });
        self.note(format_args!("{node} votes on {project}, revision {revision}"));
        self.judge_taps(node, JudgeTap::Vote { place, points });
        let after = self.nodes[node].judge.as_ref().and_then(|shell| shell.state(project));
        if after.is_none_or(|(after, _)| after != revision) {
            self.violate(format_args!("the program of judge {number} did not take a vote"));
        }
    }

    /// One vote, said once, from anywhere.
    fn cast_once(&mut self) {
        let serial = self.truth.casts.len();
        let (people, last) = (self.plan.people, self.nodes.len() as u64 - 1);
        let (judge, project) = (serial % people, serial / people % PROJECTS);
        let revision = 1 + (serial / (people * PROJECTS)) as u32;
        let node = 1 + self.dice.below(last) as usize;
        let points = vec![(serial % 11) as u16, 5, 5];
        let cast = Cast {
            judge,
            project,
            revision,
            points: points.clone(),
            at: self.now,
            decided: None,
            known: None,
        };
        let index = self.truth.cast(cast);
        let packet = self.plain_vote(judge, project, revision, points);
        let Some(packet) = packet else {
            return self.violate(format_args!("a vote cannot be written"));
        };
        self.truth.packets.insert(packet.id(), Some(index));
        self.originate(node, packet, self.config.policy.ttl());
    }

    fn plain_vote(
        &mut self,
        judge: usize,
        project: usize,
        revision: u32,
        points: Vec<u16>,
    ) -> Option<Packet> {
        let vote = Vote {
            project: project_id(project).parse().ok()?,
            category: CATEGORY.parse().ok()?,
            points,
            id: VoteId::from_bytes(self.dice.bytes()),
            seconds: self.hub_time().as_millis() / 1_000,
            judge: judge_id(judge).parse().ok()?,
            revision,
            round: 1,
        };
        let content = vote.sign(&self.fair.realm, &self.fair.id, &self.fair.judges[judge]).ok()?;
        let sealer = Sealer::new(self.dice.bytes());
        let mut entropy: Dice = self.dice.fork();
        let (kind, flags) = (PacketType::Vote, Flags::RECEIPT_WANTED);
        sealer.seal(&self.fair.keys, kind, flags, T16::UNKNOWN, &content, &mut entropy).ok()
    }
}

/// The number in an id, from 0.
pub(crate) fn number_of(id: &str) -> Option<usize> {
    let digits: String = id.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<usize>().ok()?.checked_sub(1)
}
