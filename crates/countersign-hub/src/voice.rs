//! What the hub says on the mesh: receipts, beacons, orders, answers to a judge who introduces himself.

use crate::random;
use countersign::{EventId, Realm, SigningKey, Timestamp};
use countersign_mesh::beacon::t16;
use countersign_mesh::hub::{self, Notice};
use countersign_mesh::receipt::ITEMS_MAX;
use countersign_mesh::{
    Action, Beacon, Control, Entropy, EventKeys, Flags, Packet, PacketType, Receipt, ReceiptItem,
    Sealer, T16, Ttl,
};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

/// Numbers that rise over restarts: the start of the program in the upper half, a counter in the lower.
pub(crate) struct Sequence(AtomicU64);

impl Sequence {
    pub(crate) fn of_boot(boot: u32) -> Self {
        Self(AtomicU64::new(u64::from(boot) << 32))
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

/// Makes the hub's packets; shared by everybody who has something to say.
pub(crate) struct Voice {
    pub(crate) realm: Realm,
    pub(crate) event: EventId,
    pub(crate) key: SigningKey,
    pub(crate) start: Timestamp,
    sealer: Sealer,
    sequence: Sequence,
    keys: Mutex<Arc<EventKeys>>,
}

/// The hub has nothing to say it with: a packet that cannot be made. Only a program error makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hub could not make a packet")]
pub(crate) struct Mute;

/// The system's generator; where it fails, nonces still differ by the sealer's secret and the content.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        // See above; and nothing here could be done about it.
        let _ = getrandom::fill(bytes);
    }
}

impl Voice {
    pub(crate) fn new(
        (realm, event, start): (Realm, EventId, Timestamp),
        key: SigningKey,
        boot: u32,
        keys: EventKeys,
    ) -> Result<Self, random::NoRandom> {
        let secret = random::bytes::<32>()?;
        let (sealer, sequence) = (Sealer::new(*secret), Sequence::of_boot(boot));
        Ok(Self { realm, event, key, start, sealer, sequence, keys: Mutex::new(Arc::new(keys)) })
    }

    /// The keys of the present epoch.
    pub(crate) fn keys(&self) -> Arc<EventKeys> {
        Arc::clone(&self.keys.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on with other keys.
    pub(crate) fn set_keys(&self, keys: EventKeys) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// One packet for up to [`ITEMS_MAX`] items.
    pub(crate) fn receipts(
        &self,
        items: &[ReceiptItem],
        now: Timestamp,
    ) -> Result<Vec<(Receipt, Packet)>, Mute> {
        let chunks = items.chunks(ITEMS_MAX);
        let make = |items: &[ReceiptItem]| {
            let receipt = Receipt { time: now, items: items.to_vec() };
            let packet = self.publish(&receipt, now)?;
            Ok((receipt, packet))
        };
        chunks.map(make).collect()
    }

    /// The hub's time, for everybody.
    pub(crate) fn beacon(&self, bundle_version: u32, now: Timestamp) -> Result<Packet, Mute> {
        let beacon = Beacon {
            sequence: self.sequence.next(),
            time: now,
            start: self.start,
            bundle_version,
            first_ttl: Ttl::MAX,
        };
        self.publish(&beacon, now)
    }

    /// An order.
    pub(crate) fn control(&self, action: Action, now: Timestamp) -> Result<Packet, Mute> {
        self.publish(&Control { sequence: self.sequence.next(), time: now, action }, now)
    }

    /// A sealed answer to a judge.
    pub(crate) fn answer(&self, content: &[u8], now: Timestamp) -> Result<Packet, Mute> {
        let (keys, t16) = (self.keys(), self.t16(now));
        let mut entropy = SystemEntropy;
        let packet =
            self.sealer.seal(&keys, PacketType::Auth, Flags::NONE, t16, content, &mut entropy);
        packet.map_err(|_| Mute)
    }

    fn publish<T: Notice>(&self, notice: &T, now: Timestamp) -> Result<Packet, Mute> {
        let content = hub::sign(&self.realm, &self.event, &self.key, notice).map_err(|_| Mute)?;
        let (keys, t16) = (self.keys(), self.t16(now));
        let packet = self.sealer.publish(&keys.net, T::TYPE, t16, &content, &mut SystemEntropy);
        packet.map_err(|_| Mute)
    }

    fn t16(&self, now: Timestamp) -> T16 {
        t16(self.start, now)
    }
}
