//! What an event consists of: projects, rubrics, roster, rounds, conflicts of interest, who judges what.
//!
//! Plain data, as the organiser writes it. [`Event::check`] says everything that is wrong with it; only a
//! [`Bundle`](crate::Bundle) is known to be right.

mod check;
mod lookup;

pub use check::{EventFault, FAULTS_MAX, Field, Named};

use crate::id::{CategoryId, JudgeId, ProjectId};
use alloc::string::String;
use alloc::vec::Vec;
use countersign::{EventId, Timestamp, VerifyingKey};

/// Most judges of an event.
pub const JUDGES_MAX: usize = 2_000;
/// Most projects of an event.
pub const PROJECTS_MAX: usize = 5_000;
/// Most categories of an event.
pub const CATEGORIES_MAX: usize = 64;
/// Most criteria of a category.
pub const CRITERIA_MAX: usize = 32;
/// Most rounds of an event.
pub const ROUNDS_MAX: usize = 16;
/// Most hubs of an event.
pub const HUBS_MAX: usize = 8;
/// Most conflicts of interest.
pub const CONFLICTS_MAX: usize = 20_000;
/// Most assignments.
pub const ASSIGNMENTS_MAX: usize = 60_000;
/// Most bytes of a title or name.
pub const TEXT_MAX: usize = 120;

/// An event, as its organiser describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id, part of every signature.
    pub id: EventId,
    /// Of this description: from 1, higher with every amendment.
    pub version: u32,
    /// What people call it; 1 to [`TEXT_MAX`] bytes.
    pub title: String,
    /// When the day begins: what `t16` of a packet counts from.
    pub starts: Timestamp,
    /// When it is over, for people.
    pub ends: Timestamp,
    /// What the traffic keys need besides the QR code; `None` is the seed's mode, where the QR alone opens the traffic.
    pub salt: Option<[u8; 32]>,
    /// At most [`CATEGORIES_MAX`], at least one.
    pub categories: Vec<Category>,
    /// At most [`PROJECTS_MAX`].
    pub projects: Vec<Project>,
    /// At most [`JUDGES_MAX`].
    pub judges: Vec<Judge>,
    /// At most [`ROUNDS_MAX`], at least one.
    pub rounds: Vec<Round>,
    /// At most [`CONFLICTS_MAX`].
    pub conflicts: Vec<Conflict>,
    /// Who is asked to judge what; at most [`ASSIGNMENTS_MAX`]. A judge may judge more than what they are asked to.
    pub assignments: Vec<Assignment>,
    /// Whose receipts and heads count; at most [`HUBS_MAX`].
    pub hubs: Vec<HubKey>,
}

/// What projects are judged as, and by which rubric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Its id, as on the QR code.
    pub id: CategoryId,
    /// 1 to [`TEXT_MAX`] bytes.
    pub title: String,
    /// The rubric, in the order of a vote's points: 1 to [`CRITERIA_MAX`].
    pub criteria: Vec<Criterion>,
}

/// One line of a rubric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// 1 to [`TEXT_MAX`] bytes.
    pub title: String,
    /// Fewest points.
    pub min: u16,
    /// Most points; more than `min`.
    pub max: u16,
    /// What a point of it counts relative to the other criteria; not 0.
    pub weight: u16,
}

/// Something to be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id, as on the QR code.
    pub id: ProjectId,
    /// 1 to [`TEXT_MAX`] bytes.
    pub title: String,
    /// Where it stands, for people; at most [`TEXT_MAX`] bytes.
    pub table: String,
    /// What it may be judged as, ascending; at least one.
    pub categories: Vec<CategoryId>,
    /// A project that every judge scores first, so that strictness can be compared; it wins nothing.
    pub anchor: bool,
}

/// Somebody who judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    /// Their id.
    pub id: JudgeId,
    /// 1 to [`TEXT_MAX`] bytes.
    pub name: String,
    /// The key of their device. Another key in an amendment replaces it: the old one is revoked.
    pub key: VerifyingKey,
}

/// Where a round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum RoundState {
    /// Not begun: no vote is taken.
    Draft = 0,
    /// Votes are taken.
    Open = 1,
    /// Over: no vote is taken any more.
    Closed = 2,
}

impl RoundState {
    /// The word in commands, tables and on pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// From its number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Draft),
            1 => Some(Self::Open),
            2 => Some(Self::Closed),
            _ => None,
        }
    }
}

/// One round of judging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// From 1.
    pub number: u8,
    /// 1 to [`TEXT_MAX`] bytes.
    pub title: String,
    /// Where it is when the hub first hears of it; from then on the hub's log says so.
    pub state: RoundState,
}

/// A judge who must not judge a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The judge.
    pub judge: JudgeId,
    /// The project, in all its categories.
    pub project: ProjectId,
}

/// A judge who is asked to judge a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment {
    /// The judge.
    pub judge: JudgeId,
    /// In which round.
    pub round: u8,
    /// The project.
    pub project: ProjectId,
    /// As what.
    pub category: CategoryId,
}

/// A hub that the organiser certifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubKey {
    /// 1 to [`TEXT_MAX`] bytes.
    pub name: String,
    /// What it signs receipts, beacons and heads with.
    pub key: VerifyingKey,
    /// X25519 public key that votes may be sealed to, if the event hides scores from the other judges.
    pub sealing: Option<[u8; 32]>,
}
