//! Seasons: a table of each, and the rubber band between them.

use countersign::{Timestamp, UserId};

/// The rating that everything is pulled towards between seasons, in thousandths.
pub const CENTRE: i64 = 1_500_000;

/// What a player did in one season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rated matches won.
    pub won: u32,
    /// Rated matches drawn.
    pub drawn: u32,
    /// Rated matches lost, also those that the player left.
    pub lost: u32,
}

impl Tally {
    /// All rated matches.
    pub const fn matches(&self) -> u32 {
        self.won + self.drawn + self.lost
    }
}

/// The result of a match for one player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SeatResult {
    /// The team won.
    Won = 0,
    /// Nobody won.
    Drawn = 1,
    /// The team lost, or the player left.
    Lost = 2,
}

from_number!(SeatResult: Won Drawn Lost);

/// A line of a season's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeasonRow {
    /// Which season.
    pub season: u16,
    /// The player.
    pub user: UserId,
    /// Wins, draws, losses.
    pub tally: Tally,
    /// The last five rated matches in this season, newest first.
    pub form: Vec<SeatResult>,
    /// Rating when the season ended for this player, in thousandths; `None` while it runs.
    pub closed_at: Option<i32>,
}

/// What became of opening a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeasonOutcome {
    /// It is the present one from now on; ratings are still to be carried.
    Opened,
    /// It was opened before.
    Open,
    /// Only the number after the present one can be opened.
    NotNext {
        /// The present one.
        current: u16,
    },
}

/// A season.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Season {
    /// Its number, from 1.
    pub number: u16,
    /// When it was opened; [`Timestamp::ZERO`] for the first.
    pub opened: Timestamp,
}

impl Season {
    /// The one that a new league plays.
    pub const FIRST: Self = Self { number: 1, opened: Timestamp::ZERO };
}

/// How much a balance changes between seasons: a quarter of the way to [`CENTRE`], rounded half away from zero.
pub const fn rubber_band(balance: i64) -> i64 {
    let distance = CENTRE - balance;
    let half = if distance < 0 { -2 } else { 2 };
    (distance + half) / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_pulls_a_quarter_from_both_sides_alike() {
        for (distance, expected) in
            [(0, 0), (1, 0), (2, -1), (3, -1), (4, -1), (6, -2), (400_000, -100_000)]
        {
            assert_eq!(rubber_band(CENTRE + distance), expected);
            assert_eq!(rubber_band(CENTRE - distance), -expected);
        }
    }
}
