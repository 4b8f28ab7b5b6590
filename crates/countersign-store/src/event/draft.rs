//! An event as its organiser describes it, before it is signed.

use countersign::{EventId, Timestamp};
use countersign_judging::JudgeId;

/// Most bytes of a description.
pub const DRAFT_MAX: usize = 4 * 1024 * 1024;

/// A description and its roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The event.
    pub id: EventId,
    /// What people call it.
    pub title: String,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is over.
    pub ends: Timestamp,
    /// Everything else, in the organiser's program's form; at most [`DRAFT_MAX`] bytes. It names no address.
    pub content: Vec<u8>,
    /// Who is invited; each judge and each address once.
    pub seats: Vec<Seat>,
    /// The revision that this one was made from; `None`: the event is new.
    pub from: Option<u32>,
    /// The time.
    pub now: Timestamp,
}

/// A place on the roster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Whose.
    pub judge: JudgeId,
    /// Their address, normalised as accounts have it; `None` keeps the seat of somebody whose account was erased.
    pub address: Option<String>,
}

/// What came of storing a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is stored.
    Stored {
        /// Of the event, from 1. It rises with everything that the next bundle depends on.
        revision: u32,
    },
    /// The event is there already, and it was to be a new one.
    Exists,
    /// There is no such event.
    NoEvent,
    /// Somebody was quicker.
    Changed {
        /// The present revision.
        revision: u32,
    },
    /// A judge or an address stands twice in the roster.
    Twice,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// What lists show.
    pub summary: EventSummary,
    /// The description's content.
    pub content: Vec<u8>,
    /// See [`PutOutcome::Stored`].
    pub revision: u32,
}

/// An event in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    /// The event.
    pub id: EventId,
    /// What people call it.
    pub title: String,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is over.
    pub ends: Timestamp,
    /// When it was stored first.
    pub created: Timestamp,
    /// When its description changed last.
    pub changed: Timestamp,
    /// Version of the newest bundle; 0: none was published.
    pub version: u32,
}
