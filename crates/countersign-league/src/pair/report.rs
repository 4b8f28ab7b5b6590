//! What the slave saw, signed by it, so that a goal is evidence and not a message.

use super::Pair;
use crate::id::{DeviceId, JournalHead, MatchId};
use alloc::vec::Vec;
use countersign::wire::Reader;
use countersign::{Malformed, Signature, Signer};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"countersign-pair-report-v1";

/// What a report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ReportKind {
    /// A contact while armed, inside the match as far as the slave knows.
    Goal = 1,
    /// A contact that counts as no goal.
    Touch = 2,
    /// A contact during the check of the goals.
    Check = 3,
    /// The goal is blind since `ticks`; `peak` is the number of the [`Cause`](crate::goal::Cause).
    Disarmed = 4,
    /// The goal sees again since `ticks`; `duration` is how long it was blind.
    Rearmed = 5,
    /// The slave started again; `duration` is how long it was blind, [`u32::MAX`] if nobody knows, and `peak` is the boot
    /// that the master knew.
    Boot = 6,
}

impl ReportKind {
    const fn from_number(number: u8) -> Result<Self, Malformed> {
        Ok(match number {
            1 => Self::Goal,
            2 => Self::Touch,
            3 => Self::Check,
            4 => Self::Disarmed,
            5 => Self::Rearmed,
            6 => Self::Boot,
            _ => return Err(Malformed::Range),
        })
    }
}

/// A signed report. [`Report::open`] is the only way from bytes to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The pair.
    pub device: DeviceId,
    /// Epoch of the link when it was signed; 0 if there had been none.
    pub epoch: u32,
    /// First eight bytes of the match; zero outside of one.
    pub match_id8: [u8; 8],
    /// How many times the slave had started.
    pub boot: u16,
    /// Number of the report: without gaps, also across boots and matches.
    pub seq: u32,
    /// What happened.
    pub kind: ReportKind,
    /// When, in milliseconds of the slave's clock in this boot.
    pub ticks: u64,
    /// Highest reading.
    pub peak: u16,
    /// How long, in milliseconds.
    pub duration: u32,
    /// From the first press to the highest reading, in milliseconds.
    pub rise: u16,
    /// Rows that felt it, one bit each.
    pub rows: u8,
    /// Columns that felt it, one bit each.
    pub cols: u8,
    /// Digest of the calibration in force.
    pub sensor: [u8; 8],
    /// First eight bytes of the chain's head before this report.
    pub prev8: [u8; 8],
}

/// Why a report proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Not the bytes of a report.
    #[error("the report cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// Of another pair.
    #[error("the report is of another pair")]
    Pair,
    /// Not signed by the slave.
    #[error("the report is not signed by this pair's slave")]
    Signature,
}

impl Report {
    /// Length of a signed report in bytes.
    pub const LEN: usize = 70 + 64;

    /// Reads a report and verifies that this pair's slave signed it.
    pub fn open(pair: &Pair, bytes: &[u8]) -> Result<Self, ReportError> {
        let (report, signature) = Self::read(bytes)?;
        if report.device != pair.device {
            return Err(ReportError::Pair);
        }
        let message = message(&bytes[..bytes.len() - signature.len()]);
        pair.slave.verify(&message, &signature).map_err(|_| ReportError::Signature)?;
        Ok(report)
    }

    /// Reads a report without believing it: for its number, and for one's own reports.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, Signature), Malformed> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != super::VERSION {
            return Err(Malformed::Version(version));
        }
        let report = Self {
            device: DeviceId::from_bytes(reader.array()?),
            epoch: reader.u32()?,
            match_id8: reader.array()?,
            boot: reader.u16()?,
            seq: reader.u32()?,
            kind: ReportKind::from_number(reader.u8()?)?,
            ticks: reader.u64()?,
            peak: reader.u16()?,
            duration: reader.u32()?,
            rise: reader.u16()?,
            rows: reader.u8()?,
            cols: reader.u8()?,
            sensor: reader.array()?,
            prev8: reader.array()?,
        };
        let signature = reader.array()?;
        reader.finish()?;
        Ok((report, signature))
    }

    /// The fields in their order, then the signature over `"countersign-pair-report-v1" ‖ fields`.
    pub(super) fn sign(&self, signer: &impl Signer) -> [u8; Self::LEN] {
        let mut out = Vec::with_capacity(Self::LEN);
        out.push(super::VERSION);
        out.extend_from_slice(self.device.as_bytes());
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.match_id8);
        out.extend_from_slice(&self.boot.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.push(self.kind as u8);
        out.extend_from_slice(&self.ticks.to_be_bytes());
        out.extend_from_slice(&self.peak.to_be_bytes());
        out.extend_from_slice(&self.duration.to_be_bytes());
        out.extend_from_slice(&self.rise.to_be_bytes());
        out.extend_from_slice(&[self.rows, self.cols]);
        out.extend_from_slice(&self.sensor);
        out.extend_from_slice(&self.prev8);
        out.extend_from_slice(&signer.sign(&message(&out)));
        let mut bytes = [0; Self::LEN];
        bytes.copy_from_slice(&out);
        bytes
    }
}

fn message(fields: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(DOMAIN.len() + fields.len());
    message.extend_from_slice(DOMAIN);
    message.extend_from_slice(fields);
    message
}

/// The first eight bytes of a match.
pub(super) fn short(match_id: &MatchId) -> [u8; 8] {
    first8(match_id.as_bytes())
}

pub(super) fn first8(bytes: &[u8]) -> [u8; 8] {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// The goals of one match, chained: `head = SHA-256(head before ‖ signed report)`, from 32 zero bytes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// The head.
    pub head: JournalHead,
    /// How many goals it covers.
    pub goals: u16,
}

impl Chain {
    /// No goal yet.
    pub const START: Self = Self { head: JournalHead::from_bytes([0; 32]), goals: 0 };

    /// The chain with one more signed report of a goal.
    #[must_use]
    pub fn with(self, report: &[u8]) -> Self {
        let hash = Sha256::new_with_prefix(self.head.as_bytes()).chain_update(report);
        Self {
            head: JournalHead::from_bytes(hash.finalize().into()),
            goals: self.goals.saturating_add(1),
        }
    }
}
