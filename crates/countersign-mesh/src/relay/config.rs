//! What a relay is told, and what it says.

use crate::beacon::Beacon;
use crate::control::Control;
use crate::hub::{HubKeys, HubSaid};
use crate::keys::{EventTag, NetKeys};
use crate::packet::{NetChecked, PacketId};
use crate::receipt::Receipt;
use alloc::vec::Vec;

/// A link, as its owner numbers it: a GATT connection, a WebSocket, a multicast group. Not used again for another one within
/// five seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// Who sent a frame on a link that several share, as far as the link can say: a hash of its address. Anybody can forge one; it keeps
/// pieces apart and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PeerId(pub u64);

/// Where a frame came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// Over which link.
    pub link: LinkId,
    /// From whom on it.
    pub peer: PeerId,
}

impl Hop {
    /// The other end of a link between two.
    pub const fn only(link: LinkId) -> Self {
        Self { link, peer: PeerId(0) }
    }
}

/// What kind of link it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// Everybody near hears a frame: multicast, ESP-NOW. What is forwarded goes out here again, and is spared when others already did.
    Broadcast,
    /// Two ends: a GATT connection, a WebSocket.
    PointToPoint,
}

/// What a relay may know.
#[derive(Debug, Clone)]
pub enum Role {
    /// No key: forwards what it has not seen, slowly; keeps, checks and delivers nothing.
    Keyless {
        /// Only this event's packets, if it is known.
        tag: Option<EventTag>,
    },
    /// The mesh's keys, one per epoch and of one event: refuses outsiders, keeps packets, asks neighbours, believes the hubs.
    Member {
        /// The keys; at most [`EPOCHS_MAX`].
        keys: Vec<NetKeys>,
        /// Whom to believe.
        hubs: HubKeys,
    },
}

/// Most key epochs that a relay remembers.
pub const EPOCHS_MAX: usize = 8;

/// What a relay is.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// What it may know.
    pub role: Role,
    /// How much it does.
    pub limits: Limits,
}

impl RelayConfig {
    /// With the limits of a phone or a laptop.
    pub fn new(role: Role) -> Self {
        Self { role, limits: Limits::default() }
    }
}

/// How much a relay does and keeps. Rates are packets per second, bursts are packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Packet ids per generation of 60 s: full means that new packets are refused, never that old ones are forgotten.
    pub seen_per_generation: usize,
    /// Packets that are kept.
    pub stored_packets: usize,
    /// Bytes of the packets that are kept.
    pub stored_bytes: usize,
    /// Packets that wait to be sent.
    pub waiting: usize,
    /// New packets that a link may bring.
    pub link_rate: u32,
    /// At once.
    pub link_burst: u32,
    /// Packets that only the hub can sign, which a link may bring besides: the share that a flood cannot take.
    pub hub_rate: u32,
    /// At once.
    pub hub_burst: u32,
    /// Packets without a key, which a link may bring besides.
    pub keyless_rate: u32,
    /// At once.
    pub keyless_burst: u32,
    /// Packets that are forwarded into a link. Own packets and those of the hub do not count.
    pub send_rate: u32,
    /// At once.
    pub send_burst: u32,
    /// Shortest wait before forwarding with one or two links, milliseconds.
    pub jitter_sparse: (u64, u64),
    /// The same where many are near.
    pub jitter_dense: (u64, u64),
    /// Copies overheard on a broadcast link, besides the one that came first, after which forwarding there is spared.
    pub suppress_after: u8,
    /// Milliseconds between two questions to a neighbour, give or take a fifth.
    pub sync_every: u64,
    /// Bytes of one answer.
    pub sync_answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            seen_per_generation: 16_384,
            stored_packets: 4_096,
            stored_bytes: 1 << 20,
            waiting: 1_024,
            link_rate: 100,
            link_burst: 400,
            hub_rate: 20,
            hub_burst: 80,
            keyless_rate: 25,
            keyless_burst: 100,
            send_rate: 200,
            send_burst: 400,
            jitter_sparse: (10, 40),
            jitter_dense: (20, 80),
            suppress_after: 2,
            sync_every: 15_000,
            sync_answer_bytes: 8_192,
        }
    }
}

/// Why a frame is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It begins here.
    Own,
    /// It is forwarded, once.
    Forward,
    /// A neighbour asked for it.
    Answer,
    /// A question to the neighbours.
    Question,
}

/// What a relay wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this frame.
    Send {
        /// Over which link.
        link: LinkId,
        /// The bytes, not longer than the link's frames.
        frame: Vec<u8>,
        /// Which packet it is of.
        packet: PacketId,
        /// Why.
        cause: Cause,
    },
    /// A sealed packet of this event. Whoever can open it and finds it worthless calls [`super::Relay::refuse`] before it is forwarded.
    Deliver {
        /// The packet.
        packet: NetChecked,
        /// Where it came from.
        from: Hop,
    },
    /// A hub said the time; the relay's own clock is set already.
    Beacon(HubSaid<Beacon>),
    /// A hub said what became of packets; what the relay kept of them is gone already.
    Receipt(HubSaid<Receipt>),
    /// A hub ordered something; each order comes once.
    Control(HubSaid<Control>),
}
