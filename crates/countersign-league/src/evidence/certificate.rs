//! Who a device is: factory certificate, batch manifest, server certificate, and the proof for a phone.

use super::{Artefact, put_key, put_text, take_key, take_text};
use crate::id::{BatchId, Commitment, DeviceId, MatchId, Nonce};
use alloc::string::String;
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, RecordDigest, Timestamp, VerifyingKey};

/// Two halves that belong together for good; signed by a factory key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairCertificate {
    /// The pair.
    pub device: DeviceId,
    /// Its batch.
    pub batch: BatchId,
    /// Printed on both halves; at most 32 bytes.
    pub serial: String,
    /// The visible mark by which people recognise a pair, "teal 07"; at most 32 bytes.
    pub mark: String,
    /// Key of the master.
    pub master: VerifyingKey,
    /// Key of the slave.
    pub slave: VerifyingKey,
    /// How many phones its radio really serves: 6 to 22.
    pub max_players: u8,
}

impl Artefact for PairCertificate {
    const TYPE: &'static str = "league.pair";
    const MAX_FRAME: usize = 512;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.device.as_bytes());
        out.extend_from_slice(self.batch.as_bytes());
        put_text(out, &self.serial);
        put_text(out, &self.mark);
        put_key(out, &self.master);
        put_key(out, &self.slave);
        out.push(self.max_players);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            device: DeviceId::from_bytes(reader.array()?),
            batch: BatchId::from_bytes(reader.array()?),
            serial: take_text(reader, 32)?,
            mark: take_text(reader, 32)?,
            master: take_key(reader)?,
            slave: take_key(reader)?,
            max_players: in_range(reader.u8()?, 6, 22)?,
        })
    }
}

/// All pairs of a batch; signed by a factory key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchManifest {
    /// The batch.
    pub batch: BatchId,
    /// The station that made it; at most 64 bytes.
    pub station: String,
    /// Digests of the pair certificates, ascending, at most [`BatchManifest::MAX_PAIRS`].
    pub pairs: Vec<RecordDigest>,
}

impl BatchManifest {
    /// Most pairs in a batch.
    pub const MAX_PAIRS: usize = 1024;
}

impl Artefact for BatchManifest {
    const TYPE: &'static str = "league.batch";
    const MAX_FRAME: usize = 512 + 32 * BatchManifest::MAX_PAIRS;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.batch.as_bytes());
        put_text(out, &self.station);
        out.extend_from_slice(&(self.pairs.len() as u16).to_be_bytes());
        self.pairs.iter().for_each(|digest| out.extend_from_slice(digest.as_bytes()));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let batch = BatchId::from_bytes(reader.array()?);
        let station = take_text(reader, 64)?;
        let count = usize::from(reader.u16()?);
        if count > Self::MAX_PAIRS {
            return Err(Malformed::Range);
        }
        let pairs = (0..count)
            .map(|_| reader.array().map(RecordDigest::from_bytes))
            .collect::<Result<Vec<_>, _>>()?;
        match pairs.is_sorted_by(|a, b| a < b) {
            true => Ok(Self { batch, station, pairs }),
            false => Err(Malformed::Range),
        }
    }
}

/// Where a device is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DeviceStatus {
    /// Built and registered; its results are not rated.
    Made = 0,
    /// Handed over; the first certificate request makes it active.
    Sold = 1,
    /// In use; its results settle.
    Active = 2,
    /// Under suspicion: its results are kept and frozen.
    Suspect = 3,
    /// Its keys are burnt: results are refused, those not yet settled are frozen.
    Revoked = 4,
    /// At the workshop: results are kept as unrated.
    Rma = 5,
}

impl DeviceStatus {
    /// From its number.
    pub const fn from_number(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            0 => Self::Made,
            1 => Self::Sold,
            2 => Self::Active,
            3 => Self::Suspect,
            4 => Self::Revoked,
            5 => Self::Rma,
            _ => return Err(Malformed::Range),
        })
    }

    /// The word in commands and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Sold => "sold",
            Self::Active => "active",
            Self::Suspect => "suspect",
            Self::Revoked => "revoked",
            Self::Rma => "rma",
        }
    }
}

/// What the server says of a device; signed by an online key, carried by phones, shown to phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCertificate {
    /// The pair.
    pub device: DeviceId,
    /// Key of the master.
    pub master: VerifyingKey,
    /// Key of the slave.
    pub slave: VerifyingKey,
    /// Where it is in its life.
    pub status: DeviceStatus,
    /// How many players it may serve: 6 to 22.
    pub max_players: u8,
    /// Printed on both halves; at most 32 bytes.
    pub serial: String,
    /// The visible mark; at most 32 bytes.
    pub mark: String,
    /// Its DNS name; at most 253 bytes, empty if it has none.
    pub host: String,
    /// First moment at which it is too old to be believed.
    pub expires: Timestamp,
}

impl Artefact for DeviceCertificate {
    const TYPE: &'static str = "league.device";
    const MAX_FRAME: usize = 768;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.device.as_bytes());
        put_key(out, &self.master);
        put_key(out, &self.slave);
        out.extend_from_slice(&[self.status as u8, self.max_players]);
        put_text(out, &self.serial);
        put_text(out, &self.mark);
        put_text(out, &self.host);
        out.extend_from_slice(&self.expires.as_millis().to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            device: DeviceId::from_bytes(reader.array()?),
            master: take_key(reader)?,
            slave: take_key(reader)?,
            status: DeviceStatus::from_number(reader.u8()?)?,
            max_players: in_range(reader.u8()?, 6, 22)?,
            serial: take_text(reader, 32)?,
            mark: take_text(reader, 32)?,
            host: take_text(reader, 253)?,
            expires: reader.time()?,
        })
    }
}

/// A device's answer to a phone's challenge: it holds its key, and this is the lobby that is open. Signed by the master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceProof {
    /// The pair.
    pub device: DeviceId,
    /// What the phone drew.
    pub challenge: [u8; 32],
    /// New for every lobby; tickets are bound to it.
    pub lobby: Nonce,
    /// The match that this lobby leads to.
    pub match_id: MatchId,
    /// How many matches this device has started, this one included.
    pub device_seq: u32,
    /// The device's share of the draw, fixed before anybody joins.
    pub commit: Commitment,
    /// Firmware version, as a number that only grows.
    pub firmware: u32,
}

impl Artefact for DeviceProof {
    const TYPE: &'static str = "league.proof";
    const MAX_FRAME: usize = 512;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.device.as_bytes());
        out.extend_from_slice(&self.challenge);
        out.extend_from_slice(self.lobby.as_bytes());
        out.extend_from_slice(self.match_id.as_bytes());
        out.extend_from_slice(&self.device_seq.to_be_bytes());
        out.extend_from_slice(self.commit.as_bytes());
        out.extend_from_slice(&self.firmware.to_be_bytes());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            device: DeviceId::from_bytes(reader.array()?),
            challenge: reader.array()?,
            lobby: Nonce::from_bytes(reader.array()?),
            match_id: MatchId::from_bytes(reader.array()?),
            device_seq: reader.u32()?,
            commit: Commitment::from_bytes(reader.array()?),
            firmware: reader.u32()?,
        })
    }
}

pub(super) fn in_range(value: u8, least: u8, most: u8) -> Result<u8, Malformed> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(Malformed::Range) }
}
