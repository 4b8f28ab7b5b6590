//! Disputes and rulings. A ruling never edits a line: it writes others.

use super::{Rated, VerdictLine};
use countersign::{Timestamp, UserId};
use countersign_league::evidence::Settlement;
use countersign_league::{MatchId, Team};
use std::time::Duration;

/// Number of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisputeId(pub u64);

/// What is disputed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DisputeKind {
    /// Something else.
    Other = 0,
    /// A goal that was none, or one that is missing.
    Goal = 1,
    /// Who played.
    Roster = 2,
    /// How somebody behaved.
    Conduct = 3,
    /// Two results of one match. Opened by the server.
    Fork = 4,
}

from_number!(DisputeKind: Other Goal Roster Conduct Fork);

/// Most bytes of a dispute's text.
pub const DISPUTE_TEXT_MAX: usize = 2_000;

/// For so long after it was settled, an open dispute keeps a pending match from counting. Longer, and to dispute would be a
/// way to void a match that nobody has time to look at; a ruling can still come later.
pub const RULING_WINDOW: Duration = Duration::from_secs(72 * 60 * 60);

/// Most open disputes of one match.
pub const DISPUTES_MAX: usize = 32;

/// A dispute about to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDispute {
    /// The match.
    pub match_id: MatchId,
    /// Who disputes: a player of the match.
    pub user: UserId,
    /// What.
    pub kind: DisputeKind,
    /// In the player's words; at most [`DISPUTE_TEXT_MAX`] bytes.
    pub text: String,
    /// When.
    pub now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeOutcome {
    /// In the queue. A pending match waits for the ruling.
    Opened(DisputeId),
    /// This player has an open dispute about this match already.
    Known(DisputeId),
    /// No such match.
    NoMatch,
    /// The user did not play in it.
    NotAPlayer,
    /// There are [`DISPUTES_MAX`] open ones, which is reason enough to look.
    TooMany,
    /// The text is too long.
    TextTooLong,
}

/// Where a dispute is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// In the queue.
    Open,
    /// Ruled on.
    Ruled(RulingKind, Timestamp),
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeEntry {
    /// From 1.
    pub id: DisputeId,
    /// The match.
    pub match_id: MatchId,
    /// Who; `None` is the server.
    pub user: Option<UserId>,
    /// What.
    pub kind: DisputeKind,
    /// In the player's words; empty after erasure.
    pub text: String,
    /// When.
    pub opened: Timestamp,
    /// Where it is.
    pub state: DisputeState,
}

/// Which disputes to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeQueue {
    /// All that are open.
    Open,
    /// All of one match.
    OfMatch(MatchId),
    /// All that a user opened.
    OfUser(UserId),
}

impl DisputeQueue {
    /// Whether a dispute is in it.
    pub fn takes(&self, entry: &DisputeEntry) -> bool {
        match self {
            Self::Open => entry.state == DisputeState::Open,
            Self::OfMatch(match_id) => entry.match_id == *match_id,
            Self::OfUser(user) => entry.user == Some(*user),
        }
    }
}

/// How a dispute ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RulingKind {
    /// The result stands.
    Uphold = 0,
    /// Another result.
    Amend = 1,
    /// No result.
    Void = 2,
    /// The result stands, and somebody gets points back.
    Refund = 3,
}

from_number!(RulingKind: Uphold Amend Void Refund);

/// What is decided about a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// The result stands: a pending or frozen match counts now.
    Uphold,
    /// A goal is annulled or added: this result, computed anew, counts instead.
    Amend {
        /// Goals by team.
        score: [u8; 2],
        /// Who won.
        winner: Option<Team>,
        /// Rating changes by seat.
        lines: Vec<VerdictLine>,
    },
    /// Nothing of it counts.
    Void,
    /// These players of the match get these points back from the bank; the result stands as it is.
    Refund {
        /// In thousandths of a point.
        amounts: Vec<(UserId, i32)>,
    },
}

impl Ruling {
    /// Which it is.
    pub const fn kind(&self) -> RulingKind {
        match self {
            Self::Uphold => RulingKind::Uphold,
            Self::Amend { .. } => RulingKind::Amend,
            Self::Void => RulingKind::Void,
            Self::Refund { .. } => RulingKind::Refund,
        }
    }
}

/// A ruling on a match, which ends all its open disputes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRuling {
    /// The match.
    pub match_id: MatchId,
    /// What is decided.
    pub ruling: Ruling,
    /// Players whose dispute was frivolous: at the third, their flags lose their weight.
    pub frivolous: Vec<UserId>,
    /// When.
    pub now: Timestamp,
}

/// What became of a ruling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RulingOutcome {
    /// Done.
    Ruled {
        /// What the match is now.
        settlement: Settlement,
        /// Whose rating changed, in the order of seats.
        ratings: Vec<Rated>,
        /// How many disputes it ended.
        ended: u32,
    },
    /// No such match.
    NoMatch,
    /// The lines are not one for each seat, or a refund names somebody who did not play, or gives back more than the match took.
    /// Nothing was changed.
    Mismatch,
}
