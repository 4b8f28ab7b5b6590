//! The air. Broadcast: whoever is within reach hears a frame for its airtime; two at once garble each other, and who sends hears
//! nothing. Connections: frames arrive in order at the next connection event.

use super::policy::Radio;
use super::world::{Event, Kind, World};
use crate::dice::Dice;
use crate::time::{MS, Micros, S};
use countersign_mesh::relay::Cause;
use countersign_mesh::{LinkId, PacketId};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// How long a frame is on the air, as in mesh.md 4.2.
const AIRTIME: Micros = 2_500;
/// Frames of a hundred that are lost although nothing garbled them.
const LOSS: u64 = 5;
/// Who listens waits a random time up to this before talking, and after having heard somebody.
const BACKOFF: Micros = 5_000;
/// Time between two connection events.
const INTERVAL: Micros = 15 * MS;
/// Frames that wait at one antenna; the newest is dropped.
const QUEUE_MAX: usize = 512;
/// A connection with more than this ahead of a frame does not take it.
const LATE: Micros = 2 * S;

/// A frame on its way.
#[derive(Debug, Clone)]
pub(crate) struct Flight {
    pub(crate) frame: Vec<u8>,
    pub(crate) packet: PacketId,
    pub(crate) cause: Cause,
    pub(crate) from: usize,
    pub(crate) link: LinkId,
    pub(crate) is_vote: bool,
}

#[derive(Default)]
struct Antenna {
    queue: VecDeque<Flight>,
    /// The frame that it sends now, its number, and who is near enough.
    sending: Option<(Rc<Flight>, u64, Vec<usize>)>,
    /// Frames that are on the air here.
    hearing: usize,
    /// The one of them that may still come through.
    reception: Option<u64>,
    /// A [`Event::Try`] is on its way.
    tries: bool,
    /// Connections: when it is free again, and when the last frame of each gets there.
    free: Micros,
    arrivals: BTreeMap<LinkId, Micros>,
}

pub(crate) struct Air {
    radio: Radio,
    antennas: Vec<Antenna>,
    dice: Dice,
    serial: u64,
}

impl Air {
    pub(crate) fn new(radio: Radio, nodes: usize, dice: Dice) -> Self {
        let antennas = (0..nodes).map(|_| Antenna::default()).collect();
        Self { radio, antennas, dice, serial: 0 }
    }

    fn loses(&mut self) -> bool {
        self.dice.percent(LOSS)
    }
}

impl World {
    pub(crate) fn air_send(&mut self, node: usize, flight: Flight) {
        self.figures.frames += 1;
        self.figures.vote_frames += u64::from(flight.is_vote);
        self.note(format_args!("{node} sends {} {:?}", flight.packet, flight.cause));
        match self.air.radio {
            Radio::Gatt => self.air_connect(node, flight),
            Radio::Broadcast { listens } => {
                let antenna = &mut self.air.antennas[node];
                if antenna.queue.len() >= QUEUE_MAX {
                    self.log.count("air: no room at the antenna");
                    return;
                }
                antenna.queue.push_back(flight);
                let wait = if listens { self.air.dice.below(BACKOFF) } else { 0 };
                self.air_try_in(node, wait);
            }
        }
    }

    fn air_connect(&mut self, node: usize, flight: Flight) {
        let (now, link) = (self.now, flight.link);
        // An attacker has as many radios as it likes.
        let is_evil = self.nodes[node].kind == Kind::Evil;
        let antenna = &mut self.air.antennas[node];
        let start = if is_evil { now } else { antenna.free.max(now) };
        if start > now + LATE {
            self.log.count("air: no room at the antenna");
            return;
        }
        antenna.free = start + AIRTIME;
        let event = self.air.dice.below(INTERVAL);
        let before = antenna.arrivals.get(&link).copied().unwrap_or_default();
        let arrival = (start + AIRTIME + event).max(before);
        antenna.arrivals.insert(link, arrival);
        self.figures.heard += 1;
        if self.air.loses() {
            return self.log.count("air: lost");
        }
        let (a, b) = self.hall.wires[link.0 as usize];
        let to = if a == node { b } else { a };
        self.at(arrival, Event::Frame(to, link, Rc::new(flight)));
    }

    fn air_try_in(&mut self, node: usize, wait: Micros) {
        let antenna = &mut self.air.antennas[node];
        if !antenna.tries && antenna.sending.is_none() && !antenna.queue.is_empty() {
            antenna.tries = true;
            self.at(self.now + wait, Event::Try(node));
        }
    }

    pub(crate) fn air_try(&mut self, node: usize) {
        let antenna = &mut self.air.antennas[node];
        antenna.tries = false;
        if antenna.sending.is_some() {
            return;
        }
        let is_busy = antenna.hearing > 0;
        match self.air.radio {
            Radio::Broadcast { listens: true } if is_busy => {
                let wait = AIRTIME / 2 + self.air.dice.below(BACKOFF);
                self.air_try_in(node, wait);
            }
            Radio::Broadcast { .. } | Radio::Gatt => self.air_start(node),
        }
    }

    fn air_start(&mut self, node: usize) {
        let Some(flight) = self.air.antennas[node].queue.pop_front() else { return };
        self.air.serial += 1;
        let serial = self.air.serial;
        let is_cut = self.plan.is_cut(self.now);
        let side = &self.plan.side;
        let near = self.hall.near[node].iter().copied();
        let near: Vec<usize> = near.filter(|other| !is_cut || side[*other] == side[node]).collect();
        // Who begins to talk misses what he heard.
        self.air.antennas[node].reception = None;
        for other in &near {
            let ear = &mut self.air.antennas[*other];
            self.figures.heard += 1;
            ear.hearing += 1;
            if ear.hearing > 1 {
                self.figures.collided += 1 + u64::from(ear.reception.take().is_some());
            } else if ear.sending.is_none() {
                ear.reception = Some(serial);
            }
        }
        self.air.antennas[node].sending = Some((Rc::new(flight), serial, near));
        self.at(self.now + AIRTIME, Event::Sent(node));
    }

    pub(crate) fn air_sent(&mut self, node: usize) {
        let Some((flight, serial, near)) = self.air.antennas[node].sending.take() else { return };
        let mut heard = Vec::with_capacity(near.len());
        for other in near {
            let ear = &mut self.air.antennas[other];
            ear.hearing -= 1;
            if ear.reception == Some(serial) {
                ear.reception = None;
                heard.push(other);
            }
        }
        for other in heard {
            match self.air.loses() {
                true => self.log.count("air: lost"),
                false => self.receive(other, Self::shared_hop(node), &flight),
            }
        }
        let wait = match self.air.radio {
            Radio::Broadcast { listens: true } => self.air.dice.below(BACKOFF),
            Radio::Broadcast { .. } | Radio::Gatt => 0,
        };
        self.air_try_in(node, wait);
    }
}
