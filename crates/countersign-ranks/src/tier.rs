//! Tiers: how a place in a league is called.
//!
//! | tier | at most this share of the ranked players is better |
//! |-|-|
//! | [`Icon`](Tier::Icon) | less than 1 % |
//! | [`Elite`](Tier::Elite) | less than 5 % |
//! | [`Gold`](Tier::Gold) | less than 20 % |
//! | [`Silver`](Tier::Silver) | less than 50 % |
//! | [`Bronze`](Tier::Bronze) | any |
//!
//! Tiers are shares and not ratings, so they cannot inflate, and the best of five is an icon. Others move them, too: a
//! [`Badge`] falls only after the player's own matches.

use crate::board::Standing;

/// How a place in a league is called, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Everyone else who is ranked.
    Bronze,
    /// The better half.
    Silver,
    /// The best fifth.
    Gold,
    /// The best twentieth.
    Elite,
    /// The best hundredth.
    Icon,
}

impl Tier {
    /// All, lowest first.
    pub const ALL: [Self; 5] = [Self::Bronze, Self::Silver, Self::Gold, Self::Elite, Self::Icon];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bronze => "bronze",
            Self::Silver => "silver",
            Self::Gold => "gold",
            Self::Elite => "elite",
            Self::Icon => "icon",
        }
    }

    /// The share of ranked players who may be better, in percent; the players of the tier stay below it.
    pub const fn better_percent(self) -> u32 {
        match self {
            Self::Bronze => 101,
            Self::Silver => 50,
            Self::Gold => 20,
            Self::Elite => 5,
            Self::Icon => 1,
        }
    }

    /// The tier of a place.
    pub fn of(standing: &Standing) -> Self {
        let better = u64::from(standing.rank.saturating_sub(1));
        let fits =
            |tier: &Self| better * 100 < u64::from(tier.better_percent()) * u64::from(standing.of);
        Self::ALL.into_iter().rev().find(fits).unwrap_or(Self::Bronze)
    }
}

/// The tier that a player is shown with.
///
/// It rises at once. It falls when the player has ended [`Badge::SHIELD`] matches in a row below it, and then to where the
/// player stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// The tier shown.
    pub tier: Tier,
    /// How many of the player's last matches ended below it.
    pub below: u8,
}

impl Badge {
    /// Matches in a row that must end below a tier before it is lost.
    pub const SHIELD: u8 = 3;

    /// The first badge of a season.
    pub const fn new(tier: Tier) -> Self {
        Self { tier, below: 0 }
    }

    /// After a rated match of the player that left it standing in `now`.
    #[must_use]
    pub fn after_match(self, now: Tier) -> Self {
        let below = self.below.saturating_add(1);
        if now >= self.tier || below >= Self::SHIELD {
            return Self::new(now);
        }
        Self { tier: self.tier, below }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(rank: u32, of: u32) -> Tier {
        Tier::of(&Standing { rank, position: rank, equal: 1, of, rating: 0 })
    }

    #[test]
    fn tiers_are_shares_of_those_who_are_ranked() {
        let counts =
            Tier::ALL.map(|one| (1..=1000).filter(|rank| tier(*rank, 1000) == one).count());
        assert_eq!(counts, [500, 300, 150, 40, 10]);
        assert_eq!((1..=5).map(|rank| tier(rank, 5)).collect::<Vec<_>>(), {
            use Tier::{Bronze, Icon, Silver};
            [Icon, Silver, Silver, Bronze, Bronze]
        });
        assert_eq!(tier(1, 1), Tier::Icon);
        assert_eq!(tier(u32::MAX, u32::MAX), Tier::Bronze);
    }

    #[test]
    fn everybody_at_the_top_together_is_at_the_top() {
        assert_eq!(tier(1, 1_000_000), Tier::Icon);
    }

    #[test]
    fn a_badge_rises_at_once_and_falls_after_three() {
        let gold = Badge::new(Tier::Gold);
        assert_eq!(gold.after_match(Tier::Icon), Badge::new(Tier::Icon));
        let once = gold.after_match(Tier::Silver);
        assert_eq!(once, Badge { tier: Tier::Gold, below: 1 });
        assert_eq!(once.after_match(Tier::Gold), gold);
        let twice = once.after_match(Tier::Bronze);
        assert_eq!(twice.tier, Tier::Gold);
        assert_eq!(twice.after_match(Tier::Silver), Badge::new(Tier::Silver));
    }
}
