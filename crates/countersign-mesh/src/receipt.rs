//! RECEIPT: what the hub decided about packets. Who carries one of them may forget it.

use crate::hub::Notice;
use crate::packet::{PacketType, ShortId};
use alloc::vec::Vec;
use countersign::Timestamp;
use countersign::wire::{Malformed, Reader};

/// Most packets of one receipt: so many fit one radio frame of 244 bytes.
pub const ITEMS_MAX: usize = 16;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ReceiptStatus {
    /// Kept, durably.
    Accepted = 0,
    /// Was there already, durably.
    Duplicate = 1,
    /// Older than two hours: sign it again with the hub's time.
    Stale = 2,
    /// From the future: sign it again with the hub's time.
    Future = 3,
    /// The judge's key is revoked.
    Revoked = 4,
    /// The round is closed.
    Closed = 5,
    /// Not allowed, and never will be.
    Invalid = 6,
    /// A newer revision is kept.
    Superseded = 7,
}

impl ReceiptStatus {
    /// Every status, by its number.
    pub const ALL: [Self; 8] = [
        Self::Accepted,
        Self::Duplicate,
        Self::Stale,
        Self::Future,
        Self::Revoked,
        Self::Closed,
        Self::Invalid,
        Self::Superseded,
    ];

    /// Whether the vote counts.
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate)
    }
}

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptItem {
    /// Which packet.
    pub packet: ShortId,
    /// What became of it.
    pub status: ReceiptStatus,
}

/// What became of up to 16 packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The hub's time, in whole seconds: whoever was refused for his clock signs again with this.
    pub time: Timestamp,
    /// 1 to 16 of them; [`Notice::encode`] leaves out what is over.
    pub items: Vec<ReceiptItem>,
}

impl Notice for Receipt {
    const TYPE: PacketType = PacketType::Receipt;
    const KIND: &'static str = "hub.receipt";

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + 9 * ITEMS_MAX + 64);
        let seconds = u32::try_from(self.time.as_millis() / 1_000).unwrap_or(u32::MAX);
        out.extend_from_slice(&seconds.to_be_bytes());
        for item in self.items.iter().take(ITEMS_MAX) {
            out.extend_from_slice(item.packet.as_bytes());
            out.push(item.status as u8);
        }
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let time = Timestamp::from_millis(u64::from(reader.u32()?) * 1_000);
        let rest = reader.rest();
        let (items, left) = rest.as_chunks::<9>();
        if !left.is_empty() {
            return Err(Malformed::Truncated);
        }
        if !(1..=ITEMS_MAX).contains(&items.len()) {
            return Err(Malformed::Range);
        }
        let items = items.iter().map(item).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { time, items })
    }
}

fn item(bytes: &[u8; 9]) -> Result<ReceiptItem, Malformed> {
    let [a, b, c, d, e, f, g, h, number] = *bytes;
    let status = ReceiptStatus::ALL.into_iter().find(|known| *known as u8 == number);
    Ok(ReceiptItem {
        packet: ShortId::from_bytes([a, b, c, d, e, f, g, h]),
        status: status.ok_or(Malformed::Range)?,
    })
}
