//! Up to 256 cells in order: 2 KiB in one piece, ratings and slots apart.

use super::Cell;
use core::ops::Range;

/// Cells, best first.
#[derive(Debug)]
pub(super) struct Chunk {
    len: usize,
    ratings: [i32; Self::MAX],
    slots: [u32; Self::MAX],
}

impl Chunk {
    /// Most cells: moving half of them costs less than the cache misses on the way to them.
    const MAX: usize = 256;
    /// Below this a chunk is joined with a neighbour, if both fit.
    pub(super) const MIN: usize = Self::MAX / 4;
    /// How full chunks are after a bulk load.
    pub(super) const LOAD: usize = Self::MAX / 4 * 3;

    /// With its first cell.
    pub(super) fn of(cell: Cell) -> Box<Self> {
        let mut chunk = Self::empty();
        chunk.insert(0, cell);
        chunk
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_full(&self) -> bool {
        self.len == Self::MAX
    }

    /// The best cell; there is one.
    pub(super) const fn first(&self) -> Cell {
        Cell { rating: self.ratings[0], slot: self.slots[0] }
    }

    pub(super) fn slots(&self) -> &[u32] {
        &self.slots[..self.len]
    }

    pub(super) fn cells(&self, start: usize) -> impl Iterator<Item = Cell> {
        let ratings = self.ratings[start..self.len].iter();
        ratings
            .zip(&self.slots[start..])
            .map(|(rating, slot)| Cell { rating: *rating, slot: *slot })
    }

    /// The cells with a rating, or the empty place where they would be.
    pub(super) fn equals(&self, rating: i32) -> Range<usize> {
        let (mut above, mut equal) = (0_u32, 0_u32);
        for there in &self.ratings[..self.len] {
            above += u32::from(*there > rating);
            equal += u32::from(*there == rating);
        }
        above as usize..(above + equal) as usize
    }

    /// A cell that is there, and all that have its rating.
    pub(super) fn find(&self, cell: Cell) -> (usize, Range<usize>) {
        let equals = self.equals(cell.rating);
        let mut slots = self.slots[equals.clone()].iter();
        let after = slots.position(|slot| *slot == cell.slot).unwrap_or_default();
        (equals.start + after, equals)
    }

    /// Into a chunk that is not full.
    pub(super) fn insert(&mut self, index: usize, cell: Cell) {
        self.ratings.copy_within(index..self.len, index + 1);
        self.slots.copy_within(index..self.len, index + 1);
        self.ratings[index] = cell.rating;
        self.slots[index] = cell.slot;
        self.len += 1;
    }

    pub(super) fn remove(&mut self, index: usize) {
        self.ratings.copy_within(index + 1..self.len, index);
        self.slots.copy_within(index + 1..self.len, index);
        self.len -= 1;
    }

    /// Leaves the better half and returns the other one.
    pub(super) fn split(&mut self) -> Box<Self> {
        let mut upper = Self::empty();
        let half = self.len / 2;
        upper.len = self.len - half;
        upper.ratings[..upper.len].copy_from_slice(&self.ratings[half..self.len]);
        upper.slots[..upper.len].copy_from_slice(&self.slots[half..self.len]);
        self.len = half;
        upper
    }

    /// Takes over a chunk that comes after this one, and fits.
    pub(super) fn append(&mut self, upper: &Self) {
        let end = self.len + upper.len;
        self.ratings[self.len..end].copy_from_slice(&upper.ratings[..upper.len]);
        self.slots[self.len..end].copy_from_slice(&upper.slots[..upper.len]);
        self.len = end;
    }

    fn empty() -> Box<Self> {
        Box::new(Self { len: 0, ratings: [0; Self::MAX], slots: [0; Self::MAX] })
    }
}
