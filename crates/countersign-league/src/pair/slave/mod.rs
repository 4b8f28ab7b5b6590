//! The slave's machine: it watches its goal, signs what it sees, and keeps it until the master has it.

mod button;
mod seal;
mod talk;

pub use super::ring::Slot;
pub use button::SEARCH;
pub use talk::{Input, Output};

use super::control::{Beat, Control, Phase, ToMaster, ToSlave, short_of};
use super::handshake::{self, Refusal, Reply};
use super::parcel::{Incoming, Piece};
use super::report::{Chain, Report, ReportKind, first8};
use super::resend::Resend;
use super::ring::{self, Head, Ring};
use super::session::{self, Session};
use super::{BEAT, BadPeer, Entropy, LOST, MAX_FRAME, Pair, push};
use crate::evidence::SlaveSeal;
use crate::goal::{Calibration, Event, Hit};
use crate::id::MatchId;
use alloc::collections::VecDeque;
use countersign::Signer;

/// Reports under way at the same time.
const WINDOW: usize = 8;
/// A new handshake at most so often: it costs the chip some 50 ms. Milliseconds.
const REPLY_PAUSE: u64 = 100;

/// The slave's side of the link. After every call, drain [`Slave::poll_output`].
pub struct Slave<S> {
    pair: Pair,
    signer: S,
    sensor: [u8; 8],
    born: u64,
    head: Head,
    ring: Ring,
    chain: Chain,
    /// Until when it looks for its master; none if nothing has to be asked of people: they met since it was switched on, or there is a
    /// match.
    search_until: Option<u64>,
    reply: Option<(Reply, u64)>,
    session: Option<Session>,
    /// When the master was last heard, while the link is up.
    heard: Option<u64>,
    /// Whether this session has told what the master has already.
    is_acked: bool,
    control: Control,
    /// Counter of the frame that brought `control`.
    control_counter: u32,
    is_boot_known: bool,
    seal: Option<SlaveSeal>,
    /// How many of the oldest reports were sent since the last repetition.
    flight: usize,
    reports_again: Resend,
    seal_again: Resend,
    next_beat: u64,
    incoming: Incoming,
    outputs: VecDeque<Output>,
}

impl<S: Signer> Slave<S> {
    /// Starts with what was persisted: each slot's number and newest bytes, in any order; none at the first start.
    ///
    /// `now` is when the sensor began to be watched.
    pub fn new<'s>(
        pair: Pair,
        signer: S,
        calibration: &Calibration,
        slots: impl IntoIterator<Item = (u16, &'s [u8])>,
        now: u64,
    ) -> Self {
        let (mut head, ring, chain) = ring::restore(slots.into_iter());
        head.boot = head.boot.checked_add(1).unwrap_or(1);
        let mut control = Control::default();
        let mut search_until = Some(now.saturating_add(SEARCH));
        if head.match_id().is_some() {
            // Switched off in a match: until the master tells the times again, any time may be in it.
            let (start, end) = (i64::MIN, i64::MAX);
            control =
                Control { phase: Phase::Armed, match_id: head.match_id, start, end, ..control };
            search_until = None;
        }
        let mut slave = Self {
            pair,
            signer,
            sensor: calibration.digest(),
            born: now,
            head,
            ring,
            chain,
            search_until,
            reply: None,
            session: None,
            heard: None,
            is_acked: false,
            control,
            control_counter: 0,
            is_boot_known: false,
            seal: None,
            flight: 0,
            reports_again: Resend::default(),
            seal_again: Resend::default(),
            next_beat: now,
            incoming: Incoming::NONE,
            outputs: VecDeque::new(),
        };
        slave.persist_head();
        slave
    }

    /// How many times the slave has started.
    pub const fn boot(&self) -> u16 {
        self.head.boot
    }

    /// Whether the master was heard within three beats.
    pub const fn is_up(&self) -> bool {
        self.heard.is_some()
    }

    /// How many reports the master does not have yet.
    pub fn waiting(&self) -> usize {
        self.ring.len()
    }

    /// Goals of this match that this sheet saw and signed.
    pub const fn goals(&self) -> u16 {
        self.chain.goals
    }

    /// What the master wants.
    pub const fn phase(&self) -> Phase {
        self.control.phase
    }

    /// Takes a frame or an event.
    pub fn handle_input(&mut self, input: Input<'_>, now: u64, entropy: &mut impl Entropy) {
        match input {
            Input::Frame(frame) if frame.len() > MAX_FRAME => {}
            Input::Frame(frame) if session::epoch_of(frame).is_some() => {
                self.handle_sealed(frame, now);
            }
            Input::Frame(frame) if self.is_awake(now) => {
                self.handle_handshake(frame, now, entropy);
            }
            Input::Frame(_) => {}
            Input::Sensor(event) => {
                self.observe(event);
                self.pump(now);
            }
            Input::Calibrated(calibration) => self.sensor = calibration.digest(),
            Input::Answer { number, bytes } => {
                if self.incoming.answer(number, bytes) {
                    self.send(&ToMaster::Answer { number, bytes });
                }
            }
        }
    }

    /// What time alone changes.
    pub fn handle_timeout(&mut self, now: u64) {
        if let Some(since) = self.heard.filter(|heard| now >= heard.saturating_add(LOST)) {
            self.heard = None;
            self.emit(Output::LinkDown { since });
        }
        if self.next_beat <= now {
            self.beat(now);
        }
        if self.reports_again.is_due(now) {
            self.flight = 0;
            self.pump(now);
            self.reports_again.again(now);
        }
        self.try_seal(now);
        if self.seal_again.is_due(now) {
            self.send_seal();
            self.seal_again.again(now);
        }
    }

    /// The next output, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Slave::handle_timeout`], and what for.
    pub fn poll_timeout(&self) -> Option<(u64, &'static str)> {
        let lost = self.heard.map(|heard| (heard.saturating_add(LOST), "link lost"));
        let again = self.reports_again.next().map(|at| (at, "report again"));
        let seal = self.seal_due().map(|at| (at, "seal"));
        let seal_again = self.seal_again.next().map(|at| (at, "seal again"));
        let beat = Some((self.next_beat, "beat"));
        [lost, again, seal, seal_again, beat].into_iter().flatten().min()
    }

    fn handle_handshake(&mut self, frame: &[u8], now: u64, entropy: &mut impl Entropy) {
        match &self.reply {
            Some((reply, _)) if reply.is_to(frame) => {
                let answer = reply.answer().to_vec();
                return self.emit(Output::Send(answer));
            }
            Some((reply, _)) => match reply.finish(&self.pair, frame) {
                Ok(session) => return self.establish(session, now),
                Err(Refusal::Signature) => {
                    return self.emit(Output::BadPeer(BadPeer::Handshake));
                }
                Err(Refusal::NotOurs) => {}
            },
            None => {}
        }
        if self.reply.as_ref().is_some_and(|(_, at)| now < at.saturating_add(REPLY_PAUSE)) {
            return;
        }
        let Head { epoch, boot, .. } = self.head;
        if let Some(reply) = Reply::new(&self.pair, &self.signer, frame, epoch, boot, entropy) {
            self.emit(Output::Send(reply.answer().to_vec()));
            self.reply = Some((reply, now));
        }
    }

    fn establish(&mut self, session: Session, now: u64) {
        (self.reply, self.search_until) = (None, None);
        self.head.epoch = session.epoch;
        self.persist_head();
        let epoch = session.epoch;
        self.session = Some(session);
        (self.is_acked, self.control_counter, self.flight) = (false, 0, 0);
        self.incoming = Incoming::NONE;
        // A master that started again counts its wishes from one.
        self.control.number = 0;
        self.reports_again.stop();
        self.heard = Some(now);
        self.emit(Output::LinkUp { epoch });
        self.beat(now);
    }

    fn handle_sealed(&mut self, frame: &[u8], now: u64) {
        let Some(session) = self.session.as_mut() else { return };
        let Some((counter, body)) = session.open(frame) else { return };
        let epoch = session.epoch;
        if self.heard.replace(now).is_none() {
            self.emit(Output::LinkUp { epoch });
        }
        match ToSlave::decode(&body) {
            Ok(ToSlave::Ping { sent }) => self.send(&ToMaster::Pong { sent, ticks: now }),
            Ok(ToSlave::Control(control)) => self.obey(counter, control, now),
            Ok(ToSlave::Piece(piece)) => self.take_piece(&piece),
            Err(_) => {}
        }
    }

    /// Only outside of a match: whatever the shell does with a parcel, the sheet waits for it.
    fn take_piece(&mut self, piece: &Piece<'_>) {
        if !matches!(self.control.phase, Phase::Idle | Phase::Check) {
            self.incoming = Incoming::NONE;
            return;
        }
        if let Some((number, bytes)) = self.incoming.take(piece) {
            self.emit(Output::Parcel { number, bytes });
        }
        if piece.asks {
            match self.incoming.answered() {
                Some((number, bytes)) => {
                    let bytes = bytes.to_vec();
                    self.send(&ToMaster::Answer { number, bytes: &bytes });
                }
                None => self.send(&ToMaster::Have(self.incoming.have())),
            }
        }
    }

    fn obey(&mut self, counter: u32, control: Control, now: u64) {
        let arrived = self.ring.acknowledge(control.ack);
        self.flight = self.flight.saturating_sub(arrived);
        if arrived > 0 {
            self.reports_again.start(now);
        }
        if self.ring.is_empty() {
            self.reports_again.stop();
        }
        if control.ack > self.head.last_seq {
            // What was sent must have been persisted before; if it was not, its numbers are used up all the same.
            self.head.last_seq = control.ack;
            self.persist_head();
        }
        self.is_acked = true;
        if counter > self.control_counter {
            self.control_counter = counter;
            self.want(control, now);
        }
        self.pump(now);
        self.try_seal(now);
    }

    fn want(&mut self, control: Control, now: u64) {
        if control.match_id != self.head.match_id {
            self.head.match_id = control.match_id;
            (self.chain, self.seal) = (Chain::START, None);
            self.persist_head();
        }
        let before = core::mem::replace(&mut self.control, control);
        self.report_boot(control.known_boot, control.ago, now);
        if control.phase != Phase::Drain {
            self.seal_again.stop();
        }
        if before.shown() != control.shown() {
            let (phase, light, score, match_id) = control.shown();
            self.emit(Output::Wanted { phase, light, score, match_id });
        }
        if before.number != control.number {
            self.beat(now);
        }
    }

    /// Once in each boot: how long the goal was blind, if the master knew an earlier boot.
    fn report_boot(&mut self, known: u16, ago: u32, now: u64) {
        if self.is_boot_known || known == 0 {
            return;
        }
        self.is_boot_known = true;
        if known == self.head.boot {
            return;
        }
        let awake = u32::try_from(now.saturating_sub(self.born)).unwrap_or(u32::MAX);
        let blind = if ago == u32::MAX { ago } else { ago.saturating_sub(awake) };
        self.add(ReportKind::Boot, blank(self.born), known, blind);
    }

    fn observe(&mut self, event: Event) {
        match event {
            Event::Goal(hit) => {
                if let Some(kind) = self.kind_of(&hit) {
                    self.add(kind, hit, hit.peak, hit.duration);
                }
            }
            Event::Touch(hit) if self.control.phase != Phase::Idle => {
                self.add(ReportKind::Touch, hit, hit.peak, hit.duration);
            }
            Event::Touch(_) => {}
            Event::Disarmed { since, cause } => {
                self.add(ReportKind::Disarmed, blank(since), cause as u16, 0);
            }
            Event::Rearmed { at, lasted } => {
                self.add(ReportKind::Rearmed, blank(at), 0, lasted);
            }
        }
    }

    /// What an armed contact is, as far as the slave knows. The master's clock has the last word.
    fn kind_of(&self, hit: &Hit) -> Option<ReportKind> {
        let at = i64::try_from(hit.at).unwrap_or(i64::MAX);
        let is_inside = (self.control.start..=self.control.end).contains(&at);
        Some(match self.control.phase {
            Phase::Idle => return None,
            Phase::Check => ReportKind::Check,
            Phase::Armed | Phase::Drain if is_inside && self.open_match().is_some() => {
                ReportKind::Goal
            }
            Phase::Armed | Phase::Drain | Phase::Held | Phase::Sealed => ReportKind::Touch,
        })
    }

    /// The match, until it is sealed.
    fn open_match(&self) -> Option<MatchId> {
        let is_open = self.seal.is_none() && self.control.phase != Phase::Sealed;
        self.head.match_id().filter(|_| is_open)
    }

    fn add(&mut self, kind: ReportKind, hit: Hit, peak: u16, duration: u32) {
        if !self.ring.has_room(kind) {
            if kind == ReportKind::Goal {
                // Counted but not chained: the seal tells that one is missing.
                self.chain.goals = self.chain.goals.saturating_add(1);
            }
            return self.emit(Output::Full(kind));
        }
        let Some(seq) = self.head.last_seq.checked_add(1) else { return };
        self.head.last_seq = seq;
        let report = Report {
            device: self.pair.device,
            epoch: self.head.epoch,
            match_id8: short_of(self.open_match()),
            boot: self.head.boot,
            seq,
            kind,
            ticks: hit.at,
            peak,
            duration,
            rise: hit.rise,
            rows: hit.rows,
            cols: hit.cols,
            sensor: self.sensor,
            prev8: first8(self.chain.head.as_bytes()),
        };
        let bytes = report.sign(&self.signer);
        if kind == ReportKind::Goal {
            self.chain = self.chain.with(&bytes);
        }
        let slot = self.ring.add(seq, bytes, self.chain);
        self.emit(Output::Persist(slot));
    }

    /// Sends what may be under way and is not.
    fn pump(&mut self, now: u64) {
        if self.session.is_none() || !self.is_acked {
            return;
        }
        let window = if self.is_up() { WINDOW } else { 1 };
        while self.flight < window
            && let Some(report) = self.ring.get(self.flight).copied()
        {
            self.flight += 1;
            self.send(&ToMaster::Report(&report));
            if self.reports_again.next().is_none() {
                self.reports_again.start(now);
            }
        }
    }

    /// A beat with a session, a knock without.
    fn beat(&mut self, now: u64) {
        self.next_beat = now.saturating_add(BEAT);
        if self.session.is_none() {
            if !self.is_awake(now) {
                return;
            }
            let knock = handshake::knock(&self.pair);
            return self.emit(Output::Send(knock));
        }
        let oldest = self.ring.oldest().unwrap_or(self.head.last_seq.saturating_add(1));
        let number = self.control.number;
        self.send(&ToMaster::Beat(Beat { ticks: now, number, oldest }));
    }

    fn send(&mut self, message: &ToMaster<'_>) {
        let Some(session) = self.session.as_mut() else { return };
        match session.seal(&message.encode()) {
            Some(frame) => self.emit(Output::Send(frame)),
            // The counter is used up: knock for a new session.
            None => self.session = None,
        }
    }

    fn persist_head(&mut self) {
        let slot = self.head.slot();
        self.emit(Output::Persist(slot));
    }

    fn emit(&mut self, output: Output) {
        let is_frame = matches!(output, Output::Send(_));
        push(&mut self.outputs, output, is_frame);
    }
}

const fn blank(at: u64) -> Hit {
    Hit { at, peak: 0, duration: 0, rise: 0, rows: 0, cols: 0 }
}
