//! Goal-line pairs as the server knows them.

use countersign::{Fingerprint, RecordDigest, SessionId, Timestamp, UserId};
use countersign_league::evidence::DeviceStatus;
use countersign_league::{BatchId, DeviceId};

/// A pair about to be registered: the content of a verified pair certificate, and its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPair {
    /// The pair.
    pub device: DeviceId,
    /// Its batch.
    pub batch: BatchId,
    /// Printed on both halves; at most 32 bytes.
    pub serial: String,
    /// The visible mark; at most 32 bytes.
    pub mark: String,
    /// Ed25519 public key of the master.
    pub master: [u8; 32],
    /// Fingerprint of that key.
    pub master_key: Fingerprint,
    /// Ed25519 public key of the slave.
    pub slave: [u8; 32],
    /// Fingerprint of that key.
    pub slave_key: Fingerprint,
    /// How many phones its radio serves: 6 to 22.
    pub max_players: u8,
    /// Digest of the certificate.
    pub digest: RecordDigest,
    /// The certificate's frame; at most 512 bytes.
    pub certificate: Vec<u8>,
}

/// What became of registering one pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairOutcome {
    /// Known from now on, as [`DeviceStatus::Made`].
    Registered,
    /// The same certificate was registered before.
    Known,
    /// Another certificate has this device id. Nothing was changed.
    DeviceTaken,
    /// One of the keys belongs to this other pair, or both halves have the same one. Nothing was changed.
    KeyTaken(DeviceId),
}

/// A registered pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What the factory certified.
    pub pair: NewPair,
    /// Where it is in its life.
    pub status: DeviceStatus,
    /// When it was registered.
    pub registered: Timestamp,
    /// When its status changed last.
    pub changed: Timestamp,
    /// The highest match counter that was settled; 0 before the first.
    pub seq_high: u32,
    /// How many counters below it never arrived.
    pub seq_missing: u32,
}

impl Device {
    /// Whether one of its halves has this key.
    pub fn has_key(&self, key: &Fingerprint) -> bool {
        self.pair.master_key == *key || self.pair.slave_key == *key
    }
}

/// A wish to move a device on in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusChange {
    /// Which.
    pub device: DeviceId,
    /// Where to.
    pub to: DeviceStatus,
    /// Who asks, for the audit log; `None` if the server itself.
    pub by: Option<(UserId, SessionId)>,
    /// When.
    pub now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusOutcome {
    /// Changed, and noted in the audit log as `device.status`.
    Changed {
        /// What it was.
        from: DeviceStatus,
    },
    /// It was so already; nothing is noted.
    Same,
    /// A device in this status cannot become that.
    NotAllowed {
        /// What it is and stays.
        from: DeviceStatus,
    },
    /// No such device.
    NoDevice,
}

/// Which devices to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceFilter {
    /// Only those.
    pub status: Option<DeviceStatus>,
    /// Only those.
    pub batch: Option<BatchId>,
    /// Only those with matches that never arrived.
    pub has_gaps: bool,
}

impl DeviceFilter {
    /// Whether a device is among them.
    pub fn takes(&self, device: &Device) -> bool {
        self.status.is_none_or(|status| device.status == status)
            && self.batch.is_none_or(|batch| device.pair.batch == batch)
            && (!self.has_gaps || device.seq_missing > 0)
    }
}

/// Whether a device may go from one status to another.
///
/// Forward through its life; under suspicion or to the workshop at any time, and back from there; a revoked device stays
/// revoked, because its keys may be in other hands.
pub const fn may_become(from: DeviceStatus, to: DeviceStatus) -> bool {
    use DeviceStatus::{Active, Made, Revoked, Rma, Sold, Suspect};
    match from {
        Made => matches!(to, Sold | Suspect | Revoked | Rma),
        Sold => matches!(to, Active | Suspect | Revoked | Rma),
        Active => matches!(to, Suspect | Revoked | Rma),
        Suspect => matches!(to, Active | Revoked | Rma),
        Rma => matches!(to, Sold | Active | Suspect | Revoked),
        Revoked => false,
    }
}
