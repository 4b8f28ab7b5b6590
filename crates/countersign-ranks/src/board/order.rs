//! Order statistics: cells in order, cut into chunks, and a Fenwick tree over the lengths of the chunks.

use super::Player;
use core::cmp::Ordering;

/// Cells per chunk: 2 KiB, so that moving half of one costs less than the cache misses on the way to it.
const CHUNK_MAX: usize = 256;
/// Below this a chunk is joined with a neighbour, if both fit.
const CHUNK_MIN: usize = CHUNK_MAX / 4;
/// How full chunks are after a bulk load.
const CHUNK_LOAD: usize = CHUNK_MAX / 4 * 3;

/// One player in the order. The rating is repeated here: most comparisons need nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) rating: i32,
    pub(super) slot: u32,
}

impl Cell {
    /// Higher rating, then earlier, then smaller user id.
    pub(super) fn compare(self, other: Self, players: &[Player]) -> Ordering {
        other.rating.cmp(&self.rating).then_with(|| {
            let (one, two) = (&players[self.slot as usize], &players[other.slot as usize]);
            one.reached.cmp(&two.reached).then_with(|| one.user.cmp(&two.user))
        })
    }
}

/// All cells, best first. No chunk is empty.
#[derive(Debug, Default)]
pub(super) struct Order {
    chunks: Vec<Vec<Cell>>,
    /// The first cell of each chunk: finding a chunk reads one array.
    heads: Vec<Cell>,
    lengths: Fenwick,
}

impl Order {
    /// From cells in order.
    pub(super) fn load(cells: &[Cell]) -> Self {
        let chunks: Vec<Vec<Cell>> = cells.chunks(CHUNK_LOAD).map(full_size).collect();
        let heads = chunks.iter().map(|chunk| chunk[0]).collect();
        let mut order = Self { chunks, heads, lengths: Fenwick::default() };
        order.recount();
        order
    }

    /// Puts in a cell that is not there.
    pub(super) fn insert(&mut self, cell: Cell, players: &[Player]) {
        if self.chunks.is_empty() {
            *self = Self::load(&[cell]);
            return;
        }
        let mut chunk = self.chunk_of(cell, players);
        if self.chunks[chunk].len() == CHUNK_MAX {
            self.split(chunk);
            chunk = self.chunk_of(cell, players);
        }
        let cells = &mut self.chunks[chunk];
        let index = cells.partition_point(|there| there.compare(cell, players).is_lt());
        cells.insert(index, cell);
        if index == 0 {
            self.heads[chunk] = cell;
        }
        self.lengths.increase(chunk);
    }

    /// Takes out a cell that is there.
    pub(super) fn remove(&mut self, cell: Cell, players: &[Player]) {
        let (chunk, index) = self.find(cell, players);
        let cells = &mut self.chunks[chunk];
        cells.remove(index);
        let Some(&head) = cells.first() else {
            self.chunks.remove(chunk);
            self.heads.remove(chunk);
            self.recount();
            return;
        };
        self.heads[chunk] = head;
        self.lengths.decrease(chunk);
        if self.chunks[chunk].len() < CHUNK_MIN {
            self.join(chunk);
        }
    }

    /// How many stand before a cell that is there.
    pub(super) fn before(&self, cell: Cell, players: &[Player]) -> u32 {
        let (chunk, index) = self.find(cell, players);
        self.lengths.before(chunk) + length(index)
    }

    /// How many ratings lie above this one, or at it too.
    pub(super) fn above(&self, rating: i32, or_at: bool) -> u32 {
        let is_above = |cell: &Cell| cell.rating > rating || (or_at && cell.rating == rating);
        let chunk = self.heads.partition_point(is_above);
        let Some(chunk) = chunk.checked_sub(1) else { return 0 };
        self.lengths.before(chunk) + length(self.chunks[chunk].partition_point(is_above))
    }

    /// The cells from a place on, counted from zero.
    pub(super) fn from(&self, place: u32) -> impl Iterator<Item = Cell> {
        let (chunk, index) = self.lengths.find(place);
        let chunks = self.chunks.get(chunk..).unwrap_or_default();
        chunks.iter().flatten().copied().skip(index as usize)
    }

    /// Heap bytes in use or reserved.
    pub(super) fn memory(&self) -> usize {
        let cells: usize = self.chunks.iter().map(Vec::capacity).sum();
        (cells + self.heads.capacity()) * size_of::<Cell>()
            + self.chunks.capacity() * size_of::<Vec<Cell>>()
            + self.lengths.sums.capacity() * size_of::<u32>()
    }

    fn chunk_of(&self, cell: Cell, players: &[Player]) -> usize {
        let after = self.heads.partition_point(|head| head.compare(cell, players).is_le());
        after.saturating_sub(1)
    }

    fn find(&self, cell: Cell, players: &[Player]) -> (usize, usize) {
        let chunk = self.chunk_of(cell, players);
        let is_before = |there: &Cell| there.compare(cell, players).is_lt();
        (chunk, self.chunks[chunk].partition_point(is_before))
    }

    fn split(&mut self, chunk: usize) {
        let upper = self.chunks[chunk].split_off(CHUNK_MAX / 2);
        self.heads.insert(chunk + 1, upper[0]);
        self.chunks.insert(chunk + 1, full_size(&upper));
        self.recount();
    }

    /// Joins a small chunk with a neighbour that has room.
    fn join(&mut self, chunk: usize) {
        let has_room = |pair: &[Vec<Cell>]| pair[0].len() + pair[1].len() <= CHUNK_LOAD;
        let starts = [chunk.checked_sub(1), Some(chunk)];
        let start = starts.into_iter().flatten().find(|&start| {
            let pair = self.chunks.get(start..start + 2);
            pair.is_some_and(has_room)
        });
        let Some(start) = start else { return };
        let upper = self.chunks.remove(start + 1);
        self.heads.remove(start + 1);
        self.chunks[start].extend_from_slice(&upper);
        self.recount();
    }

    fn recount(&mut self) {
        self.lengths.load(self.chunks.iter().map(Vec::len));
    }
}

/// A chunk that never has to grow.
fn full_size(cells: &[Cell]) -> Vec<Cell> {
    let mut chunk = Vec::with_capacity(CHUNK_MAX);
    chunk.extend_from_slice(cells);
    chunk
}

/// A number of players; boards hold at most `u32::MAX`.
fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Prefix sums that can be changed (P. M. Fenwick, 1994). Node `i` covers the `(i + 1) & -(i + 1)` entries that end at `i`.
#[derive(Debug, Default)]
struct Fenwick {
    sums: Vec<u32>,
}

impl Fenwick {
    /// Starts again, in linear time, in the same memory.
    fn load(&mut self, lengths: impl Iterator<Item = usize>) {
        self.sums.clear();
        self.sums.extend(lengths.map(length));
        for node in 0..self.sums.len() {
            let parent = node | (node + 1);
            if parent < self.sums.len() {
                self.sums[parent] += self.sums[node];
            }
        }
    }

    fn increase(&mut self, mut node: usize) {
        while let Some(sum) = self.sums.get_mut(node) {
            *sum += 1;
            node |= node + 1;
        }
    }

    fn decrease(&mut self, mut node: usize) {
        while let Some(sum) = self.sums.get_mut(node) {
            *sum -= 1;
            node |= node + 1;
        }
    }

    /// Sum of the entries before this one.
    fn before(&self, mut entry: usize) -> u32 {
        let mut sum = 0;
        while entry > 0 {
            sum += self.sums[entry - 1];
            entry &= entry - 1;
        }
        sum
    }

    /// The entry that covers a place, and how far into it the place lies.
    fn find(&self, mut place: u32) -> (usize, u32) {
        let mut entry = 0;
        let mut step = self.sums.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            if let Some(&sum) = self.sums.get(entry + step - 1)
                && sum <= place
            {
                entry += step;
                place -= sum;
            }
            step /= 2;
        }
        (entry, place)
    }
}
