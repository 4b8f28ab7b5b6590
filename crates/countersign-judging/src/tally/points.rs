//! The points of one vote: its criteria combined by their weights.

/// Millionths of the range from the worst to the best possible vote: 0 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(u32);

impl Points {
    /// The best possible vote.
    pub const BEST: Self = Self(1_000_000);

    /// Nothing above [`Self::BEST`].
    pub const fn new(millionths: u32) -> Option<Self> {
        if millionths <= Self::BEST.0 { Some(Self(millionths)) } else { None }
    }

    /// In millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

/// A criterion as the count sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Criterion {
    /// Least score.
    pub least: u32,
    /// Highest score, above the least.
    pub most: u32,
    /// Its share is its weight by the sum of all weights.
    pub weight: u16,
}

/// Why scores cannot be weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeighError {
    /// Another number of scores than criteria, or none.
    #[error(
        "there are {scores} scores for {criteria} criteria; there must be one for each, and at least one"
    )]
    Count {
        /// Scores given.
        scores: usize,
        /// Criteria of the rubric.
        criteria: usize,
    },
    /// Outside its criterion.
    #[error("score {score} of criterion {position} is outside {least} to {most}")]
    Range {
        /// Criterion from 0.
        position: usize,
        /// What was given.
        score: u32,
        /// Least score.
        least: u32,
        /// Highest score.
        most: u32,
    },
    /// A criterion with nothing to choose.
    #[error("criterion {position} has no range; its highest score must be above its least")]
    Empty {
        /// Criterion from 0.
        position: usize,
    },
    /// Nothing counts.
    #[error("all weights are zero; at least one must count")]
    Weightless,
}

/// Combines the scores of a vote: `Σ weight · (score − least) / (most − least) / Σ weight`.
///
/// Each criterion is cut to a billionth of its range, the sum is rounded to a millionth, halves up.
pub fn weigh(scores: &[u32], criteria: &[Criterion]) -> Result<Points, WeighError> {
    if scores.len() != criteria.len() || scores.is_empty() {
        return Err(WeighError::Count { scores: scores.len(), criteria: criteria.len() });
    }
    let (mut sum, mut weights) = (0_u128, 0_u128);
    for (position, (score, criterion)) in scores.iter().zip(criteria).enumerate() {
        let (score, &Criterion { least, most, weight }) = (*score, criterion);
        if most <= least {
            return Err(WeighError::Empty { position });
        }
        if !(least..=most).contains(&score) {
            return Err(WeighError::Range { position, score, least, most });
        }
        let share = u64::from(score - least) * 1_000_000_000 / u64::from(most - least);
        sum += u128::from(share) * u128::from(weight);
        weights += u128::from(weight);
    }
    if weights == 0 {
        return Err(WeighError::Weightless);
    }
    let millionths = (sum + 500 * weights) / (1000 * weights);
    // Each share is at most a whole, so the weighted mean is.
    Ok(Points(millionths as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn criterion(least: u32, most: u32, weight: u16) -> Criterion {
        Criterion { least, most, weight }
    }

    #[test]
    fn the_ends_of_the_range_are_exact_and_weights_share_the_rest() {
        let rubric = [criterion(1, 10, 3), criterion(0, 7, 2), criterion(0, 3, 1)];
        assert_eq!(weigh(&[10, 7, 3], &rubric), Ok(Points::BEST));
        assert_eq!(weigh(&[1, 0, 0], &rubric), Ok(Points(0)));
        assert_eq!(weigh(&[10, 0, 0], &rubric), Ok(Points(500_000)));
        assert_eq!(weigh(&[1, 7, 0], &rubric), Ok(Points(333_333)));
        assert_eq!(weigh(&[1, 0, 2], &rubric), Ok(Points(111_111)));
        let widest = [criterion(0, u32::MAX, u16::MAX); 3];
        assert_eq!(weigh(&[u32::MAX; 3], &widest), Ok(Points::BEST));
    }

    #[test]
    fn what_the_rubric_does_not_allow_is_refused() {
        let rubric = [criterion(1, 10, 1)];
        assert_eq!(weigh(&[], &[]), Err(WeighError::Count { scores: 0, criteria: 0 }));
        assert_eq!(weigh(&[1, 2], &rubric), Err(WeighError::Count { scores: 2, criteria: 1 }));
        let outside = |score| WeighError::Range { position: 0, score, least: 1, most: 10 };
        assert_eq!(weigh(&[0], &rubric), Err(outside(0)));
        assert_eq!(weigh(&[11], &rubric), Err(outside(11)));
        assert_eq!(weigh(&[3], &[criterion(3, 3, 1)]), Err(WeighError::Empty { position: 0 }));
        assert_eq!(weigh(&[3], &[criterion(0, 3, 0)]), Err(WeighError::Weightless));
        assert_eq!(Points::new(1_000_001), None);
    }
}
