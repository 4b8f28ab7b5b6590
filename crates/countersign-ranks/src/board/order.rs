//! Order statistics: players in order, cut into chunks, and a Fenwick tree over the lengths of the chunks.
//!
//! What costs time with millions of players is waiting for memory, so a question goes to as few places in it as it can: the
//! chunk is found in one small array, all its ratings are counted through in one go (sequential, and vectorized), and those who
//! stand side by side lie side by side.

mod chunk;

use super::Player;
use chunk::Chunk;
use core::cmp::Ordering;
use core::ops::Range;

/// Higher rating, then earlier, then smaller user id.
pub(super) fn compare(one: &Player, two: &Player) -> Ordering {
    let rating = two.rating.cmp(&one.rating);
    rating.then(one.reached.cmp(&two.reached)).then(one.user.cmp(&two.user))
}

/// Where a player is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// How many have a higher rating.
    pub(super) above: u32,
    /// How many stand before the player.
    pub(super) before: u32,
    /// How many have the rating, the player included.
    pub(super) equal: u32,
}

/// All players, best first. No chunk is empty.
#[derive(Debug, Default)]
pub(super) struct Order {
    chunks: Vec<Box<Chunk>>,
    /// The first rating of each chunk.
    heads: Vec<i32>,
    lengths: Fenwick,
}

impl Order {
    /// From players in order.
    pub(super) fn load(players: &[Player]) -> Self {
        let chunks: Vec<_> = players.chunks(Chunk::LOAD).map(Chunk::of).collect();
        let heads = chunks.iter().map(|chunk| chunk.first().rating).collect();
        let mut order = Self { chunks, heads, lengths: Fenwick::default() };
        order.recount();
        order
    }

    /// Puts in a player who is not there.
    pub(super) fn insert(&mut self, player: &Player) {
        if self.chunks.is_empty() {
            *self = Self::load(core::slice::from_ref(player));
            return;
        }
        let mut chunk = self.chunk_of(player);
        if self.chunks[chunk].is_full() {
            let upper = self.chunks[chunk].split();
            self.heads.insert(chunk + 1, upper.first().rating);
            self.chunks.insert(chunk + 1, upper);
            self.recount();
            chunk = self.chunk_of(player);
        }
        let there = &mut self.chunks[chunk];
        there.insert(player);
        self.heads[chunk] = there.first().rating;
        self.lengths.increase(chunk);
    }

    /// Takes out a player who is there.
    pub(super) fn remove(&mut self, player: &Player) {
        let chunk = self.chunk_of(player);
        let there = &mut self.chunks[chunk];
        there.remove(player);
        if there.len() == 0 {
            self.chunks.remove(chunk);
            self.heads.remove(chunk);
            self.recount();
            return;
        }
        self.heads[chunk] = there.first().rating;
        self.lengths.decrease(chunk);
        if there.len() < Chunk::MIN {
            self.join(chunk);
        }
    }

    /// Where a player is who is there.
    pub(super) fn place(&self, player: &Player) -> Place {
        let chunk = self.chunk_of(player);
        let start = self.lengths.before(chunk);
        let (index, equals) = self.chunks[chunk].find(player);
        let before = start + length(index);
        // Equals that go on in another chunk have their rating as a head.
        let (above, at_or_above) = if self.heads_of(player.rating).is_empty() {
            (start + length(equals.start), start + length(equals.end))
        } else {
            (self.above(player.rating), self.at_or_above(player.rating))
        };
        Place { above, before, equal: at_or_above - above }
    }

    /// How many ratings lie above this one.
    pub(super) fn above(&self, rating: i32) -> u32 {
        let chunks = self.heads.partition_point(|head| *head > rating);
        let Some(chunk) = chunks.checked_sub(1) else { return 0 };
        self.lengths.before(chunk) + length(self.chunks[chunk].equals(rating).start)
    }

    /// How many ratings lie at this one or above.
    pub(super) fn at_or_above(&self, rating: i32) -> u32 {
        let chunks = self.heads.partition_point(|head| *head >= rating);
        let Some(chunk) = chunks.checked_sub(1) else { return 0 };
        self.lengths.before(chunk) + length(self.chunks[chunk].equals(rating).end)
    }

    /// The players from a place on, counted from zero.
    pub(super) fn from(&self, place: u32) -> impl Iterator<Item = Player> {
        let (chunk, index) = self.lengths.find(place);
        let chunks = self.chunks.get(chunk..).unwrap_or_default();
        let first = chunks.first().map_or(0, |first| first.len().min(index as usize));
        let starts = core::iter::once(first).chain(core::iter::repeat(0));
        chunks.iter().zip(starts).flat_map(|(chunk, start)| chunk.players(start))
    }

    /// Heap bytes in use or reserved.
    pub(super) fn memory(&self) -> usize {
        self.chunks.len() * size_of::<Chunk>()
            + self.chunks.capacity() * size_of::<Box<Chunk>>()
            + self.heads.capacity() * size_of::<i32>()
            + self.lengths.sums.capacity() * size_of::<u32>()
    }

    /// The chunks that start with a rating.
    fn heads_of(&self, rating: i32) -> Range<usize> {
        let start = self.heads.partition_point(|head| *head > rating);
        let equals = self.heads[start..].partition_point(|head| *head == rating);
        start..start + equals
    }

    /// The chunk that a player is in, or belongs in.
    fn chunk_of(&self, player: &Player) -> usize {
        let heads = self.heads_of(player.rating);
        let equals = self.chunks[heads.clone()]
            .partition_point(|chunk| compare(&chunk.first(), player).is_le());
        (heads.start + equals).saturating_sub(1)
    }

    /// Joins a small chunk with a neighbour that has room.
    fn join(&mut self, chunk: usize) {
        let starts = [chunk.checked_sub(1), Some(chunk)];
        let start = starts.into_iter().flatten().find(|&start| {
            let pair = self.chunks.get(start..start + 2);
            pair.is_some_and(|pair| pair[0].len() + pair[1].len() <= Chunk::LOAD)
        });
        let Some(start) = start else { return };
        let upper = self.chunks.remove(start + 1);
        self.heads.remove(start + 1);
        self.chunks[start].append(&upper);
        self.recount();
    }

    fn recount(&mut self) {
        self.lengths.load(self.chunks.iter().map(|chunk| chunk.len()));
    }
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
