//! Up to 256 players in order, each field by itself: 7 KiB in one piece.

use super::{Player, compare};
use core::ops::Range;
use countersign::{Timestamp, UserId};

/// Players, best first.
#[derive(Debug)]
pub(super) struct Chunk {
    len: usize,
    ratings: [i32; Self::MAX],
    users: [UserId; Self::MAX],
    reached: [Timestamp; Self::MAX],
}

impl Chunk {
    /// Most players: moving half of them costs less than the cache misses on the way to them.
    const MAX: usize = 256;
    /// Below this a chunk is joined with a neighbour, if both fit.
    pub(super) const MIN: usize = Self::MAX / 4;
    /// How full chunks are after a bulk load.
    pub(super) const LOAD: usize = Self::MAX / 4 * 3;

    /// From players in order, at most [`Self::LOAD`].
    pub(super) fn of(players: &[Player]) -> Box<Self> {
        let mut chunk = Self::empty();
        for player in players.iter().take(Self::LOAD) {
            chunk.put(chunk.len, player);
            chunk.len += 1;
        }
        chunk
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_full(&self) -> bool {
        self.len == Self::MAX
    }

    /// The best player; there is one.
    pub(super) const fn first(&self) -> Player {
        self.at(0)
    }

    pub(super) fn players(&self, start: usize) -> impl Iterator<Item = Player> {
        (start..self.len).map(|index| self.at(index))
    }

    /// The players with a rating, or the empty place where they would be.
    pub(super) fn equals(&self, rating: i32) -> Range<usize> {
        let (mut above, mut equal) = (0_u32, 0_u32);
        for there in &self.ratings[..self.len] {
            above += u32::from(*there > rating);
            equal += u32::from(*there == rating);
        }
        above as usize..(above + equal) as usize
    }

    /// Where a player is or would be, and all who have the same rating.
    pub(super) fn find(&self, player: &Player) -> (usize, Range<usize>) {
        let equals = self.equals(player.rating);
        let mut index = equals.start;
        while index < equals.end && compare(&self.at(index), player).is_lt() {
            index += 1;
        }
        (index, equals)
    }

    /// Into a chunk that is not full.
    pub(super) fn insert(&mut self, player: &Player) {
        let (index, _) = self.find(player);
        self.ratings.copy_within(index..self.len, index + 1);
        self.users.copy_within(index..self.len, index + 1);
        self.reached.copy_within(index..self.len, index + 1);
        self.put(index, player);
        self.len += 1;
    }

    /// Takes out a player who is there.
    pub(super) fn remove(&mut self, player: &Player) {
        let (index, _) = self.find(player);
        self.ratings.copy_within(index + 1..self.len, index);
        self.users.copy_within(index + 1..self.len, index);
        self.reached.copy_within(index + 1..self.len, index);
        self.len -= 1;
    }

    /// Leaves the better half and returns the other one.
    pub(super) fn split(&mut self) -> Box<Self> {
        let mut upper = Self::empty();
        let half = self.len / 2;
        upper.take(self, half);
        self.len = half;
        upper
    }

    /// Takes over a chunk that comes after this one, and fits.
    pub(super) fn append(&mut self, upper: &Self) {
        self.take(upper, 0);
    }

    const fn at(&self, index: usize) -> Player {
        Player {
            user: self.users[index],
            reached: self.reached[index],
            rating: self.ratings[index],
        }
    }

    const fn put(&mut self, index: usize, player: &Player) {
        self.ratings[index] = player.rating;
        self.users[index] = player.user;
        self.reached[index] = player.reached;
    }

    fn take(&mut self, other: &Self, start: usize) {
        let to = self.len..self.len + other.len - start;
        self.ratings[to.clone()].copy_from_slice(&other.ratings[start..other.len]);
        self.users[to.clone()].copy_from_slice(&other.users[start..other.len]);
        self.reached[to.clone()].copy_from_slice(&other.reached[start..other.len]);
        self.len = to.end;
    }

    fn empty() -> Box<Self> {
        Box::new(Self {
            len: 0,
            ratings: [0; Self::MAX],
            users: [UserId::from_bytes([0; UserId::LEN]); Self::MAX],
            reached: [Timestamp::ZERO; Self::MAX],
        })
    }
}
