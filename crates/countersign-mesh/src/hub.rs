//! What only the hub may say: signed by a key that the bundle names.

use crate::packet::{Packet, PacketType};
use alloc::boxed::Box;
use alloc::vec::Vec;
use countersign::statement::{self, Subject};
use countersign::wire::{Malformed, Name};
use countersign::{EventId, Fingerprint, Realm, Signature, Signer, VerifyingKey};
use thiserror::Error;

/// Most hubs of one event.
pub const HUBS_MAX: usize = 8;

/// A content that a hub signs.
pub trait Notice: Sized {
    /// The packets that carry it.
    const TYPE: PacketType;
    /// The kind of statement.
    const KIND: &'static str;

    /// Its bytes.
    fn encode(&self) -> Vec<u8>;
    /// Reads them; nothing may be left.
    fn decode(bytes: &[u8]) -> Result<Self, Malformed>;
}

/// What a hub has really said. Only [`HubKeys::check`] makes one:
///
/// ```compile_fail,E0639
/// # use countersign_mesh::{Action, Control, HubSaid};
/// fn forge(hub: countersign::Fingerprint, notice: Control) -> HubSaid<Control> {
///     HubSaid { hub, notice }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubSaid<T> {
    /// Which hub.
    pub hub: Fingerprint,
    /// What it said.
    pub notice: T,
}

/// Why a packet is not a hub's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HubError {
    /// A packet of another type.
    #[error("a packet of type {0:?} carries something else")]
    Type(PacketType),
    /// No hub of this event signed it.
    #[error("no hub of this event signed it")]
    Signature,
    /// Signed, but not readable.
    #[error("the hub signed what this version cannot read: {0}")]
    Malformed(#[from] Malformed),
}

/// More hubs than an event may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an event has at most 8 hubs, not {0}")]
pub struct TooManyHubs(pub usize);

/// The hubs of an event, and what their signatures are for.
#[derive(Debug, Clone)]
pub struct HubKeys {
    // A realm is large, and a relay without keys has none.
    realm: Box<Realm>,
    event: EventId,
    keys: Vec<VerifyingKey>,
}

impl HubKeys {
    /// The hubs that the bundle names; none means that nothing is believed.
    pub fn new(realm: Realm, event: EventId, keys: Vec<VerifyingKey>) -> Result<Self, TooManyHubs> {
        if keys.len() > HUBS_MAX {
            return Err(TooManyHubs(keys.len()));
        }
        Ok(Self { realm: Box::new(realm), event, keys })
    }

    /// Whether there is any hub to believe.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The event.
    pub const fn event(&self) -> &EventId {
        &self.event
    }

    /// Whether one of the hubs said this. `[M8]`
    pub fn check<T: Notice>(&self, packet: &Packet) -> Result<HubSaid<T>, HubError> {
        if packet.packet_type() != T::TYPE {
            return Err(HubError::Type(packet.packet_type()));
        }
        let (content, signature) = split(packet).ok_or(HubError::Signature)?;
        let kind = Name::new(T::KIND)?;
        let subject = Subject { kind: &kind, context: self.event.as_str().as_bytes() };
        let holds = |key: &&VerifyingKey| {
            statement::verify(&self.realm, key, subject, content, signature).is_ok()
        };
        let hub = self.keys.iter().find(holds).ok_or(HubError::Signature)?;
        Ok(HubSaid { hub: *hub.fingerprint(), notice: T::decode(content)? })
    }
}

/// The content and the hub's signature over it: what [`crate::Sealer::publish`] takes.
pub fn sign<T: Notice>(
    realm: &Realm,
    event: &EventId,
    key: &impl Signer,
    notice: &T,
) -> Result<Vec<u8>, Malformed> {
    let kind = Name::new(T::KIND)?;
    let subject = Subject { kind: &kind, context: event.as_str().as_bytes() };
    let mut content = notice.encode();
    let signature = statement::sign(realm, key, subject, &content);
    content.extend_from_slice(&signature);
    Ok(content)
}

fn split(packet: &Packet) -> Option<(&[u8], &Signature)> {
    packet.content().split_last_chunk::<64>()
}
