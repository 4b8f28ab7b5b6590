//! What the master persists.

use crate::id::JournalHead;
use crate::pair::VERSION;
use crate::pair::report::Chain;
use alloc::vec::Vec;
use countersign::Malformed;
use countersign::wire::Reader;

/// What outlives a loss of power.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) epoch: u32,
    /// The boot of the slave that was last accounted for; 0 if none.
    pub(super) boot: u16,
    /// All reports up to this number are here.
    pub(super) seq: u32,
    pub(super) match_id: [u8; 16],
    pub(super) chain: Chain,
}

impl Record {
    pub(super) const EMPTY: Self =
        Self { epoch: 0, boot: 0, seq: 0, match_id: [0; 16], chain: Chain::START };

    /// `u8 1 ‖ u32 epoch ‖ u16 boot ‖ u32 seq ‖ match_id ‖ head ‖ u16 goals`.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(61);
        out.push(VERSION);
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.boot.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.match_id);
        out.extend_from_slice(self.chain.head.as_bytes());
        out.extend_from_slice(&self.chain.goals.to_be_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Malformed::Version(version));
        }
        let record = Self {
            epoch: reader.u32()?,
            boot: reader.u16()?,
            seq: reader.u32()?,
            match_id: reader.array()?,
            chain: Chain { head: JournalHead::from_bytes(reader.array()?), goals: reader.u16()? },
        };
        reader.finish()?;
        Ok(record)
    }
}
