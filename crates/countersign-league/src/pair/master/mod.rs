//! The master's machine: it finds its slave, keeps time with it, and takes every report once and in order.

mod parcel;
mod record;
mod saw;
mod talk;

pub use parcel::ParcelError;
pub use talk::{Input, Order, Output, Sighting};

use super::control::{Beat, Control, Light, Phase, ToMaster, ToSlave, match_of};
use super::handshake::{Agreed, Opening, Refusal};
use super::parcel::Outgoing;
use super::report::Chain;
use super::resend::Resend;
use super::session::{self, Session};
use super::{
    BEAT, BadPeer, Entropy, LOST, MAX_FRAME, Mapped, Pair, clock::Clocks, handshake, push,
};
use crate::ruleset::Params;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use countersign::{Malformed, Signer};
use record::Record;

/// Between two sendings of the same frame of a handshake. Milliseconds.
const HANDSHAKE_PAUSE: u64 = 250;
/// Pings that make a clock.
const PINGS: u8 = 8;
/// Between pings while the clock is made, and afterwards. Milliseconds.
const PING_PAUSE: u64 = 20;
const PING_REFRESH: u64 = 2_000;
/// A knock counts if no beat came for this long. Milliseconds.
const SILENT: u64 = BEAT + BEAT / 4;
/// A pong that took longer says nothing. Milliseconds.
const PONG_LATE: u64 = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Down,
    /// Counts pongs.
    Syncing(u8),
    Up,
}

struct Seeking {
    opening: Opening,
    /// The newest answer that was accepted, and what came of it.
    agreed: Option<(Vec<u8>, Agreed)>,
    began: u64,
    next: u64,
    tries: u8,
}

/// The master's side of the link. After every call, drain [`Master::poll_output`].
pub struct Master<S> {
    pair: Pair,
    signer: S,
    handshake: u64,
    record: Record,
    is_wanted: bool,
    seeking: Option<Seeking>,
    session: Option<Session>,
    /// Boot of the slave in this session.
    boot: u16,
    link: Link,
    heard: u64,
    /// When the boot in the record was last heard.
    known_heard: Option<u64>,
    clocks: Clocks,
    number: u32,
    echoed: u32,
    /// The number of the last wish that began a match, until the slave has carried it out.
    unheeded: Option<u32>,
    phase: Phase,
    light: Light,
    score: [u8; 2],
    start: i64,
    end: i64,
    control_again: Resend,
    next_beat: u64,
    next_ping: u64,
    parcel: Option<Outgoing>,
    /// Number of the last one.
    parcels: u32,
    outputs: VecDeque<Output>,
}

impl<S: Signer> Master<S> {
    /// Starts with the record that was persisted last; none at the first start.
    pub fn new(
        pair: Pair,
        signer: S,
        params: &Params,
        record: Option<&[u8]>,
    ) -> Result<Self, Malformed> {
        let record = record.map_or(Ok(Record::EMPTY), Record::decode)?;
        // Switched off in a match: until the game has found its place again, the slave goes on.
        let is_match = match_of(record.match_id).is_some();
        Ok(Self {
            pair,
            signer,
            handshake: params.handshake.into(),
            record,
            is_wanted: false,
            seeking: None,
            session: None,
            boot: 0,
            link: Link::Down,
            heard: 0,
            known_heard: None,
            clocks: Clocks::default(),
            number: 0,
            echoed: 0,
            unheeded: None,
            phase: if is_match { Phase::Armed } else { Phase::Idle },
            light: Light::Off,
            score: [0; 2],
            start: i64::MIN,
            end: i64::MAX,
            control_again: Resend::default(),
            next_beat: 0,
            next_ping: 0,
            parcel: None,
            parcels: 0,
            outputs: VecDeque::new(),
        })
    }

    /// Whether the slave is there and its clock is known.
    pub fn is_up(&self) -> bool {
        self.link == Link::Up
    }

    /// The newest epoch.
    pub const fn epoch(&self) -> u32 {
        self.record.epoch
    }

    /// When the slave was last heard; 0 if never.
    pub const fn heard(&self) -> u64 {
        self.heard
    }

    /// The chain of the slave's goals in the present match.
    pub const fn chain(&self) -> Chain {
        self.record.chain
    }

    /// A moment of the slave on the master's clock, if the link was ever up in that boot.
    pub fn map(&self, boot: u16, ticks: u64) -> Option<Mapped> {
        self.clocks.map(boot, ticks)
    }

    /// The slave's boot number and its clock at this moment, if the link was ever up in that boot.
    pub fn slave_clock(&self, now: u64) -> Option<(u16, u64)> {
        let (ticks, _) = self.clocks.ticks(self.boot, i64::try_from(now).ok()?)?;
        Some((self.boot, u64::try_from(ticks).ok()?))
    }

    /// Takes a frame or an order.
    pub fn handle_input(&mut self, input: Input<'_>, now: u64, entropy: &mut impl Entropy) {
        match input {
            Input::Frame(frame) if frame.len() > MAX_FRAME => {}
            Input::Frame(frame) if session::epoch_of(frame).is_some() => {
                self.handle_sealed(frame, now);
            }
            Input::Frame(frame) if handshake::is_knock(&self.pair, frame) => {
                // Anybody can knock. A slave that really started again is silent under the old keys.
                let is_silent = now >= self.heard.saturating_add(SILENT);
                if self.is_wanted && self.seeking.is_none() && is_silent {
                    self.seek(now, 0, entropy);
                }
            }
            Input::Frame(frame) => self.handle_answer(frame, now),
            Input::Order(order) => self.handle_order(order, now, entropy),
        }
    }

    /// What time alone changes.
    pub fn handle_timeout(&mut self, now: u64, entropy: &mut impl Entropy) {
        if self.link != Link::Down && now >= self.heard.saturating_add(LOST) {
            if self.link == Link::Up {
                self.emit(Output::LinkDown { since: self.heard });
            }
            self.link = Link::Down;
            if self.is_wanted && self.seeking.is_none() {
                self.seek(now, 0, entropy);
            }
        }
        self.continue_seeking(now, entropy);
        self.look_after_parcel(now);
        if self.session.is_none() {
            return;
        }
        if self.control_again.is_due(now) {
            self.send_control(now);
            self.control_again.again(now);
        }
        if self.next_beat <= now {
            self.send_control(now);
        }
        if self.link != Link::Down && self.next_ping <= now {
            self.ping(now);
        }
    }

    /// The next output, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Master::handle_timeout`], and what for.
    pub fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        let seek = self.seeking.as_ref().map(|seeking| (seeking.next, "handshake"));
        let session = self.session.as_ref();
        let beat = session.map(|_| (self.next_beat, "beat"));
        let again = session.and_then(|_| self.control_again.next()).map(|at| (at, "control again"));
        let is_linked = session.is_some() && self.link != Link::Down;
        let ping = is_linked.then_some((self.next_ping, "ping"));
        let lost = is_linked.then_some((self.heard.saturating_add(LOST), "link lost"));
        let piece = self.parcel.as_ref().and_then(Outgoing::poll_timeout);
        [seek, beat, again, ping, lost, piece].into_iter().flatten().min()
    }

    fn handle_order(&mut self, order: Order, now: u64, entropy: &mut impl Entropy) {
        let is_match = match_of(self.record.match_id).is_some();
        match order {
            Order::Connect => {
                self.is_wanted = true;
                if self.link == Link::Down && self.seeking.is_none() {
                    self.seek(now, 0, entropy);
                }
                return;
            }
            Order::Disconnect => {
                (self.is_wanted, self.seeking, self.session) = (false, None, None);
                self.link = Link::Down;
                self.look_after_parcel(now);
                return;
            }
            Order::Check => self.phase = Phase::Check,
            Order::Begin { match_id, start, end } => {
                (self.phase, self.start, self.end) = (Phase::Armed, start, end);
                if self.record.match_id != *match_id.as_bytes() {
                    self.record.match_id = *match_id.as_bytes();
                    self.record.chain = Chain::START;
                    self.persist();
                }
            }
            Order::Arm if is_match => self.phase = Phase::Armed,
            Order::Hold if is_match => self.phase = Phase::Held,
            Order::End { at } => self.end = at,
            Order::Drain if is_match => self.phase = Phase::Drain,
            Order::Arm | Order::Hold | Order::Drain => return,
            Order::Forget => {
                self.phase = Phase::Idle;
                (self.record.match_id, self.record.chain) = ([0; 16], Chain::START);
                self.persist();
            }
            Order::Light(light) => self.light = light,
            Order::Score(score) => self.score = score,
        }
        let begins = matches!(order, Order::Begin { .. });
        self.look_after_parcel(now);
        self.want(now);
        if begins {
            self.unheeded = Some(self.number);
        }
    }

    /// The wanted state has changed.
    fn want(&mut self, now: u64) {
        self.number = self.number.wrapping_add(1);
        self.send_control(now);
        self.control_again.start(now);
    }

    fn seek(&mut self, now: u64, tries: u8, entropy: &mut impl Entropy) {
        let opening = Opening::new(self.record.epoch, entropy);
        self.emit(Output::Send(opening.hello(&self.pair)));
        let next = now.saturating_add(HANDSHAKE_PAUSE);
        self.seeking = Some(Seeking { opening, agreed: None, began: now, next, tries });
    }

    fn continue_seeking(&mut self, now: u64, entropy: &mut impl Entropy) {
        let Some(seeking) = self.seeking.as_mut().filter(|seeking| seeking.next <= now) else {
            return;
        };
        if now >= seeking.began.saturating_add(self.handshake) {
            let tries = seeking.tries.saturating_add(1);
            self.seeking = None;
            // While the old session lives, somebody has only knocked.
            if self.link == Link::Down {
                self.emit(Output::Unanswered { tries });
                self.seek(now, tries, entropy);
            }
            return;
        }
        seeking.next = now.saturating_add(HANDSHAKE_PAUSE);
        let frame = match &seeking.agreed {
            Some((_, agreed)) => agreed.confirm.clone(),
            None => seeking.opening.hello(&self.pair),
        };
        self.emit(Output::Send(frame));
    }

    fn handle_answer(&mut self, frame: &[u8], now: u64) {
        let Some(seeking) = self.seeking.as_mut() else { return };
        if seeking.agreed.as_ref().is_some_and(|(answer, _)| answer == frame) {
            return;
        }
        match seeking.opening.accept(&self.pair, &self.signer, frame) {
            Ok(agreed) => {
                let (confirm, epoch) = (agreed.confirm.clone(), agreed.session.epoch);
                seeking.agreed = Some((frame.to_vec(), agreed));
                seeking.next = now.saturating_add(HANDSHAKE_PAUSE);
                self.record.epoch = self.record.epoch.max(epoch);
                self.persist();
                self.emit(Output::Send(confirm));
            }
            Err(Refusal::Signature) => self.emit(Output::BadPeer(BadPeer::Handshake)),
            Err(Refusal::NotOurs) => {}
        }
    }

    fn handle_sealed(&mut self, frame: &[u8], now: u64) {
        let epoch = session::epoch_of(frame);
        let opened = match (&mut self.session, &mut self.seeking) {
            (Some(session), _) if Some(session.epoch) == epoch => session.open(frame),
            (_, Some(Seeking { agreed: Some((_, agreed)), .. })) => agreed.session.open(frame),
            _ => None,
        };
        let Some((_, body)) = opened else { return };
        if self.session.as_ref().map(|session| session.epoch) != epoch {
            let agreed = self.seeking.take().and_then(|seeking| seeking.agreed);
            let Some((_, agreed)) = agreed else { return };
            (self.session, self.boot) = (Some(agreed.session), agreed.boot);
            self.link = Link::Down;
            self.look_after_parcel(now);
        }
        self.heard = now;
        if self.boot == self.record.boot {
            self.known_heard = Some(now);
        }
        if self.link == Link::Down {
            // A handshake that the slave may have finished already goes on.
            self.seeking = self.seeking.take().filter(|seeking| seeking.agreed.is_some());
            self.link = Link::Syncing(0);
            self.ping(now);
            self.want(now);
        }
        match ToMaster::decode(&body) {
            Ok(ToMaster::Pong { sent, ticks }) => self.handle_pong(sent, ticks, now),
            Ok(ToMaster::Beat(beat)) => self.handle_beat(&beat),
            Ok(ToMaster::Report(bytes)) => self.handle_report(bytes, now),
            Ok(ToMaster::Seal(seal)) => self.handle_seal(seal, now),
            Ok(ToMaster::Have(have)) => self.handle_have(have, now),
            Ok(ToMaster::Answer { number, bytes }) => self.handle_parcel_answer(number, bytes),
            Err(_) => {}
        }
    }

    fn handle_pong(&mut self, sent: u64, ticks: u64, now: u64) {
        if now.checked_sub(sent).is_none_or(|trip| trip > PONG_LATE) {
            return;
        }
        self.clocks.add(self.boot, sent, ticks, now);
        let Link::Syncing(pongs) = self.link else { return };
        if pongs + 1 < PINGS {
            self.link = Link::Syncing(pongs + 1);
            return;
        }
        self.link = Link::Up;
        self.next_ping = now.saturating_add(PING_REFRESH);
        if self.record.boot == 0 {
            self.record.boot = self.boot;
            self.known_heard = Some(now);
            self.persist();
        }
        let uncertainty = self.clocks.map(self.boot, ticks).map_or(0, |mapped| mapped.uncertainty);
        let (epoch, boot) = (self.record.epoch, self.boot);
        self.emit(Output::LinkUp { epoch, boot, uncertainty });
        self.want(now);
    }

    fn handle_beat(&mut self, beat: &Beat) {
        self.echoed = beat.number;
        if self.echoed == self.number {
            self.control_again.stop();
        }
        if self.unheeded.is_some_and(|began| beat.number >= began) {
            self.unheeded = None;
            self.emit(Output::Begun);
        }
        let next = self.record.seq.saturating_add(1);
        if self.is_up() && beat.oldest > next {
            self.record.seq = beat.oldest - 1;
            self.persist();
            self.emit(Output::Missing { from: next, to: beat.oldest - 1 });
        }
    }

    fn ping(&mut self, now: u64) {
        let pause = if self.link == Link::Up { PING_REFRESH } else { PING_PAUSE };
        self.next_ping = now.saturating_add(pause);
        self.send(&ToSlave::Ping { sent: now });
    }

    fn send_control(&mut self, now: u64) {
        self.next_beat = now.saturating_add(BEAT);
        let ago = self.known_heard.map(|heard| now.saturating_sub(heard));
        let control = Control {
            ack: self.record.seq,
            number: self.number,
            phase: self.phase,
            match_id: self.record.match_id,
            start: self.ticks(self.start).map_or(i64::MIN, |(at, u)| at.saturating_sub(u.into())),
            end: self.ticks(self.end).map_or(i64::MAX, |(at, u)| at.saturating_add(u.into())),
            light: self.light,
            score: self.score,
            known_boot: self.record.boot,
            ago: ago.map_or(u32::MAX, |ago| u32::try_from(ago).unwrap_or(u32::MAX)),
        };
        self.send(&ToSlave::Control(control));
    }

    fn ticks(&self, at: i64) -> Option<(i64, u32)> {
        self.clocks.ticks(self.boot, at).filter(|_| at != i64::MIN && at != i64::MAX)
    }

    fn send(&mut self, message: &ToSlave<'_>) {
        let Some(session) = self.session.as_mut() else { return };
        match session.seal(&message.encode()) {
            Some(frame) => self.emit(Output::Send(frame)),
            // The counter is used up: the slave misses three beats, and so shall we.
            None => self.session = None,
        }
    }

    fn persist(&mut self) {
        let record = self.record.encode();
        self.emit(Output::Persist(record));
    }

    fn emit(&mut self, output: Output) {
        let is_frame = matches!(output, Output::Send(_));
        push(&mut self.outputs, output, is_frame);
    }
}
