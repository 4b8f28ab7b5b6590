//! How the air is, and how the relays behave on it.

use countersign_mesh::Ttl;
use countersign_mesh::relay::Limits;

/// What carries frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Radio {
    /// Everybody near hears a frame; two at once garble each other.
    Broadcast {
        /// Whether a node listens before it talks.
        listens: bool,
    },
    /// Connections between two, at most six per node.
    Gatt,
}

/// One line of the table of mesh.md 4.2, or the system as it is shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// Broadcast without jitter and without carrier sense, TTL 7.
    Naive,
    /// Broadcast with jitter and carrier sense, TTL 7.
    Jitter,
    /// The same, spared after two copies, TTL 15.
    Suppress,
    /// Connections, TTL 7.
    Gatt7,
    /// Connections, TTL 15.
    Gatt15,
    /// Connections, TTL 15, a fifth of the nodes gives nothing on.
    GattDroppers,
    /// The same, with questions to the neighbours every 15 s.
    GattDroppersSync,
    /// Everything as it is shipped, on broadcast: beacons, TTL from them, receipts, retries, questions.
    ShippedBroadcast,
    /// Everything as it is shipped, on connections.
    ShippedGatt,
}

impl Policy {
    /// All, with the words by which they are chosen and their names in tables.
    pub const ALL: [(&'static str, Self, &'static str); 9] = [
        ("naive", Self::Naive, "broadcast, no jitter, no carrier sense"),
        ("jitter", Self::Jitter, "jitter + carrier sense, TTL 7"),
        ("suppress", Self::Suppress, "+ suppress 2, TTL 15"),
        ("gatt7", Self::Gatt7, "GATT ≤ 6 links, TTL 7"),
        ("gatt15", Self::Gatt15, "GATT ≤ 6 links, TTL 15"),
        ("gatt-droppers", Self::GattDroppers, "GATT TTL 15, 20 % droppers"),
        ("gatt-droppers-sync", Self::GattDroppersSync, "same + 15 s sync"),
        ("shipped", Self::ShippedBroadcast, "as shipped, broadcast"),
        ("shipped-gatt", Self::ShippedGatt, "as shipped, GATT"),
    ];

    /// The policy of this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, ..)| *name == word).map(|(_, policy, _)| *policy)
    }

    /// As tables have it.
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(_, policy, _)| *policy == self).map_or("", |(.., title)| title)
    }

    /// The word by which it is chosen.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, policy, _)| *policy == self).map_or("", |(word, ..)| word)
    }

    pub(crate) const fn radio(self) -> Radio {
        match self {
            Self::Naive => Radio::Broadcast { listens: false },
            Self::Jitter | Self::Suppress | Self::ShippedBroadcast => {
                Radio::Broadcast { listens: true }
            }
            Self::Gatt7
            | Self::Gatt15
            | Self::GattDroppers
            | Self::GattDroppersSync
            | Self::ShippedGatt => Radio::Gatt,
        }
    }

    /// Judges' programs, beacons and receipts, or nothing but votes.
    pub(crate) const fn is_whole(self) -> bool {
        matches!(self, Self::ShippedBroadcast | Self::ShippedGatt)
    }

    pub(crate) const fn dropper_percent(self) -> u64 {
        match self {
            Self::GattDroppers | Self::GattDroppersSync => 20,
            Self::Naive
            | Self::Jitter
            | Self::Suppress
            | Self::Gatt7
            | Self::Gatt15
            | Self::ShippedBroadcast
            | Self::ShippedGatt => 0,
        }
    }

    /// `None`: what the relay makes of the beacons.
    pub(crate) const fn ttl(self) -> Option<Ttl> {
        match self {
            Self::Naive | Self::Jitter | Self::Gatt7 => Some(Ttl::DEFAULT),
            Self::Suppress | Self::Gatt15 | Self::GattDroppers | Self::GattDroppersSync => {
                Some(Ttl::MAX)
            }
            Self::ShippedBroadcast | Self::ShippedGatt => None,
        }
    }

    pub(crate) fn limits(self) -> Limits {
        let mut limits = Limits::default();
        if self == Self::Naive {
            (limits.jitter_sparse, limits.jitter_dense) = ((0, 0), (0, 0));
        }
        if matches!(self, Self::Naive | Self::Jitter) {
            limits.suppress_after = u8::MAX;
        }
        if !self.is_whole() && self != Self::GattDroppersSync {
            // Longer than any day.
            limits.sync_every = 1 << 40;
        }
        limits
    }
}
