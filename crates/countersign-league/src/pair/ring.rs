//! What the slave remembers across a loss of power: a head, and its newest 256 reports.

use super::control::{match_of, short_of};
use super::report::{Chain, Report, ReportKind};
use crate::id::{JournalHead, MatchId};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::Reader;

/// Reports that are kept; slot `1 + seq % 256` of the shell's storage.
pub(super) const RING: usize = 256;
/// Of these, kept free for what matters more than touches.
pub(super) const RESERVE: usize = 64;

/// One slot to be persisted: the newest bytes of a number replace the older ones, at once or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// 0 to 256.
    pub number: u16,
    /// At most 200 bytes.
    pub bytes: Vec<u8>,
}

/// Slot 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Head {
    pub(super) boot: u16,
    pub(super) epoch: u32,
    pub(super) last_seq: u32,
    pub(super) match_id: [u8; 16],
}

impl Head {
    pub(super) fn slot(&self) -> Slot {
        let mut bytes = Vec::with_capacity(27);
        bytes.push(super::VERSION);
        bytes.extend_from_slice(&self.boot.to_be_bytes());
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&self.last_seq.to_be_bytes());
        bytes.extend_from_slice(&self.match_id);
        Slot { number: 0, bytes }
    }

    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != super::VERSION {
            return Err(Malformed::Version(version));
        }
        let head = Self {
            boot: reader.u16()?,
            epoch: reader.u32()?,
            last_seq: reader.u32()?,
            match_id: reader.array()?,
        };
        reader.finish()?;
        Ok(head)
    }

    pub(super) fn match_id(&self) -> Option<MatchId> {
        match_of(self.match_id)
    }
}

/// Reports that the master has not acknowledged, oldest first, without gaps.
#[derive(Debug, Clone, Default)]
pub(super) struct Ring {
    waiting: VecDeque<(u32, [u8; Report::LEN])>,
}

impl Ring {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a report of this kind finds room: touches give way to what matters more.
    pub(super) fn has_room(&self, kind: ReportKind) -> bool {
        let room = match kind {
            ReportKind::Touch | ReportKind::Check => RING - RESERVE,
            ReportKind::Goal | ReportKind::Disarmed | ReportKind::Rearmed | ReportKind::Boot => {
                RING
            }
        };
        self.waiting.len() < room
    }

    /// Keeps a report; the slot is to be persisted before the report is sent.
    pub(super) fn add(&mut self, seq: u32, report: [u8; Report::LEN], chain: Chain) -> Slot {
        self.waiting.push_back((seq, report));
        let mut bytes = Vec::with_capacity(Report::LEN + 34);
        bytes.extend_from_slice(&report);
        bytes.extend_from_slice(chain.head.as_bytes());
        bytes.extend_from_slice(&chain.goals.to_be_bytes());
        Slot { number: 1 + (seq % RING as u32) as u16, bytes }
    }

    /// Forgets everything up to a number; tells how many there were.
    pub(super) fn acknowledge(&mut self, ack: u32) -> usize {
        let before = self.waiting.len();
        while self.waiting.front().is_some_and(|(seq, _)| *seq <= ack) {
            self.waiting.pop_front();
        }
        before - self.waiting.len()
    }

    pub(super) fn oldest(&self) -> Option<u32> {
        self.waiting.front().map(|(seq, _)| *seq)
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8; Report::LEN]> {
        self.waiting.get(index).map(|(_, report)| report)
    }
}

/// What the slots say. Slots that cannot be read were not written to the end, so that nothing in them was ever sent.
pub(super) fn restore<'s>(slots: impl Iterator<Item = (u16, &'s [u8])>) -> (Head, Ring, Chain) {
    let (mut head, mut found) = (Head::default(), BTreeMap::new());
    for (number, bytes) in slots {
        if number == 0 {
            head = Head::read(bytes).unwrap_or_default();
        } else if let Some((report, bytes, chain)) = read_report(bytes)
            && u32::from(number) == 1 + report.seq % RING as u32
        {
            found.insert(report.seq, (report.match_id8, bytes, chain));
        }
    }
    let mut ring = Ring::default();
    let mut chain = Chain::START;
    for (index, (seq, (match_id8, report, after))) in found.iter().rev().enumerate() {
        if index == 0 {
            head.last_seq = head.last_seq.max(*seq);
        }
        if ring.oldest().is_some_and(|oldest| oldest != seq + 1) {
            break;
        }
        ring.waiting.push_front((*seq, *report));
        let is_ours = *match_id8 != [0; 8] && *match_id8 == short_of(head.match_id());
        if is_ours && after.goals > chain.goals {
            chain = *after;
        }
    }
    (head, ring, chain)
}

fn read_report(bytes: &[u8]) -> Option<(Report, [u8; Report::LEN], Chain)> {
    let (report, rest) = bytes.split_first_chunk::<{ Report::LEN }>()?;
    let (parsed, _) = Report::read(report).ok()?;
    let mut reader = Reader::new(rest);
    let head = JournalHead::from_bytes(reader.array().ok()?);
    let goals = reader.u16().ok()?;
    reader.finish().ok()?;
    Some((parsed, *report, Chain { head, goals }))
}
