//! The leaver ladder and the log of penalties.

use super::Player;
use countersign::{Timestamp, UserId};
use countersign_league::MatchId;
use std::time::Duration;

/// What a penalty is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PenaltyKind {
    /// Ready, but silent in the roll call, or gone during kickoff.
    NoStart = 0,
    /// Left a match, or was voted absent.
    Left = 1,
    /// An operator's decision.
    Operator = 2,
}

from_number!(PenaltyKind: NoStart Left Operator);

/// Number of a penalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PenaltyId(pub u64);

/// A penalty about to be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewPenalty {
    /// Whom.
    pub user: UserId,
    /// What for, and for how long.
    pub cause: PenaltyCause,
    /// In which match.
    pub match_id: Option<MatchId>,
    /// When.
    pub now: Timestamp,
}

/// What a penalty is for, with the bar where it does not follow from the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PenaltyCause {
    /// See [`PenaltyKind::NoStart`]: the second in an hour bars for ten minutes, later ones for thirty.
    NoStart,
    /// See [`PenaltyKind::Left`]: one step up the ladder, with the bar of [`bar_of_level`].
    Left,
    /// An operator's decision.
    Operator {
        /// End of the bar.
        until: Timestamp,
    },
}

/// A penalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Penalty {
    /// From 1.
    pub id: PenaltyId,
    /// Whose.
    pub user: UserId,
    /// What for.
    pub kind: PenaltyKind,
    /// In which match.
    pub match_id: Option<MatchId>,
    /// When.
    pub at: Timestamp,
    /// Step on the ladder afterwards.
    pub level: u8,
    /// End of its bar; [`Timestamp::ZERO`]: a warning.
    pub until: Timestamp,
    /// When it was taken back.
    pub pardoned: Option<Timestamp>,
}

/// What became of a pardon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PardonOutcome {
    /// Taken back: one step down if it was one up, and no bar but those of other penalties.
    Pardoned,
    /// It was taken back before.
    Already,
    /// No such penalty.
    NoPenalty,
}

/// The highest step.
pub const TOP_LEVEL: u8 = 5;

/// So many clean matches lead one step down.
pub const CLEAN_MATCHES: u8 = 3;

/// The bar of a step: a warning, a day, 3, 7 and 14 days.
pub const fn bar_of_level(level: u8) -> Duration {
    let days = match level {
        0 | 1 => 0,
        2 => 1,
        3 => 3,
        4 => 7,
        _ => 14,
    };
    Duration::from_secs(days * 24 * 60 * 60)
}

/// The bar after so many missed starts within [`NO_START_WINDOW`], this one included.
pub const fn bar_of_no_starts(count: u32) -> Duration {
    let minutes = match count {
        0 | 1 => 0,
        2 => 10,
        _ => 30,
    };
    Duration::from_secs(minutes * 60)
}

/// Missed starts count for an hour.
pub const NO_START_WINDOW: Duration = Duration::from_secs(60 * 60);

/// One injury in this time is an excuse.
pub const INJURY_WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// One step up.
pub fn climb(player: &mut Player) {
    player.leaver_level = (player.leaver_level + 1).min(TOP_LEVEL);
    player.clean = 0;
}

/// A match finished cleanly.
pub fn finish_clean(player: &mut Player) {
    if player.leaver_level == 0 {
        return;
    }
    player.clean += 1;
    if player.clean >= CLEAN_MATCHES {
        player.clean = 0;
        player.leaver_level -= 1;
    }
}

/// Whether nobody is to blame, because too many were gone: a third or more.
pub const fn too_many_gone(gone: usize, players: usize) -> bool {
    gone * 3 >= players
}
