//! Devices that report what no pitch sees: matches at night, scores and rhythms that nobody plays.

use countersign::Timestamp;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;
/// Matches between midnight and this many hours after count as night.
const NIGHT_HOURS: i64 = 5;

/// When a device stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeviceRule {
    /// Fewer matches say nothing.
    pub matches_min: usize,
    /// More than this share of matches at night stands out, in percent.
    pub night_percent: usize,
    /// Goals of a match are a Poisson number; less probable sums stand out.
    pub tail: f64,
    /// Fewer times between goals say nothing.
    pub gaps_min: usize,
    /// Standard deviation of the times between goals over their mean; below it they stand out. Chance has 1.
    pub variation: f64,
}

impl Default for DeviceRule {
    fn default() -> Self {
        Self { matches_min: 20, night_percent: 20, tail: 1e-5, gaps_min: 6, variation: 0.1 }
    }
}

/// What stands out, and what shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DeviceFinding {
    /// Many matches between 00:00 and 05:00 local time.
    Night {
        /// Matches at night.
        night: usize,
        /// All matches.
        matches: usize,
    },
    /// More goals in one match than its league scores.
    Score {
        /// Goals of both teams.
        goals: u32,
        /// Mean of the league.
        mean: f64,
        /// Probability of so many, or more.
        tail: f64,
    },
    /// Goals like a clock.
    Rhythm {
        /// Times between goals.
        gaps: usize,
        /// Their mean, in milliseconds.
        mean_ms: f64,
        /// Standard deviation over mean.
        variation: f64,
    },
}

/// Whether too many matches started at night. `offset_min` is the local time of the pitch ahead of UTC, in minutes.
pub fn night(rule: &DeviceRule, starts: &[Timestamp], offset_min: i16) -> Option<DeviceFinding> {
    let is_night = |start: &&Timestamp| {
        let millis = i64::try_from(start.as_millis()).unwrap_or(i64::MAX);
        let local = millis.saturating_add(i64::from(offset_min) * 60_000);
        local.rem_euclid(DAY_MS) < NIGHT_HOURS * 3_600_000
    };
    let (night, matches) = (starts.iter().filter(is_night).count(), starts.len());
    let stands_out = matches >= rule.matches_min && night * 100 > matches * rule.night_percent;
    stands_out.then_some(DeviceFinding::Night { night, matches })
}

/// Whether a match has more goals than chance allows, where a match has `mean` of them.
pub fn score(rule: &DeviceRule, goals: u32, mean: f64) -> Option<DeviceFinding> {
    let tail = poisson_tail(mean, goals);
    (tail < rule.tail).then_some(DeviceFinding::Score { goals, mean, tail })
}

/// Whether the goals of a match fall like a clock. Times in milliseconds of the match, in order.
pub fn rhythm(rule: &DeviceRule, goals: &[u32]) -> Option<DeviceFinding> {
    let gaps = goals.len().saturating_sub(1);
    if gaps < rule.gaps_min.max(2) {
        return None;
    }
    let lengths = || goals.windows(2).map(|pair| f64::from(pair[1].saturating_sub(pair[0])));
    let count = gaps as f64;
    let mean_ms = lengths().sum::<f64>() / count;
    let squares: f64 = lengths().map(|length| (length - mean_ms).powi(2)).sum();
    let variation = (squares / (count - 1.0)).sqrt() / mean_ms;
    (variation < rule.variation).then_some(DeviceFinding::Rhythm { gaps, mean_ms, variation })
}

/// Probability that a Poisson number with this mean is at least `least`; 1 for a mean that is no
/// positive number, or above 1,000.
///
/// The terms from `least` on are summed, not the others taken from one, so that small tails keep their digits.
pub fn poisson_tail(mean: f64, least: u32) -> f64 {
    if least == 0 || !(mean > 0.0 && mean <= f64::from(FACTORIAL_MAX)) {
        return 1.0;
    }
    let log_factorial: f64 = (1..=least.min(FACTORIAL_MAX)).map(|n| f64::from(n).ln()).sum();
    let mut term = (f64::from(least.min(FACTORIAL_MAX)) * mean.ln() - mean - log_factorial).exp();
    let mut sum = 0.0;
    let mut n = f64::from(least.min(FACTORIAL_MAX));
    // Before the mean the terms grow, after it they shrink.
    while n < mean || term > sum * 1e-16 {
        sum += term;
        n += 1.0;
        term *= mean / n;
        if n > f64::from(2 * FACTORIAL_MAX) {
            break;
        }
    }
    sum.min(1.0)
}

/// More goals than this in a match are as impossible as this many.
const FACTORIAL_MAX: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn is_about(value: f64, expected: f64) -> bool {
        (value / expected - 1.0).abs() < 0.01
    }

    #[test]
    fn the_tail_is_the_one_of_the_tables() {
        for (mean, least, expected) in [
            (6.0, 16, 5.091e-4),
            (6.0, 20, 5.180e-6),
            (1.0, 1, 0.632_12),
            (2.0, 3, 0.323_32),
            (100.0, 1, 1.0),
            (0.5, 0, 1.0),
        ] {
            assert!(
                is_about(poisson_tail(mean, least), expected),
                "{mean} {least}: {}",
                poisson_tail(mean, least)
            );
        }
        assert_eq!(poisson_tail(f64::NAN, 3), 1.0);
        assert_eq!(poisson_tail(-1.0, 3), 1.0);
        assert!(poisson_tail(6.0, u32::MAX) < 1e-300);
    }

    #[test]
    fn twenty_goals_where_six_are_usual_stand_out() {
        let rule = DeviceRule::default();
        assert!(matches!(score(&rule, 20, 6.0), Some(DeviceFinding::Score { goals: 20, .. })));
        assert_eq!(score(&rule, 16, 6.0), None);
        assert_eq!(score(&rule, 20, 12.0), None);
    }

    #[test]
    fn goals_like_a_clock_stand_out() {
        let rule = DeviceRule::default();
        let clock: Vec<u32> = (0..10).map(|n| n * 30_000 + n % 2 * 500).collect();
        let finding = rhythm(&rule, &clock);
        assert!(matches!(finding, Some(DeviceFinding::Rhythm { gaps: 9, .. })), "{finding:?}");
        let played = [12_000, 31_000, 95_000, 110_000, 240_000, 251_000, 400_000, 590_000];
        assert_eq!(rhythm(&rule, &played), None);
        assert_eq!(rhythm(&rule, &clock[..5]), None, "five say nothing");
        assert_eq!(rhythm(&rule, &[0; 9]), None, "no mean, no rhythm");
    }

    #[test]
    fn nights_are_local() {
        let rule = DeviceRule::default();
        let at = |hour: u64| Timestamp::from_millis((20_000 * 24 + hour) * 3_600_000);
        let evening = [at(20); 30];
        assert_eq!(night(&rule, &evening, 0), None);
        let there = night(&rule, &evening, 5 * 60);
        assert_eq!(there, Some(DeviceFinding::Night { night: 30, matches: 30 }));
        assert_eq!(night(&rule, &[at(2); 19], 0), None, "nineteen are too few");
        assert_eq!(night(&rule, &[at(5); 30], 0), None);
        assert_eq!(night(&rule, &[at(2); 30], -3 * 60), None);
    }
}
