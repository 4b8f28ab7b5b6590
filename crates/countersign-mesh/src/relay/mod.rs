//! A relay: frames in, frames out, and what is in between.
//!
//! The owner calls, then drains [`Relay::poll_output`] until it gives nothing, then sleeps until [`Relay::poll_timeout`].

mod asking;
mod believed;
mod config;
mod counters;
mod ingest;
mod link;
mod near;
mod sending;
mod snapshot;
mod store;
mod waiting;

pub use config::{
    Bearer, Cause, EPOCHS_MAX, Hop, Limits, LinkId, Output, PeerId, RelayConfig, Role,
};
pub use counters::{Counters, DropReason, Neighbour};
pub use snapshot::SnapshotError;

use crate::framing::{FRAME_MIN, FrameError, Reassembly};
use crate::keys::{KeyEpoch, NetKeys};
use crate::packet::{Packet, PacketId, ShortId, T16, Ttl};
use crate::receipt::Receipt;
use crate::seen::{Keyed, Seen};
use crate::{Entropy, Sealer};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use believed::Believed;
use countersign::Timestamp;
use link::Link;
use near::Near;
use store::Store;
use thiserror::Error;
use waiting::{Purpose, Waiting};

/// Most links of a relay.
pub const LINKS_MAX: usize = 64;

/// Milliseconds between two looks for what is kept too long.
const TIDY_EVERY: u64 = 10_000;

/// Milliseconds after its moment at which a packet is not forwarded any more: it is kept, and a neighbour may ask for it.
const LATE: u64 = 5_000;

/// Why a link cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LinkError {
    /// Frames too small for pieces of a packet.
    #[error("the link's frames have {0} bytes; at least 20 are needed")]
    FrameTooSmall(usize),
    /// Too many.
    #[error("a relay has at most 64 links")]
    TooMany,
}

/// Why a relay does not take keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeysError {
    /// It has no keys and gets none.
    #[error("a keyless relay takes no keys; make it a member from the start")]
    Keyless,
    /// Keys of another event.
    #[error("the keys belong to another event than the relay's")]
    OtherEvent,
    /// Too many epochs.
    #[error("a relay has keys of at most 8 epochs; retire one first")]
    TooMany,
}

/// A node of the mesh. Pure: it is told the time and what came in, and says what to send.
#[derive(Debug)]
pub struct Relay<E> {
    role: Role,
    limits: Limits,
    entropy: E,
    sealer: Sealer,
    links: BTreeMap<LinkId, Link>,
    reassembly: Reassembly,
    seen: Seen,
    store: Store,
    waiting: Waiting,
    near: Near,
    believed: Believed,
    counters: Counters,
    outputs: VecDeque<Output>,
    tidy_at: u64,
}

impl<E: Entropy> Relay<E> {
    /// A relay without links. `now` is in milliseconds of a clock that only goes forward, here and everywhere.
    pub fn new(config: RelayConfig, mut entropy: E, now: u64) -> Self {
        let RelayConfig { role, limits } = config;
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let keyed = Keyed::new(&mut entropy);
        Self {
            role,
            limits,
            sealer: Sealer::new(secret),
            links: BTreeMap::new(),
            reassembly: Reassembly::default(),
            seen: Seen::new(limits.seen_per_generation, &mut entropy, now),
            store: Store::new(limits.stored_packets, limits.stored_bytes, keyed),
            waiting: Waiting::new(limits.waiting),
            near: Near::default(),
            believed: Believed::default(),
            counters: Counters::default(),
            outputs: VecDeque::new(),
            tidy_at: now + TIDY_EVERY,
            entropy,
        }
    }

    /// A link is there. `frame_max` is what one frame carries: 20 or more, see [`crate::framing::gatt_value_len`]. The same id
    /// again replaces it. Own packets that no link has taken yet go out at once; what else the other end lacks, it asks for.
    pub fn link_up(
        &mut self,
        link: LinkId,
        bearer: Bearer,
        frame_max: usize,
        now: u64,
    ) -> Result<(), LinkError> {
        if frame_max < FRAME_MIN {
            return Err(LinkError::FrameTooSmall(frame_max));
        }
        if self.links.len() >= LINKS_MAX && !self.links.contains_key(&link) {
            return Err(LinkError::TooMany);
        }
        let ask_at = now + self.random_in(200, 1_000);
        self.links.insert(link, Link::new(bearer, frame_max, &self.limits, ask_at, now));
        self.send_unsent(now);
        Ok(())
    }

    /// Frames of a link that is up may be longer than it was thought; never shorter. For links that learn what they carry by what comes.
    pub fn widen(&mut self, link: LinkId, frame_max: usize) {
        if let Some(link) = self.links.get_mut(&link) {
            link.frame_max = link.frame_max.max(frame_max);
        }
    }

    /// A link is gone. What is kept reaches others.
    pub fn link_down(&mut self, link: LinkId) {
        self.links.remove(&link);
        self.reassembly.forget_link(link);
        self.waiting.forget_link(link);
        self.near.forget_link(link);
    }

    /// A frame came in over a link that is up.
    pub fn handle_frame(&mut self, from: Hop, frame: &[u8], now: u64) {
        self.counters.frames_in += 1;
        if !self.links.contains_key(&from.link) {
            self.counters.drop(DropReason::Frame);
            return;
        }
        let whole = self.reassembly.accept(from, frame, now);
        self.counters.set(DropReason::Pieces, self.reassembly.given_up());
        match whole {
            Ok(None) => {}
            Ok(Some(bytes)) => self.handle_packet(from, &bytes, now),
            // Counted among the pieces.
            Err(FrameError::Poisoned) => {}
            Err(
                FrameError::Length(_)
                | FrameError::Kind
                | FrameError::TooLong(_)
                | FrameError::Index,
            ) => self.counters.drop(DropReason::Frame),
        }
    }

    /// A whole packet came in without frames, as one scanned from a QR does. It is treated as one that came over that link, which
    /// need not be up.
    pub fn handle_packet(&mut self, from: Hop, bytes: &[u8], now: u64) {
        if let Err(reason) = self.ingest(from, bytes, now) {
            self.counters.drop(reason);
        }
    }

    /// The time of [`Relay::poll_timeout`] has come; calling it early or late does no harm.
    pub fn handle_timeout(&mut self, now: u64) {
        while let Some(((id, purpose), wait)) = self.waiting.pop_due(now) {
            if now.saturating_sub(wait.due) > LATE {
                self.counters.drop(DropReason::Late);
                continue;
            }
            match purpose {
                Purpose::Forward => self.forward(id, wait, now),
                Purpose::Answer(link) => self.answer(link, wait.packet, now),
            }
        }
        self.ask_where_due(now);
        if now >= self.tidy_at {
            self.tidy_at = now + TIDY_EVERY;
            self.counters.expired += self.store.expire(now, self.t16(now)) as u64;
        }
        self.reassembly.expire(now);
        self.counters.set(DropReason::Pieces, self.reassembly.given_up());
    }

    /// When to call [`Relay::handle_timeout`] next.
    pub fn poll_timeout(&self) -> Option<u64> {
        let asks = self.is_member().then(|| self.links.values().map(|link| link.ask_at).min());
        [Some(self.tidy_at), self.waiting.next_due(), self.reassembly.next_expiry(), asks.flatten()]
            .into_iter()
            .flatten()
            .min()
    }

    /// What to do next; nothing when everything is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Sends a packet that begins here as far as the hub was measured to be: what the hub says goes farthest. It is kept like any
    /// other, and sent when a link comes if there is none.
    pub fn originate(&mut self, packet: Packet, now: u64) -> PacketId {
        let ttl = self.ttl_of(packet.packet_type(), now);
        self.originate_with_ttl(packet, ttl, now)
    }

    /// The owner found a delivered packet worthless: it is neither forwarded, if that has not happened, nor kept, nor taken again.
    pub fn refuse(&mut self, packet: &PacketId) {
        self.waiting.cancel_all(*packet..=*packet);
        self.store.settle(packet.short());
        self.counters.drop(DropReason::Refused);
    }

    /// The hub's own receipt: what it names is neither forwarded nor kept any more. Receipts that arrive are settled without this.
    /// `[M11]`
    pub fn settle(&mut self, receipt: &Receipt) {
        for item in &receipt.items {
            let was_kept = self.store.settle(item.packet);
            let waited = self.waiting.cancel_all(store::of_short(item.packet));
            self.counters.purged += u64::from(was_kept || waited > 0);
        }
    }

    /// At the hub: the time and the event's start, which no other hub's beacon changes from now on. Everybody else learns both
    /// from beacons.
    pub fn set_time(&mut self, time: Timestamp, start: Timestamp, now: u64) {
        self.believed.set_own_time(time, start, now);
    }

    /// The hub's time, once it is known.
    pub fn hub_time(&self, now: u64) -> Option<Timestamp> {
        self.believed.time(now)
    }

    /// The hub's time as packets carry it.
    pub fn t16(&self, now: u64) -> T16 {
        self.believed.t16(now)
    }

    /// Links to the nearest hub, as the beacons of the last five minutes showed it: a hint.
    pub fn hops(&self, now: u64) -> Option<u8> {
        self.believed.hops(now)
    }

    /// How far an own packet goes: twice the way to the hub and three, 7 while it is unknown, at most 15.
    pub fn ttl(&self, now: u64) -> Ttl {
        self.hops(now).map_or(Ttl::DEFAULT, Ttl::for_distance)
    }

    /// Keys of another epoch, after the new QR was scanned; those of the same epoch are replaced.
    pub fn add_keys(&mut self, keys: NetKeys) -> Result<(), KeysError> {
        let Role::Member { keys: known, .. } = &mut self.role else {
            return Err(KeysError::Keyless);
        };
        if known.iter().any(|other| other.event_tag() != keys.event_tag()) {
            return Err(KeysError::OtherEvent);
        }
        known.retain(|other| other.epoch() != keys.epoch());
        if known.len() >= EPOCHS_MAX {
            return Err(KeysError::TooMany);
        }
        known.push(keys);
        Ok(())
    }

    /// The epoch is over: its packets are refused from now on, those that are kept are dropped.
    pub fn retire_keys(&mut self, epoch: KeyEpoch) {
        if let Role::Member { keys, .. } = &mut self.role {
            keys.retain(|known| known.epoch() != epoch);
            self.counters.expired += self.store.retain(|packet| packet.epoch() != epoch) as u64;
        }
    }

    /// What was done and dropped.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Who is near.
    pub fn neighbours(&self) -> impl Iterator<Item = &Neighbour> {
        self.near.iter()
    }

    /// How many packets are kept.
    pub fn stored(&self) -> usize {
        self.store.len()
    }

    /// Whether the packet is kept.
    pub fn is_stored(&self, packet: &PacketId) -> bool {
        self.store.contains(packet)
    }

    /// Whether the packet is not taken any more, as far as this relay remembers: the hub has decided, the owner refused it, or it was
    /// kept to its end.
    pub fn is_settled(&self, packet: &ShortId) -> bool {
        self.store.is_settled(packet)
    }

    /// What a restart must not lose: kept packets with their age, seen and settled ids, the numbers of the hubs' orders.
    pub fn snapshot(&self, now: u64) -> Vec<u8> {
        self.take_snapshot(now)
    }

    /// Takes a snapshot in, right after [`Relay::new`]. Everything seen counts as seen just now; kept packets go on ageing, and
    /// are checked again.
    pub fn restore(&mut self, snapshot: &[u8], now: u64) -> Result<(), SnapshotError> {
        self.take_in(snapshot, now)
    }

    const fn is_member(&self) -> bool {
        matches!(self.role, Role::Member { .. })
    }

    /// From `low` to `high`. Who can guess it gains nothing but a better time to talk over others.
    fn random_in(&mut self, low: u64, high: u64) -> u64 {
        let mut bytes = [0; 4];
        self.entropy.fill(&mut bytes);
        low + u64::from(u32::from_le_bytes(bytes)) % (high.saturating_sub(low) + 1)
    }
}
