//! A judge's device: the program of the judge and a relay of its own, over one link at a time.
//!
//! A vote is handed to the relay when the disk has it, and not before: see `keeping`.

use crate::keeping::{Keeping, Then};
use countersign::{EventId, Keyset, Timestamp, VerifyingKey};
use countersign_app::AskId;
use countersign_app::judge::{
    FromMesh, Judge, JudgeAsk, JudgeConfig, JudgeEffect, JudgeEvent, JudgeScreen, JudgeTap,
    JudgeTrouble, Place,
};
use countersign_mesh::{
    Bearer, BleUuid, Hop, HubKeys, LinkId, NetKeys, Output, Relay, RelayConfig, Role,
};
use std::collections::VecDeque;

pub use crate::keeping::Disk;

/// Bytes of the largest frame of any link.
pub const FRAME_MAX: usize = 2048;
/// A link is not up and down more often than this within what a relay remembers of numbers.
const FIRST_LINK: u32 = 1;

/// This moment by both clocks of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The wall clock, however wrong.
    pub wall: Timestamp,
    /// Milliseconds of a clock that only goes forward.
    pub steady_ms: u64,
}

/// Fills bytes with those of the browser's generator.
pub type Fill = fn(&mut [u8]);

/// Something to be done outside.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish {
    /// Keep these bytes under this name, for this event, and say whether they are kept, with the same number.
    Keep {
        /// To be given back.
        number: u32,
        /// Whose.
        event: EventId,
        /// The name.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Do this, and answer with the same id.
    Ask {
        /// To be given back.
        id: AskId,
        /// What.
        ask: JudgeAsk,
    },
    /// Send this over the link.
    Frame(Vec<u8>),
}

/// A judge's device.
pub struct Device {
    judge: Judge,
    key: VerifyingKey,
    fill: Fill,
    relay: Option<Relay<Fill>>,
    /// The link, and what its frames carry.
    link: Option<(LinkId, usize)>,
    next_link: u32,
    wake: Option<Timestamp>,
    wishes: Vec<Wish>,
    keeping: Keeping,
    has_changed: bool,
}

impl core::fmt::Debug for Device {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Device")
            .field("link", &self.link)
            .field("wake", &self.wake)
            .finish_non_exhaustive()
    }
}

impl Device {
    /// One without an event.
    pub fn new(config: JudgeConfig, fill: Fill) -> Self {
        Self {
            key: config.key.clone(),
            judge: Judge::new(config),
            fill,
            relay: None,
            link: None,
            next_link: FIRST_LINK,
            wake: None,
            wishes: Vec::new(),
            keeping: Keeping::default(),
            has_changed: false,
        }
    }

    /// Gives back what was kept before a reload, in any order, before anything else.
    pub fn restore(&mut self, name: &str, bytes: Vec<u8>, now: Moment) {
        self.judge.restore(name, bytes, now.wall);
    }

    /// Nothing outlives this page, the key for votes neither: votes do not wait for what keeps nothing.
    pub fn keeps_nothing(&mut self) {
        self.keeping.memory_only();
    }

    /// Whether a vote could not be kept, and so does not leave.
    pub fn is_stuck(&self) -> bool {
        self.keeping.is_stuck()
    }

    /// Where the votes are.
    pub fn disk(&self) -> Disk {
        self.keeping.disk()
    }

    /// Whether something is not on the disk yet.
    pub fn is_keeping(&self) -> bool {
        self.keeping.is_open()
    }

    /// The server's keys, which may have changed.
    pub fn set_keyset(&mut self, keyset: Keyset) {
        self.judge.set_keyset(keyset);
    }

    /// What is to be shown.
    pub fn screen(&self) -> JudgeScreen<'_> {
        self.judge.screen()
    }

    /// The program, for looking at.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// The key that it votes with.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// What went wrong last.
    pub fn trouble(&self) -> Option<&JudgeTrouble> {
        self.judge.trouble()
    }

    /// The event, once its bundle is here.
    pub fn event(&self) -> Option<EventId> {
        self.judge.screen().event.map(|bundle| bundle.id)
    }

    /// Whether it has the keys of a mesh to talk to.
    pub fn has_mesh(&self) -> bool {
        self.relay.is_some()
    }

    /// Whether a link is up.
    pub fn is_linked(&self) -> bool {
        self.link.is_some()
    }

    /// Whether what is shown may have changed since this was asked last.
    pub fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.has_changed)
    }

    /// The newest vote about a place as a text for a code, if there is one and it is kept: a code leaves the device, too.
    pub fn vote_code(&mut self, place: &Place, now: Moment) -> Option<String> {
        if self.keeping.has_open_votes() {
            return None;
        }
        self.judge.vote_code(place, now.wall).ok()
    }

    /// The person did something.
    pub fn tap(&mut self, tap: JudgeTap, now: Moment) -> Vec<Wish> {
        self.handle(JudgeEvent::Tap(Box::new(tap)), now)
    }

    /// Something happened.
    pub fn handle(&mut self, event: JudgeEvent, now: Moment) -> Vec<Wish> {
        self.run(VecDeque::from([event]), now);
        core::mem::take(&mut self.wishes)
    }

    /// What a [`Wish::Keep`] came to.
    pub fn kept(&mut self, name: &str, number: u32, is_kept: bool, now: Moment) -> Vec<Wish> {
        let before = self.keeping.disk();
        let then = self.keeping.settled(name, number, is_kept, now.steady_ms);
        self.has_changed |= before != self.keeping.disk();
        match (then, &mut self.relay) {
            (Then::Go(packets), Some(relay)) => {
                for packet in packets {
                    relay.originate(packet, now.steady_ms);
                }
                self.run(VecDeque::new(), now);
            }
            (Then::Again, _) => {
                self.run(VecDeque::from([JudgeEvent::Mesh(FromMesh::Linked)]), now);
            }
            (Then::Go(_) | Then::Wait, _) => {}
        }
        core::mem::take(&mut self.wishes)
    }

    /// The Bluetooth service to look for, once the day's code is here.
    pub fn service(&self) -> Option<BleUuid> {
        self.judge.service()
    }

    /// A link is there, whatever it is made of; `frame_max` bytes, 20 or more, are sure to arrive whole.
    pub fn link_up(&mut self, frame_max: usize, now: Moment) -> Vec<Wish> {
        let Some(relay) = &mut self.relay else { return Vec::new() };
        if let Some((before, _)) = self.link.take() {
            relay.link_down(before);
        }
        let link = LinkId(self.next_link);
        self.next_link = self.next_link.wrapping_add(1).max(FIRST_LINK);
        // It fails with too many links, and there is one, or too small frames.
        if relay.link_up(link, Bearer::PointToPoint, frame_max, now.steady_ms).is_ok() {
            self.link = Some((link, frame_max));
        }
        self.has_changed = true;
        self.handle(JudgeEvent::Mesh(FromMesh::Linked), now)
    }

    /// The link is gone.
    pub fn link_down(&mut self) {
        if let (Some(relay), Some((link, _))) = (&mut self.relay, self.link.take()) {
            relay.link_down(link);
        }
        self.has_changed = true;
    }

    /// A frame came in.
    pub fn frame(&mut self, frame: &[u8], now: Moment) -> Vec<Wish> {
        if let (Some(relay), Some((link, frame_max))) = (&mut self.relay, &mut self.link)
            && frame.len() <= FRAME_MAX
        {
            let link = *link;
            // What comes so long may go so long: Bluetooth tells a page no other measure.
            if frame.len() > *frame_max {
                *frame_max = frame.len();
                relay.widen(link, *frame_max);
            }
            relay.handle_frame(Hop::only(link), frame, now.steady_ms);
        }
        self.run(VecDeque::new(), now);
        core::mem::take(&mut self.wishes)
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Moment) -> Vec<Wish> {
        if let Some(relay) = &mut self.relay {
            relay.handle_timeout(now.steady_ms);
        }
        self.wishes.extend(self.keeping.due(now.steady_ms));
        self.handle(JudgeEvent::Tick, now)
    }

    /// How long until [`Self::tick`] is wanted, in milliseconds; never, if nothing waits.
    pub fn next_tick(&self, now: Moment) -> Option<u64> {
        let judge = self.wake.map(|at| at.as_millis().saturating_sub(now.wall.as_millis()));
        // Without a link there is nobody to ask and nothing to forward to.
        let relay = self.relay.as_ref().filter(|_| self.link.is_some());
        let relay = relay.and_then(Relay::poll_timeout).map(|at| at.saturating_sub(now.steady_ms));
        let again = self.keeping.next().map(|at| at.saturating_sub(now.steady_ms));
        judge.into_iter().chain(relay).chain(again).min()
    }

    fn run(&mut self, mut events: VecDeque<JudgeEvent>, now: Moment) {
        loop {
            self.drain(&mut events);
            let Some(event) = events.pop_front() else { return };
            self.wake = self.wake.filter(|at| *at > now.wall);
            for effect in self.judge.update(event, now.wall) {
                self.carry_out(effect, now);
            }
        }
    }

    fn carry_out(&mut self, effect: JudgeEffect, now: Moment) {
        match effect {
            JudgeEffect::Ask { id, ask } => self.wishes.push(Wish::Ask { id, ask }),
            JudgeEffect::Join { net, hubs } => self.join(net, hubs, now),
            JudgeEffect::Send(packet) => {
                let packet = self.keeping.pass(packet);
                if let (Some(relay), Some(packet)) = (&mut self.relay, packet) {
                    relay.originate(packet, now.steady_ms);
                }
            }
            JudgeEffect::Keep { name, bytes } => {
                if let Some(event) = self.event() {
                    let keep = self.keeping.keep(event, name, bytes);
                    self.wishes.push(keep);
                }
            }
            JudgeEffect::Wake(at) => self.wake = Some(self.wake.map_or(at, |wake| wake.min(at))),
            JudgeEffect::Show => self.has_changed = true,
        }
    }

    /// Starts the relay, or gives it one more key.
    fn join(&mut self, net: NetKeys, hubs: HubKeys, now: Moment) {
        self.has_changed = true;
        if self.relay.as_mut().is_some_and(|relay| relay.add_keys(net.clone()).is_ok()) {
            return;
        }
        // None yet, or another event's: a relay has one.
        let role = Role::Member { keys: vec![net], hubs };
        let mut relay = Relay::new(RelayConfig::new(role), self.fill, now.steady_ms);
        if let Some((link, frame_max)) = self.link
            && relay.link_up(link, Bearer::PointToPoint, frame_max, now.steady_ms).is_err()
        {
            self.link = None;
        }
        self.relay = Some(relay);
    }

    fn drain(&mut self, events: &mut VecDeque<JudgeEvent>) {
        while let Some(output) = self.relay.as_mut().and_then(Relay::poll_output) {
            events.push_back(JudgeEvent::Mesh(match output {
                Output::Send { frame, link: _, packet: _, cause: _ } => {
                    self.wishes.push(Wish::Frame(frame));
                    continue;
                }
                Output::Deliver { packet, from: _ } => FromMesh::Packet(packet),
                Output::Beacon(said) => FromMesh::Beacon(said),
                Output::Receipt(said) => FromMesh::Receipt(said),
                Output::Control(said) => FromMesh::Control(said),
            }));
        }
    }
}
