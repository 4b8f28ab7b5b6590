//! What goes wrong, by the dice.

use super::Config;
use super::judge::Device;
use super::topology::Topology;
use super::world::{Event, HUB, Kind, World};
use crate::dice::Dice;
use crate::time::{MS, Micros, S};
use countersign_app::judge::JudgeEvent;

/// Judges of an event, if there are nodes for them.
const JUDGES: usize = 30;
/// When the first vote is cast: devices have had time for the handshake.
const FIRST_VOTE: Micros = 20 * S;
/// Between two votes.
pub(crate) const VOTE_EVERY: Micros = 200 * MS;
/// How long votes, said once, have to arrive; with questions to neighbours, longer.
const GRACE: Micros = 10 * S;
const GRACE_SYNC: Micros = 90 * S;
/// After everything is mended, everything has to be there within this.
const HEALED: Micros = 900 * S;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scenario {
    /// Several of the others, by the dice.
    Mixed,
    /// Nothing but the air.
    #[default]
    Calm,
    /// A fifth of the nodes gives nothing on.
    Droppers,
    /// The hall falls into two halves, and heals.
    Partition,
    /// An outsider sends 5,000 junk packets a minute.
    Flood,
    /// Somebody with the QR sends 5,000 packets a minute that pass every check of a relay.
    Insider,
    /// Somebody with the QR repeats, clones, and squats ids.
    Clones,
    /// The hub dies, and comes back with its log.
    Crash,
    /// Half of the devices have wrong clocks.
    Clocks,
    /// Relays die, and come back from what they had written down.
    Restarts,
}

impl Scenario {
    /// All, with the words by which they are chosen.
    pub const ALL: [(&'static str, Self); 10] = [
        ("mixed", Self::Mixed),
        ("calm", Self::Calm),
        ("droppers", Self::Droppers),
        ("partition", Self::Partition),
        ("flood", Self::Flood),
        ("insider", Self::Insider),
        ("clones", Self::Clones),
        ("crash", Self::Crash),
        ("clocks", Self::Clocks),
        ("restarts", Self::Restarts),
    ];

    /// The scenario of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, scenario)| *scenario)
    }

    /// The word by which it is chosen.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, scenario)| *scenario == self).map_or("", |(word, _)| word)
    }
}

/// Something that goes wrong at a moment.
pub(crate) enum Act {
    JudgeArrives(usize),
    HubDies,
    HubReturns,
    /// A node goes; whether it had time to write everything down.
    Dies(usize, bool),
    Returns(usize, Option<Device>),
    /// The halves cannot hear each other.
    Cut,
    Heal,
}

/// A day before it begins.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Nodes with judges.
    pub(crate) judges: Vec<usize>,
    /// Judges of the roster who vote.
    pub(crate) people: usize,
    droppers: Vec<usize>,
    /// Which half of the hall a node is in.
    pub(crate) side: Vec<bool>,
    cut: Option<(Micros, Micros)>,
    pub(crate) outsider: Option<usize>,
    pub(crate) insider: Option<usize>,
    pub(crate) floods: bool,
    pub(crate) clones: bool,
    clocks: bool,
    crashes: Vec<(Micros, Micros)>,
    deaths: Vec<(Micros, Micros, usize, bool)>,
    /// The node that is broken on purpose.
    pub(crate) broken: usize,
    /// From the first vote to the last.
    pub(crate) casting: (Micros, Micros),
}

impl Plan {
    pub(crate) fn new(config: &Config, hall: &Topology, dice: &mut Dice) -> Self {
        let nodes = hall.near.len();
        let first = if config.policy.is_whole() { FIRST_VOTE } else { 3 * S };
        let end = first + config.votes as u64 * VOTE_EVERY;
        let mut plan = Self {
            judges: Vec::new(),
            people: JUDGES,
            droppers: Vec::new(),
            side: hall.places.iter().map(|(x, y)| x + 0.3 * y > 0.4).collect(),
            cut: None,
            outsider: None,
            insider: None,
            floods: false,
            clones: false,
            clocks: false,
            crashes: Vec::new(),
            deaths: Vec::new(),
            broken: hall.near[HUB].first().copied().unwrap_or(1),
            casting: (first, end),
        };
        if config.scenario == Scenario::Mixed {
            for (_, scenario) in &Scenario::ALL[2..] {
                if dice.percent(35) {
                    plan.adds(*scenario, hall, dice);
                }
            }
        } else {
            plan.adds(config.scenario, hall, dice);
        }
        let random = config.policy.dropper_percent();
        plan.droppers.extend((1..nodes).filter(|_| dice.percent(random)));
        if config.policy.is_whole() {
            plan.seat_judges(nodes, dice);
        }
        plan
    }

    fn adds(&mut self, scenario: Scenario, hall: &Topology, dice: &mut Dice) {
        let (first, end) = self.casting;
        let mut some_time = |span: Micros| first + dice.below(end - first) + dice.below(span);
        match scenario {
            Scenario::Mixed | Scenario::Calm => {}
            Scenario::Droppers => self.droppers = self.some_droppers(hall, dice),
            Scenario::Partition => {
                let from = some_time(S);
                self.cut = Some((from, from + 20 * S + some_time(100 * S)));
            }
            Scenario::Flood => self.outsider = self.stranger(hall, dice),
            Scenario::Insider => {
                self.insider = self.insider.or_else(|| self.stranger(hall, dice));
                self.floods = true;
            }
            Scenario::Clones => {
                self.insider = self.insider.or_else(|| self.stranger(hall, dice));
                self.clones = true;
            }
            Scenario::Crash => {
                for _ in 0..2 {
                    let at = some_time(10 * S);
                    self.crashes.push((at, at + 2 * S + some_time(30 * S) % (40 * S)));
                }
                self.crashes.sort_unstable();
            }
            Scenario::Clocks => self.clocks = true,
            Scenario::Restarts => {
                let nodes = hall.near.len() as u64;
                for _ in 0..nodes / 4 {
                    let at = some_time(20 * S);
                    let back = at + S + some_time(S) % (90 * S);
                    let node = 1 + at as usize % (nodes as usize - 1);
                    self.deaths.push((at, back, node, at % 2 == 0));
                }
            }
        }
    }

    /// Near the hub, where most passes by; not somebody without whom others are cut off.
    fn stranger(&self, hall: &Topology, dice: &mut Dice) -> Option<usize> {
        let mut near: Vec<usize> = hall.near[HUB].clone();
        near.retain(|node| !self.is_silent(*node) && self.keeps_connected(hall, *node));
        (!near.is_empty()).then(|| near[dice.below(near.len() as u64) as usize])
    }

    fn is_silent(&self, node: usize) -> bool {
        self.droppers.contains(&node) || self.outsider == Some(node) || self.insider == Some(node)
    }

    /// A fifth of the nodes, without those who are the only way to somebody.
    fn some_droppers(&self, hall: &Topology, dice: &mut Dice) -> Vec<usize> {
        let mut plan = self.clone();
        for node in 1..hall.near.len() {
            if dice.percent(20) && !self.is_silent(node) && plan.keeps_connected(hall, node) {
                plan.droppers.push(node);
            }
        }
        plan.droppers
    }

    /// Whether everybody still reaches the hub over nodes that give on, on either kind of link, if `less` does not either.
    fn keeps_connected(&self, hall: &Topology, less: usize) -> bool {
        let mut wired = vec![Vec::new(); hall.near.len()];
        for (a, b) in &hall.wires {
            wired[*a].push(*b);
            wired[*b].push(*a);
        }
        [&hall.near, &wired].into_iter().all(|near| {
            let (mut reached, mut open) = (vec![false; near.len()], vec![HUB]);
            while let Some(node) = open.pop() {
                let is_new = !std::mem::replace(&mut reached[node], true);
                if is_new && node != less && !self.is_silent(node) {
                    open.extend(near[node].iter().filter(|other| !reached[**other]));
                }
            }
            reached.iter().all(|reached| *reached)
        })
    }

    fn seat_judges(&mut self, nodes: usize, dice: &mut Dice) {
        let mut free: Vec<usize> = (1..nodes)
            .filter(|node| self.insider != Some(*node) && self.outsider != Some(*node))
            .collect();
        self.people = JUDGES.min(free.len() / 2).max(1);
        while self.judges.len() < self.people && !free.is_empty() {
            self.judges.push(free.swap_remove(dice.below(free.len() as u64) as usize));
        }
    }

    pub(crate) fn kind(&self, node: usize) -> Kind {
        if self.outsider == Some(node) || self.insider == Some(node) {
            Kind::Evil
        } else if self.droppers.contains(&node) {
            Kind::Dropper
        } else {
            Kind::Honest
        }
    }

    pub(crate) fn is_cut(&self, now: Micros) -> bool {
        self.cut.is_some_and(|(from, until)| (from..until).contains(&now))
    }

    /// What a judge's clock is off, in milliseconds: up to a minute, or hours.
    pub(crate) fn offset(&self, number: usize, dice: &mut Dice) -> i64 {
        let off = dice.below(120_000) as i64 - 60_000;
        if !self.clocks || number.is_multiple_of(2) {
            return off;
        }
        let hours = 3 + dice.below(24 * 365) as i64;
        if dice.percent(50) { off + hours * 3_600_000 } else { off - hours * 3_600_000 }
    }

    /// When nothing goes wrong any more.
    fn calm_from(&self) -> Micros {
        let crashes = self.crashes.iter().map(|(_, back)| *back);
        let deaths = self.deaths.iter().map(|(_, back, ..)| *back);
        let cut = self.cut.map(|(_, until)| until);
        crashes.chain(deaths).chain(cut).max().unwrap_or(0).max(self.casting.1)
    }
}

impl World {
    /// From the first link to the last receipt.
    pub(crate) fn day(&mut self) {
        let (first, end) = self.plan.casting;
        for vote in 0..self.config.votes as u64 {
            let shift = self.dice.below(VOTE_EVERY);
            self.at(first + vote * VOTE_EVERY + shift, Event::Cast);
        }
        self.note(format_args!("plan {:?}", self.plan.clone()));
        if !self.config.policy.is_whole() {
            let is_asked = self.config.policy == super::Policy::GattDroppersSync;
            let grace = if is_asked { GRACE_SYNC } else { GRACE };
            return self.run(end + grace, |_| false);
        }
        self.hub_starts();
        self.at(0, Event::Receipts(self.hub.boot));
        self.at(self.plan.casting.0 / 4, Event::Snapshot);
        for index in 0..self.judges.len() {
            // Who has a wrong clock votes before the hub could say the time.
            let span = if self.plan.clocks { first + 10 * S } else { first * 3 / 4 };
            let arrives = S + self.dice.below(span);
            self.at(arrives, Event::Act(Act::JudgeArrives(index)));
        }
        self.plan_acts();
        if self.plan.outsider.or(self.plan.insider).is_some() {
            self.at(first / 2, Event::Evil);
        }
        let calm = self.plan.calm_from();
        let is_done = move |world: &Self| world.now > calm && world.is_all_known();
        self.run(calm + HEALED, is_done);
    }

    fn plan_acts(&mut self) {
        for (at, back) in self.plan.crashes.clone() {
            self.at(at, Event::Act(Act::HubDies));
            self.at(back, Event::Act(Act::HubReturns));
        }
        for (at, back, node, in_peace) in self.plan.deaths.clone() {
            self.at(at, Event::Act(Act::Dies(node, in_peace)));
            self.at(back, Event::Act(Act::Returns(node, None)));
        }
        if let Some((from, until)) = self.plan.cut {
            self.at(from, Event::Act(Act::Cut));
            self.at(until, Event::Act(Act::Heal));
        }
    }

    fn is_all_known(&self) -> bool {
        let votes = self.truth.casts.len();
        votes >= self.config.votes && self.truth.standing().all(|cast| cast.known.is_some())
    }

    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::JudgeArrives(number) => {
                let node = self.judges[number];
                match self.nodes[node].relay.is_some() {
                    true => self.judge_arrives(node, number),
                    // The device is off just now.
                    false => self.at(self.now + 5 * S, Event::Act(Act::JudgeArrives(number))),
                }
            }
            Act::HubDies if self.hub.venue.is_some() => self.hub_crashes(),
            Act::HubReturns if self.hub.venue.is_none() => self.hub_returns(),
            Act::HubDies | Act::HubReturns => {}
            Act::Dies(node, in_peace) => self.dies(node, in_peace),
            Act::Returns(node, device) => self.returns(node, device),
            Act::Cut => self.cut_links(true),
            Act::Heal => self.cut_links(false),
        }
    }

    fn dies(&mut self, node: usize, in_peace: bool) {
        if self.nodes[node].relay.is_none() {
            return;
        }
        self.log.count(if in_peace { "relay: switched off" } else { "relay: died" });
        self.note(format_args!("{node} dies"));
        self.stop_relay(node, in_peace);
        if let Some(shell) = self.nodes[node].judge.take() {
            let back = self.now + 3 * S + self.dice.below(60 * S);
            self.at(back, Event::Act(Act::Returns(node, Some(shell.off()))));
        }
    }

    /// What was forwarded after the last snapshot is forgotten, by the model too.
    pub(crate) fn stop_relay(&mut self, node: usize, in_peace: bool) {
        let (now, ms) = (self.now, self.ms());
        let stopped = &mut self.nodes[node];
        if let Some(relay) = stopped.relay.take().filter(|_| in_peace) {
            stopped.saved = Some((now, relay.snapshot(ms)));
        }
        let written = stopped.saved.as_ref().map_or(0, |(at, _)| *at / MS);
        if !in_peace {
            stopped.forwards.retain(|_, at| *at < written);
        }
    }

    fn returns(&mut self, node: usize, device: Option<Device>) {
        if self.nodes[node].relay.is_none() {
            self.note(format_args!("{node} is back"));
            if self.start_relay(node).is_none() {
                return;
            }
        }
        if let Some(device) = device {
            self.judge_on(node, device);
            self.judge_does(node, JudgeEvent::Tick);
        }
    }

    /// Connections over the cut break; what is on the air there is not heard.
    fn cut_links(&mut self, is_cut: bool) {
        self.note(format_args!("the hall is {}", if is_cut { "cut" } else { "whole" }));
        self.log.count(if is_cut { "partition: begins" } else { "partition: heals" });
        for node in 0..self.nodes.len() {
            let over: Vec<_> = self
                .wires_of(node)
                .filter(|(_, other)| self.plan.side[node] != self.plan.side[*other])
                .map(|(link, _)| link)
                .collect();
            for (link, bearer, max) in self.links_of(node) {
                if bearer == countersign_mesh::Bearer::PointToPoint && over.contains(&link) {
                    match (is_cut, &mut self.nodes[node].relay) {
                        (true, Some(relay)) => relay.link_down(link),
                        (false, _) => self.link_up(node, link, bearer, max),
                        (true, None) => {}
                    }
                }
            }
            self.drain(node);
        }
    }
}
