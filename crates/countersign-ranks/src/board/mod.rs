//! A leaderboard with exact ranks.
//!
//! One board ranks the eligible players of one season (and region, or whatever else divides a league). Who is eligible is
//! the caller's rule: a provisional or dormant player is not [`set`](Board::set), or is [`remove`](Board::remove)d.
//!
//! **Ties.** Equal ratings have equal ranks, and the next rank is left out as often as there were equals (1, 2, 2, 4).
//! In lists equals stand in the order in which they reached their rating, then in the order of their user ids; that makes
//! the *position*, which is different for everyone.
//!
//! **Cost.** Players in order in chunks of at most 256, a Fenwick tree over the lengths of the chunks, and a hash map from
//! user to rating: 75 to 110 bytes a player, and nothing for an empty board. A Fenwick tree over all ratings would find the
//! rank of a rating several times as quickly, but takes 16 MiB from the first player on, and whoever wants neighbours needs an order
//! besides; most of the time goes into finding the player. `examples/ranks` measures both.

mod order;

use countersign::{Timestamp, UserId};
use order::{Order, Place};
use std::collections::HashMap;
use thiserror::Error;

/// A rating in thousandths of a point.
pub type MilliPoints = i32;

/// Most rows that one page holds.
pub const PAGE_MAX: u32 = 100;

/// A player with the rating that a board ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Player {
    /// Who.
    pub user: UserId,
    /// Since when the rating is what it is.
    pub reached: Timestamp,
    /// The rating.
    pub rating: MilliPoints,
}

/// Where a player stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// One more than the number of players with a higher rating.
    pub rank: u32,
    /// Place in the list, from 1; different for everyone.
    pub position: u32,
    /// How many players have this rating, this one included.
    pub equal: u32,
    /// How many players are ranked.
    pub of: u32,
    /// The rating.
    pub rating: MilliPoints,
}

impl Standing {
    /// Share of the other ranked players who have a lower rating, in hundredths of a percent, rounded down; 10,000 for
    /// whoever is alone.
    pub fn percentile(&self) -> u16 {
        let others = u64::from(self.of.saturating_sub(1));
        let lower = u64::from(self.of.saturating_sub(self.rank - 1).saturating_sub(self.equal));
        let share = (lower * 10_000).checked_div(others).unwrap_or(10_000);
        u16::try_from(share).unwrap_or(10_000)
    }
}

/// A line of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// One more than the number of players with a higher rating.
    pub rank: u32,
    /// Place in the list, from 1.
    pub position: u32,
    /// Who, and with what.
    pub player: Player,
}

/// A board that has no room for another player; those who are on it go on as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the board holds {0} players, as many as it was made for")]
pub struct Full(pub u32);

/// Why a board cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RebuildError {
    /// More players than it may hold.
    #[error(transparent)]
    Full(#[from] Full),
    /// A player who was given twice.
    #[error("the player {0} was given twice; a board has one rating for each")]
    Twice(UserId),
}

/// Players in the order of their ratings.
#[derive(Debug)]
pub struct Board {
    capacity: u32,
    version: u64,
    held: HashMap<UserId, Held>,
    order: Order,
}

/// What a player has.
#[derive(Debug, Clone, Copy)]
struct Held {
    reached: Timestamp,
    rating: MilliPoints,
}

impl Board {
    /// An empty board for at most `capacity` players. Memory is taken as players come.
    pub fn new(capacity: u32) -> Self {
        Self { capacity, version: 0, held: HashMap::new(), order: Order::default() }
    }

    /// A board from all its players, in any order: several times as quick as setting them one by one.
    pub fn rebuild(
        capacity: u32,
        players: impl IntoIterator<Item = Player>,
    ) -> Result<Self, RebuildError> {
        let most = (capacity as usize).saturating_add(1);
        let mut players: Vec<Player> = players.into_iter().take(most).collect();
        if players.len() == most {
            return Err(Full(capacity).into());
        }
        let mut board = Self::new(capacity);
        board.held.reserve(players.len());
        for player in &players {
            let held = Held { reached: player.reached, rating: player.rating };
            if board.held.insert(player.user, held).is_some() {
                return Err(RebuildError::Twice(player.user));
            }
        }
        players.sort_unstable_by(order::compare);
        board.order = Order::load(&players);
        Ok(board)
    }

    /// Ranks a player, new or not. Whoever already has this rating keeps the time at which it was reached.
    pub fn set(
        &mut self,
        user: UserId,
        rating: MilliPoints,
        reached: Timestamp,
    ) -> Result<(), Full> {
        match self.get(&user) {
            Some(there) if there.rating == rating => return Ok(()),
            Some(there) => self.order.remove(&there),
            None if self.len() >= self.capacity => return Err(Full(self.capacity)),
            None => {}
        }
        self.held.insert(user, Held { reached, rating });
        self.order.insert(&Player { user, reached, rating });
        self.version += 1;
        Ok(())
    }

    /// Ranks a player no longer. False if it was not ranked.
    pub fn remove(&mut self, user: &UserId) -> bool {
        let Some(Held { reached, rating }) = self.held.remove(user) else { return false };
        self.order.remove(&Player { user: *user, reached, rating });
        self.version += 1;
        true
    }

    /// Changes with every change of the board: a page that was made at this version is still right.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many players are ranked.
    pub fn len(&self) -> u32 {
        u32::try_from(self.held.len()).unwrap_or(u32::MAX)
    }

    /// Whether nobody is ranked.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The rating of a ranked player.
    pub fn get(&self, user: &UserId) -> Option<Player> {
        let Held { reached, rating } = *self.held.get(user)?;
        Some(Player { user: *user, reached, rating })
    }

    /// Where a ranked player stands.
    pub fn standing(&self, user: &UserId) -> Option<Standing> {
        let player = self.get(user)?;
        let Place { above, before, equal } = self.order.place(&player);
        let rating = player.rating;
        Some(Standing { rank: above + 1, position: before + 1, equal, of: self.len(), rating })
    }

    /// The rank that this rating has, or would have.
    pub fn rank_of(&self, rating: MilliPoints) -> u32 {
        self.order.above(rating) + 1
    }

    /// How many have a rating of at least `low` and at most `high`.
    pub fn count_between(&self, low: MilliPoints, high: MilliPoints) -> u32 {
        self.order.at_or_above(low).saturating_sub(self.order.above(high))
    }

    /// Who stands at a position, counted from 1.
    pub fn at(&self, position: u32) -> Option<Player> {
        self.rows(position).next().map(|row| row.player)
    }

    /// At most `limit` and [`PAGE_MAX`] rows after the first `offset`.
    pub fn page(&self, offset: u32, limit: u32) -> Vec<Row> {
        self.rows(offset.saturating_add(1)).take(limit.min(PAGE_MAX) as usize).collect()
    }

    /// Where a ranked player stands, and the rows around: at most `above` better and `below` worse ones and the player, best
    /// first; at most [`PAGE_MAX`] rows, and the player is always among them.
    pub fn around(&self, user: &UserId, above: u32, below: u32) -> Option<(Standing, Vec<Row>)> {
        let standing = self.standing(user)?;
        let before = standing.position - 1;
        let above = above.min(before).min(PAGE_MAX - 1);
        let limit = above.saturating_add(below).saturating_add(1);
        Some((standing, self.page(before - above, limit)))
    }

    /// All rows from a position on, which counts from 1; up to the last player, so take only as many as you need.
    pub fn rows(&self, position: u32) -> impl Iterator<Item = Row> {
        let start = position.saturating_sub(1);
        let mut last: Option<(MilliPoints, u32)> = None;
        self.order.from(start).zip(start..).map(move |(player, before)| {
            let rank = match last {
                Some((rating, rank)) if rating == player.rating => rank,
                Some(_) => before + 1,
                None => self.rank_of(player.rating),
            };
            last = Some((player.rating, rank));
            Row { rank, position: before + 1, player }
        })
    }

    /// How many players lie below the first edge, between each two, and at or above the last. The edges must ascend; a
    /// bin that does not is empty.
    pub fn histogram(&self, edges: &[MilliPoints]) -> Vec<u32> {
        let mut bins = Vec::with_capacity(edges.len() + 1);
        let mut left = self.len();
        for edge in edges {
            let above = self.order.at_or_above(*edge).min(left);
            bins.push(left - above);
            left = above;
        }
        bins.push(left);
        bins
    }

    /// Heap bytes in use or reserved, about.
    pub fn memory(&self) -> usize {
        // A map is filled to seven eighths, and has one byte besides for each entry.
        let entries = self.held.capacity() / 7 * 8;
        entries * (size_of::<(UserId, Held)>() + 1) + self.order.memory()
    }
}
