//! Judges' keys.

use countersign::{EventId, Fingerprint, Timestamp, UserId};
use countersign_judging::JudgeId;

/// A key that a judge registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEnrolment {
    /// Where.
    pub event: EventId,
    /// The judge's address, as their account has it.
    pub address: String,
    /// Their account.
    pub user: UserId,
    /// The public key.
    pub key: [u8; 32],
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// The time.
    pub now: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolOutcome {
    /// This is the judge's key now.
    Enrolled {
        /// Who they are at this event.
        judge: JudgeId,
    },
    /// It was already.
    Same {
        /// Who they are at this event.
        judge: JudgeId,
    },
    /// There is no such event, or the address is not on its roster.
    NotInvited,
    /// Somebody else has this key, or the judge had it before.
    KeyTaken,
    /// A bundle names the judge's present key: the organiser has to allow another.
    Published {
        /// Who they are at this event.
        judge: JudgeId,
    },
    /// The judge has had as many keys as one can have.
    TooMany {
        /// Who they are at this event.
        judge: JudgeId,
    },
}

/// What came of allowing a judge another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplaceOutcome {
    /// The next key that the judge enrols replaces the present one.
    Allowed,
    /// The judge has no key yet, and needs no permission.
    NoKey,
    /// No such judge on the roster of such an event.
    NoJudge,
}

/// A judge's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Whose.
    pub judge: JudgeId,
    /// The public key.
    pub key: [u8; 32],
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Who enrolled it; `None`: the account was erased.
    pub user: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// Version of the first bundle that names it; 0: none yet.
    pub published: u32,
    /// Whether the organiser allows another in its place.
    pub replaceable: bool,
}

/// A place on the roster, and who sits there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RosterLine {
    /// The judge.
    pub judge: JudgeId,
    /// The invited address; `None`: its account was erased.
    pub address: Option<String>,
    /// The judge's present key.
    pub enrolment: Option<Enrolment>,
}

/// An event that somebody is invited to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The event.
    pub event: EventId,
    /// What people call it.
    pub title: String,
    /// When it begins.
    pub starts: Timestamp,
    /// When it is over.
    pub ends: Timestamp,
    /// Who they are at this event.
    pub judge: JudgeId,
    /// The key that is enrolled.
    pub key: Option<Fingerprint>,
    /// Version of the newest bundle; 0: none was published.
    pub version: u32,
}
