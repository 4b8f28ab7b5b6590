//! What goes in and out of a judge's program: events, taps, effects.

use super::Place;
use crate::effect::AskId;
use crate::event::Failure;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use countersign::{EventId, Keyset, Realm, Timestamp, VerifyingKey};
use countersign_mesh::{Beacon, Control, HubKeys, HubSaid, NetChecked, NetKeys, Packet, Receipt};

/// What a judge's program knows before anything happens.
#[derive(Debug)]
pub struct JudgeConfig {
    /// The deployment.
    pub realm: Realm,
    /// The server's keys: whoever signed the bundle.
    pub keyset: Keyset,
    /// The key that this device votes with.
    pub key: VerifyingKey,
    /// 32 bytes of the operating system's generator.
    pub entropy: [u8; 32],
    /// A secret that only this device has, the same over restarts: nonces differ by it where a generator fails.
    pub device_secret: [u8; 32],
}

/// Something happened outside.
#[derive(Debug)]
pub enum JudgeEvent {
    /// An answer to a [`JudgeEffect::Ask`].
    Answer {
        /// Which.
        id: AskId,
        /// The bytes, or why there are none.
        result: Result<Vec<u8>, Failure>,
    },
    /// The relay delivered something.
    Mesh(FromMesh),
    /// The person did something.
    Tap(Box<JudgeTap>),
    /// Time has passed.
    Tick,
}

/// What the device's relay delivers.
#[derive(Debug)]
pub enum FromMesh {
    /// A sealed packet.
    Packet(NetChecked),
    /// The hub's time.
    Beacon(HubSaid<Beacon>),
    /// What became of packets.
    Receipt(HubSaid<Receipt>),
    /// An order.
    Control(HubSaid<Control>),
    /// A link came up: what waits is tried at once.
    Linked,
}

/// What a judge can do.
#[derive(Debug)]
pub enum JudgeTap {
    /// Take in a bundle that came from somewhere; only the server's signature makes it one.
    Bundle(Vec<u8>),
    /// Fetch this event's newest bundle.
    Fetch(EventId),
    /// A QR was scanned, the event's or a project's.
    Scan(String),
    /// Go to a project's form.
    Open(Place),
    /// Points so far, not sent: kept as they are typed.
    Draft {
        /// What is judged.
        place: Place,
        /// Points per criterion; missing ones are `None`.
        points: Vec<Option<u16>>,
    },
    /// Vote, or change an earlier vote.
    Vote {
        /// What is judged.
        place: Place,
        /// Points per criterion, in the rubric's order.
        points: Vec<u16>,
    },
    /// Do not judge this project: a conflict of interest that the organiser does not know.
    Recuse(Place),
}

/// Something to be done outside.
#[derive(Debug)]
pub enum JudgeEffect {
    /// Do this, and answer with [`JudgeEvent::Answer`] and the same id.
    Ask {
        /// To be given back.
        id: AskId,
        /// What.
        ask: JudgeAsk,
    },
    /// Run the relay with these keys, besides those that it has.
    Join {
        /// The mesh's keys.
        net: NetKeys,
        /// Whom it may believe.
        hubs: HubKeys,
    },
    /// Give this packet to the relay.
    Send(Packet),
    /// Keep these bytes under this name over restarts, instead of what is there. Names have `[a-z0-9/-]` only. Some are secret: keep
    /// them where only this person can read.
    Keep {
        /// The name.
        name: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Send [`JudgeEvent::Tick`] at this time of the device, or earlier.
    Wake(Timestamp),
    /// The screen changed.
    Show,
}

/// A question to the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JudgeAsk {
    /// Sign these bytes with the judge's key. Answer: the signature, 64 bytes.
    Sign(Vec<u8>),
    /// The event's newest bundle, from the hub if one is near, else from the server. Answer: the frame.
    Bundle(EventId),
}
