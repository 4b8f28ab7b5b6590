//! What players are to be told: written with the change that it is about, delivered later.

use countersign::{Timestamp, UserId};
use countersign_league::MatchId;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum NoticeKind {
    /// A match has a receipt.
    Result = 0,
    /// The rating changed.
    Rating = 1,
    /// A match is disputed.
    Disputed = 2,
    /// A match was ruled on.
    Ruled = 3,
    /// A penalty was given or taken back.
    Penalty = 4,
}

from_number!(NoticeKind: Result Rating Disputed Ruled Penalty);

/// A notice; its number only grows. Those of whom the same is told at once have the same number.
///
/// It names what happened and holds no content: that is read when it is delivered, so that it is never out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// From 1, never used again.
    pub id: u64,
    /// Whom to tell.
    pub user: UserId,
    /// What happened.
    pub kind: NoticeKind,
    /// In which match.
    pub match_id: Option<MatchId>,
    /// When.
    pub at: Timestamp,
}
