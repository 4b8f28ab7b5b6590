//! One queue of events, one clock that is right, and everybody in the hall.

use super::air::{Air, Flight};
use super::evil::Evil;
use super::fair::Fair;
use super::hub::Hub;
use super::judge::JudgeShell;
use super::policy::Radio;
use super::scenario::{Act, Plan};
use super::topology::Topology;
use super::truth::Truth;
use super::{Config, Fault, Figures, Report};
use crate::dice::Dice;
use crate::log::Log;
use crate::time::{MS, Micros, S};
use core::fmt::Arguments;
use countersign_app::judge::{FromMesh, JudgeEvent};
use countersign_mesh::relay::{Cause, DropReason, Limits, PeerId};
use countersign_mesh::{
    Bearer, Entropy, Hop, LinkId, Output, PacketId, PacketType, Relay, RelayConfig, Ttl,
};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The hub's place among the nodes.
pub(crate) const HUB: usize = 0;
/// The link that all share on broadcast.
const SHARED: LinkId = LinkId(0);
/// What one frame carries: ESP-NOW, and GATT at MTU 247.
const BROADCAST_FRAME: usize = 250;
const GATT_FRAME: usize = 244;
/// Nobody forwards a packet twice within so many milliseconds.
const ONCE_WITHIN: u64 = 60_000;
/// How often a node writes down what a restart must not lose.
const SNAPSHOT_EVERY: Micros = 5 * S;

impl Entropy for Dice {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Something that happens.
pub(crate) enum Event {
    /// A frame comes in over a connection.
    Frame(usize, LinkId, Rc<Flight>),
    /// A node's antenna has something to send.
    Try(usize),
    /// A node's frame is out.
    Sent(usize),
    /// A relay's time has come.
    Timer(usize),
    /// A judge's program wants to be called.
    Judge(usize),
    /// Somebody votes; with a number, for the same project again.
    Cast,
    /// Nodes write down what they must not lose.
    Snapshot,
    Beacon(u32),
    Sync(u32),
    Receipts(u32),
    Evil,
    Act(Act),
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Honest,
    /// Gives nothing on.
    Dropper,
    /// Runs no relay, hears everything near, and sends what it likes.
    Evil,
}

pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) relay: Option<Relay<Dice>>,
    pub(crate) judge: Option<JudgeShell>,
    /// Before the next start.
    pub(crate) saved: Option<(Micros, Vec<u8>)>,
    /// When each packet was forwarded, in milliseconds: the reference model of "once".
    pub(crate) forwards: BTreeMap<PacketId, u64>,
    armed: Option<Micros>,
}

pub(crate) struct World {
    pub(crate) now: Micros,
    queue: BTreeMap<(Micros, u64), Event>,
    serial: u64,
    pub(crate) config: Config,
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) log: Log,
    pub(crate) fair: Fair,
    pub(crate) hall: Topology,
    pub(crate) air: Air,
    pub(crate) nodes: Vec<Node>,
    /// Nodes with a judge.
    pub(crate) judges: Vec<usize>,
    pub(crate) hub: Hub,
    pub(crate) evil: Evil,
    pub(crate) truth: Truth,
    pub(crate) figures: Figures,
    limits: Limits,
}

impl World {
    /// `None` only if the constants of this crate are wrong.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        let mut dice = Dice::new(config.seed ^ 0x6d65_7368_0000_0001);
        let hall = Topology::new(config.nodes.clamp(3, 2_000), &mut dice);
        let plan = Plan::new(config, &hall, &mut dice);
        let judges = plan.judges.clone();
        let fair = Fair::new(plan.people + 1, &mut dice)?;
        let hub = Hub::new(&fair, &mut dice)?;
        let nodes = (0..hall.near.len()).map(|node| Node {
            kind: plan.kind(node),
            relay: None,
            judge: None,
            saved: None,
            forwards: BTreeMap::new(),
            armed: None,
        });
        let mut limits = config.policy.limits();
        if config.fault == Fault::SmallMemory {
            limits.seen_per_generation = 1_000;
        }
        let mut world = Self {
            now: 0,
            queue: BTreeMap::new(),
            serial: 0,
            config: *config,
            log: Log::new(config.trace),
            nodes: nodes.collect(),
            air: Air::new(config.policy.radio(), hall.near.len(), dice.fork()),
            evil: Evil::new(dice.fork()),
            truth: Truth::default(),
            figures: Figures::default(),
            limits,
            hall,
            plan,
            fair,
            hub,
            judges,
            dice,
        };
        for node in 0..world.nodes.len() {
            world.start_relay(node)?;
        }
        Some(world)
    }

    pub(crate) fn at(&mut self, when: Micros, event: Event) {
        self.serial += 1;
        self.queue.insert((when.max(self.now), self.serial), event);
    }

    pub(crate) fn note(&mut self, what: Arguments<'_>) {
        self.log.note(self.now, what);
    }

    pub(crate) fn violate(&mut self, what: Arguments<'_>) {
        self.log.violate(self.now, what);
    }

    /// Milliseconds, as relays count them.
    pub(crate) const fn ms(&self) -> u64 {
        self.now / MS
    }

    /// Lets everything happen until then, or until `is_done`.
    pub(crate) fn run(&mut self, until: Micros, is_done: impl Fn(&Self) -> bool) {
        while let Some(entry) = self.queue.first_entry() {
            let (when, _) = *entry.key();
            if when > until || self.log.is_broken() || is_done(self) {
                break;
            }
            let Some((_, event)) = self.queue.pop_first() else { break };
            self.now = when;
            self.happen(event);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Frame(to, link, flight) => self.receive(to, Hop::only(link), &flight),
            Event::Try(node) => self.air_try(node),
            Event::Sent(node) => self.air_sent(node),
            Event::Timer(node) => self.timer(node),
            Event::Judge(node) => self.judge_wakes(node),
            Event::Cast => self.cast(),
            Event::Snapshot => self.snapshot(),
            Event::Beacon(boot) => self.hub_beacon(boot),
            Event::Sync(boot) => self.hub_sync(boot),
            Event::Receipts(boot) => self.hub_receipts(boot),
            Event::Evil => self.evil_acts(),
            Event::Act(act) => self.act(act),
        }
    }

    /// A relay of that node, with its links up; from what was saved, if anything was.
    pub(crate) fn start_relay(&mut self, node: usize) -> Option<()> {
        if self.nodes[node].kind == Kind::Evil {
            return Some(());
        }
        let role = self.fair.member()?;
        let config = RelayConfig { role, limits: self.limits };
        let now = self.ms();
        let mut relay = Relay::new(config, self.dice.fork(), now);
        if let Some((_, bytes)) = &self.nodes[node].saved
            && relay.restore(bytes, now).is_err()
        {
            self.violate(format_args!("node {node}: the snapshot cannot be read"));
        }
        self.nodes[node].relay = Some(relay);
        for (link, bearer, frame_max) in self.links_of(node) {
            self.link_up(node, link, bearer, frame_max);
        }
        self.drain(node);
        Some(())
    }

    pub(crate) fn link_up(&mut self, node: usize, link: LinkId, bearer: Bearer, max: usize) {
        let now = self.ms();
        if let Some(relay) = &mut self.nodes[node].relay {
            // The frames are large enough, and links few.
            let _ = relay.link_up(link, bearer, max, now);
        }
    }

    pub(crate) fn links_of(&self, node: usize) -> Vec<(LinkId, Bearer, usize)> {
        match self.config.policy.radio() {
            Radio::Broadcast { .. } => vec![(SHARED, Bearer::Broadcast, BROADCAST_FRAME)],
            Radio::Gatt => self
                .wires_of(node)
                .map(|(link, _)| (link, Bearer::PointToPoint, GATT_FRAME))
                .collect(),
        }
    }

    /// Connections of a node, and who is at their other ends.
    pub(crate) fn wires_of(&self, node: usize) -> impl Iterator<Item = (LinkId, usize)> + '_ {
        let wires = self.hall.wires.iter().enumerate();
        wires.filter_map(move |(index, (a, b))| match node {
            _ if node == *a => Some((LinkId(index as u32), *b)),
            _ if node == *b => Some((LinkId(index as u32), *a)),
            _ => None,
        })
    }

    /// A frame got to an antenna whole.
    pub(crate) fn receive(&mut self, to: usize, hop: Hop, flight: &Rc<Flight>) {
        if self.nodes[to].kind == Kind::Evil {
            return self.evil_hears(to, flight);
        }
        if self.plan.is_cut(self.now) && self.plan.side[to] != self.plan.side[flight.from] {
            return;
        }
        let now = self.ms();
        let is_honest = self.truth.packets.contains_key(&flight.packet)
            && self.nodes[flight.from].kind != Kind::Evil;
        let Some(relay) = &mut self.nodes[to].relay else { return };
        let before = relay.counters().clone();
        relay.handle_frame(hop, &flight.frame, now);
        if is_honest {
            let after = relay.counters();
            let lost = HARMS.iter().find(|why| after.dropped(**why) > before.dropped(**why));
            if let Some(why) = lost.copied() {
                self.honest_dropped(to, flight, why);
            }
        }
        if self.config.fault == Fault::NoDedupe && to == self.plan.broken && is_honest {
            self.echo(to, hop.link, flight);
        }
        self.drain(to);
    }

    /// Everything in the air is shared by all, so a flood by somebody with the key takes part of everybody's share there.
    fn honest_dropped(&mut self, node: usize, flight: &Flight, why: DropReason) {
        let is_shared = self.config.policy.radio() != Radio::Gatt
            && self.plan.insider.is_some()
            && matches!(why, DropReason::LinkRate | DropReason::SeenFull);
        match is_shared {
            true => self.log.count("honest packet held back on the shared air"),
            false => self.violate(format_args!(
                "node {node} dropped an honest packet from {}: {}",
                flight.from,
                why.as_str()
            )),
        }
    }

    /// What a relay without a memory does.
    fn echo(&mut self, node: usize, link: LinkId, flight: &Flight) {
        let mut frame = flight.frame.clone();
        let Some(ttl) = frame.get_mut(2).filter(|ttl| **ttl > 0) else { return };
        *ttl -= 1;
        self.check_once(node, flight.packet);
        let flight = Flight { frame, from: node, cause: Cause::Forward, link, ..flight.clone() };
        self.air_send(node, flight);
    }

    /// Takes everything out of a relay.
    pub(crate) fn drain(&mut self, node: usize) {
        loop {
            let output = self.nodes[node].relay.as_mut().and_then(Relay::poll_output);
            match output {
                None => break,
                Some(Output::Send { link, frame, packet, cause }) => {
                    self.send(node, link, frame, packet, cause);
                }
                Some(Output::Deliver { packet, .. }) if node == HUB => self.hub_takes(&packet),
                Some(Output::Deliver { packet, .. }) => {
                    if packet.packet().packet_type() == PacketType::Auth {
                        self.judge_hears(node, FromMesh::Packet(packet));
                    }
                }
                Some(Output::Beacon(said)) => self.judge_hears(node, FromMesh::Beacon(said)),
                Some(Output::Receipt(said)) => self.judge_hears(node, FromMesh::Receipt(said)),
                Some(Output::Control(said)) => self.judge_hears(node, FromMesh::Control(said)),
            }
        }
        self.arm(node);
    }

    fn judge_hears(&mut self, node: usize, what: FromMesh) {
        if self.nodes[node].judge.is_some() {
            self.judge_does(node, JudgeEvent::Mesh(what));
        }
    }

    fn send(&mut self, node: usize, link: LinkId, frame: Vec<u8>, packet: PacketId, cause: Cause) {
        let gives_on = matches!(cause, Cause::Forward | Cause::Answer);
        if gives_on && self.nodes[node].kind == Kind::Dropper {
            return;
        }
        if cause == Cause::Forward {
            self.check_once(node, packet);
        }
        let is_vote = self.truth.packets.contains_key(&packet);
        self.air_send(node, Flight { frame, packet, cause, from: node, link, is_vote });
    }

    /// A packet goes out over all links at one moment; at another moment within a minute it is a second time.
    fn check_once(&mut self, node: usize, packet: PacketId) {
        let now = self.ms();
        let before = self.nodes[node].forwards.insert(packet, now);
        if before.is_some_and(|before| before != now && now - before < ONCE_WITHIN) {
            self.violate(format_args!("node {node} forwards {packet} twice within 60 s"));
        }
    }

    fn timer(&mut self, node: usize) {
        if self.nodes[node].armed != Some(self.now) {
            return;
        }
        self.nodes[node].armed = None;
        let now = self.ms();
        if let Some(relay) = &mut self.nodes[node].relay {
            relay.handle_timeout(now);
            self.drain(node);
        }
    }

    fn arm(&mut self, node: usize) {
        let due = self.nodes[node].relay.as_ref().and_then(Relay::poll_timeout);
        let Some(due) = due.map(|ms| (ms * MS).max(self.now)) else { return };
        if self.nodes[node].armed.is_none_or(|armed| due < armed) {
            self.nodes[node].armed = Some(due);
            self.at(due, Event::Timer(node));
        }
    }

    fn snapshot(&mut self) {
        let (now, ms) = (self.now, self.ms());
        for node in &mut self.nodes {
            if let Some(relay) = &node.relay {
                node.saved = Some((now, relay.snapshot(ms)));
            }
        }
        self.at(now + SNAPSHOT_EVERY, Event::Snapshot);
    }

    /// Hops of an own packet; `None`: what the relay makes of the beacons.
    pub(crate) fn originate(
        &mut self,
        node: usize,
        packet: countersign_mesh::Packet,
        ttl: Option<Ttl>,
    ) {
        let now = self.ms();
        let Some(relay) = &mut self.nodes[node].relay else { return };
        match ttl {
            Some(ttl) => relay.originate_with_ttl(packet, ttl, now),
            None => relay.originate(packet, now),
        };
        self.drain(node);
    }

    /// Over a shared link, who sent it.
    pub(crate) fn shared_hop(from: usize) -> Hop {
        Hop { link: SHARED, peer: PeerId(from as u64) }
    }

    pub(crate) fn report(mut self) -> Report {
        self.finish_figures();
        let finished = self.log.finish();
        Report {
            digest: finished.digest,
            trace: finished.lines,
            counts: finished.counts,
            violations: finished.violations,
            figures: self.figures,
        }
    }
}

/// Reasons for which no honest packet may be dropped.
const HARMS: [DropReason; 8] = [
    DropReason::Shape,
    DropReason::NetTag,
    DropReason::Stale,
    DropReason::Future,
    DropReason::LinkRate,
    DropReason::SeenFull,
    DropReason::WaitingFull,
    DropReason::UnknownEpoch,
];
