//! What the hub says about a vote.

use crate::event::RoundState;
use crate::id::{CategoryId, JudgeId, ProjectId, VoteDigest};
use crate::log::Position;
use crate::vote::VoteError;
use alloc::vec::Vec;
use thiserror::Error;

/// What a receipt says, in a word: what the sender can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It is in the log. Purge.
    Accepted,
    /// It was in the log before. Purge.
    Duplicate,
    /// Its time is too far back: sign it again with the hub's time and a new id.
    Stale,
    /// Its time is too far ahead: sign it again with the hub's time and a new id.
    Future,
    /// Its key was revoked. Ask the organiser.
    Revoked,
    /// The round is not open. Keep it: the organiser may open it.
    Closed,
    /// It will never be accepted.
    Invalid,
}

/// What the shell does with a vote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the entry has to be appended and synced before anybody is told"]
pub struct Verdict {
    /// What was decided.
    pub outcome: Outcome,
    /// Bytes to append to the log before the receipt goes out; `None` if nothing was added.
    pub entry: Option<Vec<u8>>,
}

/// What was decided about a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log now.
    Accepted(VoteReceipt),
    /// It was there already; the receipt is the same as then.
    Duplicate(VoteReceipt),
    /// Its key was revoked before it came in. It is kept for people to see, and does not count.
    Quarantined,
    /// It is not taken.
    Refused(Refusal),
}

/// What a judge on direct contact is told besides the status. The log's head has the root that [`Venue::prove`](super::Venue::prove)
/// leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VoteReceipt {
    /// The vote.
    pub vote: VoteDigest,
    /// Its entry in the log.
    pub position: Position,
}

/// Why a vote is not taken: the first check that failed, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// H1: its bytes.
    #[error(transparent)]
    Form(#[from] VoteError),
    /// H2: nobody of that id.
    #[error("the roster has no judge {0}")]
    UnknownJudge(JudgeId),
    /// H3: not by any key that the judge has or had, or for another event.
    #[error("the vote is not signed by a key of judge {0}, for this event")]
    Signature(JudgeId),
    /// H5: too old.
    #[error("the vote is {0} s old; sign it again, with the hub's time and a new id")]
    Stale(u64),
    /// H5: too far ahead.
    #[error("the vote is {0} s ahead of the hub; sign it again, with the hub's time and a new id")]
    Future(u64),
    /// H6: the id came with other bytes.
    #[error("the judge used this vote's id for another vote; every vote needs a new one")]
    IdReused,
    /// H7: no such project.
    #[error("the event has no project {0}")]
    UnknownProject(ProjectId),
    /// H7: the project is not judged as that.
    #[error("the project is not in the category {0}")]
    NotItsCategory(CategoryId),
    /// H8: not one number per criterion.
    #[error("the rubric has {expected} criteria; the vote has points for {found}")]
    PointsCount {
        /// Criteria of the rubric.
        expected: usize,
        /// Points of the vote.
        found: usize,
    },
    /// H8: points outside the criterion's range.
    #[error("criterion {criterion} takes {min} to {max} points, not {found}")]
    PointsRange {
        /// Which, from 1.
        criterion: usize,
        /// Fewest points.
        min: u16,
        /// Most points.
        max: u16,
        /// Points of the vote.
        found: u16,
    },
    /// H9: a declared conflict of interest.
    #[error("the judge has a conflict of interest with this project")]
    Conflict,
    /// H9: the judge recused themself.
    #[error("the judge has recused themself from this project")]
    Recused,
    /// H10: no such round.
    #[error("the event has no round {0}")]
    UnknownRound(u8),
    /// H10: the round is not open.
    #[error("round {number} is {}, not open", state.as_str())]
    NotOpen {
        /// Which.
        number: u8,
        /// Where it is.
        state: RoundState,
    },
    /// H11: not newer than what the judge said last.
    #[error("revision {found} is not above {last}, the last one")]
    StaleRevision {
        /// The last revision.
        last: u32,
        /// The vote's.
        found: u32,
    },
    /// H12: the log takes no more.
    #[error("the log is full")]
    Full,
}

impl Outcome {
    /// The word for the receipt.
    pub const fn status(&self) -> Status {
        match self {
            Self::Accepted(_) => Status::Accepted,
            Self::Duplicate(_) => Status::Duplicate,
            Self::Quarantined => Status::Revoked,
            Self::Refused(refusal) => refusal.status(),
        }
    }
}

impl Refusal {
    /// The word for the receipt.
    pub const fn status(&self) -> Status {
        match self {
            Self::Stale(_) => Status::Stale,
            Self::Future(_) => Status::Future,
            Self::NotOpen { .. } => Status::Closed,
            Self::Form(_)
            | Self::UnknownJudge(_)
            | Self::Signature(_)
            | Self::IdReused
            | Self::UnknownProject(_)
            | Self::NotItsCategory(_)
            | Self::PointsCount { .. }
            | Self::PointsRange { .. }
            | Self::Conflict
            | Self::Recused
            | Self::UnknownRound(_)
            | Self::StaleRevision { .. }
            | Self::Full => Status::Invalid,
        }
    }
}

impl Verdict {
    /// The word for the receipt.
    pub const fn status(&self) -> Status {
        self.outcome.status()
    }

    pub(super) const fn refused(refusal: Refusal) -> Self {
        Self { outcome: Outcome::Refused(refusal), entry: None }
    }
}
