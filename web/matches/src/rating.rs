//! How the own rating went, from the lines of the ledger.

use crate::said::Line;
use countersign_league::Params;

/// Most changes that are kept, the newest.
pub const POINTS_MAX: usize = 500;

/// The rating after something was booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// When.
    pub at_ms: u64,
    /// In thousandths of a point.
    pub rating: i32,
    /// Because of this match.
    pub match_id: Option<String>,
}

/// All that is known of the own rating.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ratings {
    /// The sum of all lines so far, in thousandths.
    balance: i64,
    /// The last line so far.
    pub last_seq: u64,
    /// The newest last.
    pub points: Vec<Point>,
    /// Whether all lines were told.
    pub is_complete: bool,
}

impl Ratings {
    /// Takes in the lines of a page, and whether it is the last one. Lines that are known are not counted again.
    pub fn learn(&mut self, lines: &[Line], is_last: bool) {
        for line in lines {
            if line.seq > self.last_seq {
                self.book(line);
            }
        }
        let surplus = self.points.len().saturating_sub(POINTS_MAX);
        self.points.drain(..surplus);
        self.is_complete = is_last;
    }

    /// What a match is booked with has several lines; one change of the rating.
    fn book(&mut self, line: &Line) {
        self.last_seq = line.seq;
        self.balance = self.balance.saturating_add(line.amount);
        let rating = rating_of(self.balance);
        let point = Point { at_ms: line.at_ms, rating, match_id: line.match_id.clone() };
        match self.points.last_mut() {
            Some(last) if last.at_ms == point.at_ms && last.match_id == point.match_id => {
                *last = point;
            }
            Some(_) | None => self.points.push(point),
        }
    }

    /// The rating after a match was booked last.
    pub fn after(&self, match_id: &str) -> Option<i32> {
        let booked = self.points.iter().rev();
        booked.clone().find(|it| it.match_id.as_deref() == Some(match_id)).map(|it| it.rating)
    }
}

/// The floor is shown and not booked.
fn rating_of(balance: i64) -> i32 {
    i32::try_from(balance.max(Params::OFFICIAL.rating_floor.into())).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64, match_id: Option<&str>, amount: i64) -> Line {
        Line { seq, at_ms: seq / 10, match_id: match_id.map(str::to_owned), amount }
    }

    #[test]
    fn lines_of_one_match_are_one_change_and_known_ones_count_once() {
        let mut ratings = Ratings::default();
        let first =
            [line(1, None, 1_500_000), line(20, Some("a"), 12_000), line(21, Some("a"), -500)];
        ratings.learn(&first, false);
        assert!(!ratings.is_complete);
        ratings.learn(&[line(21, Some("a"), -500), line(30, Some("b"), -8_000)], true);
        let shown: Vec<i32> = ratings.points.iter().map(|it| it.rating).collect();
        assert_eq!(shown, [1_500_000, 1_511_500, 1_503_500]);
        assert_eq!((ratings.after("a"), ratings.after("c")), (Some(1_511_500), None));
        assert!(ratings.is_complete);
    }

    #[test]
    fn the_rating_is_never_shown_below_the_floor_and_comes_back_from_the_sum() {
        let mut ratings = Ratings::default();
        ratings.learn(
            &[line(10, None, 110_000), line(20, None, -30_000), line(30, None, 25_000)],
            true,
        );
        let shown: Vec<i32> = ratings.points.iter().map(|it| it.rating).collect();
        assert_eq!(shown, [110_000, 100_000, 105_000]);
    }

    #[test]
    fn of_very_many_changes_the_newest_are_kept() {
        let mut ratings = Ratings::default();
        let lines: Vec<Line> = (1..=2_000).map(|seq| line(seq * 10, None, 1_000)).collect();
        ratings.learn(&lines, true);
        assert_eq!(ratings.points.len(), POINTS_MAX);
        assert_eq!(ratings.points.last().unwrap().rating, 2_000_000);
    }
}
