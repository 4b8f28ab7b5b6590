//! Throwing matches: results that do not fit the expectations, of a player or between two.
//!
//! Scores and expectations are in units of 1/65536, as the rating has them; sums are exact, and only the last division is
//! not.

/// A whole point, as scores and expectations count it.
pub const POINT: u32 = 65_536;
/// Variance from which on the distribution of chi-square is a fair approximation: about twenty even matches.
const VARIANCE_MIN: f64 = 5.0;
/// Chi-square of one degree of freedom that chance exceeds once in a thousand.
const LIMIT_1: f64 = 10.828;
/// The same for two degrees.
const LIMIT_2: f64 = 13.816;

/// What was expected of some matches, and what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    matches: u32,
    scored: u64,
    expected: u64,
    variance: u128,
}

impl Tally {
    /// Counts a match: its score and its expectation for the same side, each at most [`POINT`] (more counts as that).
    pub fn add(&mut self, score: u32, expectation: u32) {
        let (score, expectation) = (score.min(POINT), expectation.min(POINT));
        self.matches = self.matches.saturating_add(1);
        self.scored += u64::from(score);
        self.expected += u64::from(expectation);
        self.variance += u128::from(expectation) * u128::from(POINT - expectation);
    }

    /// How many matches.
    pub const fn matches(&self) -> u32 {
        self.matches
    }

    /// Points scored.
    pub fn scored(&self) -> f64 {
        self.scored as f64 / f64::from(POINT)
    }

    /// Points expected.
    pub fn expected(&self) -> f64 {
        self.expected as f64 / f64::from(POINT)
    }

    /// Sum of `E (1 - E)`. Draws make the true one smaller, so that the test errs in favour of the player.
    pub fn variance(&self) -> f64 {
        self.variance as f64 / (f64::from(POINT) * f64::from(POINT))
    }

    /// `(scored - expected)² / variance`, or `None` when there is too little to say anything.
    pub fn chi_square(&self) -> Option<f64> {
        let difference = self.scored() - self.expected();
        let variance = self.variance();
        (variance >= VARIANCE_MIN).then(|| difference * difference / variance)
    }
}

/// Results that chance gives less than once in a thousand, and what shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThrowingFinding {
    /// The matches with the other one, or all matches of a player.
    pub with: Tally,
    /// The matches against the other one; empty for a player.
    pub against: Tally,
    /// The statistic.
    pub chi_square: f64,
    /// What it exceeds.
    pub limit: f64,
}

/// All matches of one player, from the player's side.
pub fn player(all: Tally) -> Option<ThrowingFinding> {
    let chi_square = all.chi_square()?;
    let finding =
        ThrowingFinding { with: all, against: Tally::default(), chi_square, limit: LIMIT_1 };
    (chi_square > LIMIT_1).then_some(finding)
}

/// Two players, from the side of one: with the other in one team, and against the other. What has too few matches does not
/// count.
pub fn pair(with: Tally, against: Tally) -> Option<ThrowingFinding> {
    let (chi_square, limit) = match (with.chi_square(), against.chi_square()) {
        (Some(one), Some(other)) => (one + other, LIMIT_2),
        (Some(one), None) | (None, Some(one)) => (one, LIMIT_1),
        (None, None) => return None,
    };
    let finding = ThrowingFinding { with, against, chi_square, limit };
    (chi_square > limit).then_some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(wins: u32, losses: u32, expectation: u32) -> Tally {
        let mut tally = Tally::default();
        (0..wins).for_each(|_| tally.add(POINT, expectation));
        (0..losses).for_each(|_| tally.add(0, expectation));
        tally
    }

    #[test]
    fn the_statistic_is_the_textbook_one() {
        let even = tally(30, 10, POINT / 2);
        assert_eq!((even.scored(), even.expected(), even.variance()), (30.0, 20.0, 10.0));
        assert_eq!(even.chi_square(), Some(10.0));
        let mut certain = Tally::default();
        certain.add(u32::MAX, u32::MAX);
        assert_eq!((certain.scored(), certain.chi_square()), (1.0, None));
    }

    #[test]
    fn losing_against_one_friend_is_found_and_bad_luck_is_not() {
        let fair = tally(21, 19, POINT / 2);
        let thrown = tally(1, 29, POINT / 2);
        let finding = pair(fair, thrown).unwrap();
        assert_eq!(finding.against, thrown);
        assert!(finding.chi_square > 26.0 && finding.limit == LIMIT_2, "{finding:?}");
        assert_eq!(pair(fair, fair), None);
        assert_eq!(pair(Tally::default(), tally(0, 10, POINT / 2)), None, "ten are too few");
        assert_eq!(pair(Tally::default(), thrown).unwrap().limit, LIMIT_1);
    }

    #[test]
    fn whoever_always_loses_what_should_be_won_is_found() {
        assert!(player(tally(10, 30, POINT * 3 / 4)).is_some());
        assert_eq!(player(tally(30, 10, POINT * 3 / 4)), None);
        assert_eq!(player(Tally::default()), None);
    }
}
