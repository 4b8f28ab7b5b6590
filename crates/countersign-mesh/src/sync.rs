//! SYNC: a neighbour's question, "this is what I have; what do I lack?"

use crate::gcs::{IDS_MAX, IdSet, Salt};
use crate::packet::ShortId;
use alloc::vec::Vec;
use countersign::wire::{Malformed, Reader};

const QUESTION: u8 = 1;
const SLICE_BITS_MAX: u8 = 8;

/// One slice of all ids, so that many fit a question each: those whose first bits are this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    bits: u8,
    index: u8,
}

impl Slice {
    /// As few slices as this many ids need, and in turn.
    pub(crate) fn for_count(ids: usize, turn: u32) -> Self {
        // Ids are hashes: slices differ by a little, so they are planned a quarter emptier than they may be.
        let fits = |bits: &u8| ids.checked_shr(u32::from(*bits)).unwrap_or(0) * 5 / 4 <= IDS_MAX;
        let bits = (0..SLICE_BITS_MAX).find(fits).unwrap_or(SLICE_BITS_MAX);
        Self { bits, index: (turn % (1 << bits)) as u8 }
    }

    pub(crate) fn contains(self, id: &ShortId) -> bool {
        u16::from(id.as_bytes()[0]) >> (8 - self.bits) == u16::from(self.index)
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) slice: Slice,
    pub(crate) has: IdSet,
}

impl Question {
    pub(crate) fn about(slice: Slice, salt: Salt, ids: impl Iterator<Item = ShortId>) -> Self {
        let ids: Vec<ShortId> = ids.filter(|id| slice.contains(id)).take(IDS_MAX).collect();
        Self { slice, has: IdSet::of(salt, &ids) }
    }

    /// Whether whoever asks lacks this.
    pub(crate) fn asks_for(&self, id: &ShortId) -> bool {
        self.slice.contains(id) && !self.has.contains(id)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        [&[QUESTION, self.slice.bits, self.slice.index][..], &self.has.encode()].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let [kind, bits, index] = reader.array()?;
        if kind != QUESTION || bits > SLICE_BITS_MAX || u16::from(index) >= 1 << bits {
            return Err(Malformed::Range);
        }
        Ok(Self { slice: Slice { bits, index }, has: IdSet::decode(reader.rest())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_in_turn_cover_every_id_once() {
        for count in [0, 284, 285, 3_000, 100_000] {
            let bits = Slice::for_count(count, 0).bits;
            for first in 0..=255 {
                let id = ShortId::from_bytes([first, 0, 0, 0, 0, 0, 0, 0]);
                let covering =
                    (0..1 << bits).filter(|turn| Slice::for_count(count, *turn).contains(&id));
                assert_eq!(covering.count(), 1, "{count} ids, {first}");
            }
        }
        assert_eq!(Slice::for_count(284, 5), Slice { bits: 0, index: 0 });
        assert_eq!(Slice::for_count(286, 5), Slice { bits: 1, index: 1 });
    }
}
