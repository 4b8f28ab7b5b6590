//! Why a bundle is no evidence. What is refused is not stored; another courier may bring a better copy.

use crate::evidence::{BundleError, EvidenceError};
use crate::team::Seat;
use countersign::Malformed;
use thiserror::Error;

/// The first check that failed, in the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// G1: longer than a bundle may be.
    #[error("the bundle is too large")]
    TooLarge,
    /// G2: the bundle, or the envelope of a frame in it, cannot be read.
    #[error("the bundle cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// G2: a frame is no record of the type that belongs there.
    #[error("a frame of the bundle cannot be read: {0}")]
    Envelope(EvidenceError),
    /// G3: signed by no device that is known here.
    #[error("no device that is known here signed the start")]
    UnknownDevice,
    /// G4: the start is not the device's.
    #[error("the start is not valid: {0}")]
    Start(EvidenceError),
    /// G4: the result is not the device's.
    #[error("the result is not valid: {0}")]
    Result(EvidenceError),
    /// G4: start, result and players do not belong together.
    #[error("start, result and players are not of one match of this device")]
    Unrelated,
    /// G5: the slave did not sign, or signed something else.
    #[error("the slave's seal is missing or not valid")]
    SlaveSeal,
    /// G6: the secret is not the one that was fixed.
    #[error("the device's share of the draw is not the one that it fixed beforehand")]
    Commitment,
    /// G6: the match id is not that of device, counter and commitment.
    #[error("the match id is not derived from device, counter and commitment")]
    MatchId,
    /// G7: unknown rules.
    #[error("the rules of the match are not known here")]
    UnknownRules,
    /// G7: a roster that the rules or the device do not allow.
    #[error("the rules, or the device, do not allow {0} players")]
    RosterSize(usize),
    /// G8: a ticket.
    #[error("the ticket of seat {0}: {1}")]
    Ticket(Seat, TicketFault),
    /// G9: an answer to the roll call.
    #[error("the roll call of seat {0}: {1}")]
    Roll(Seat, RollFault),
    /// G10: other teams or ends than the seed gives.
    #[error("the draw gives other teams or ends than the start says")]
    Draw,
    /// G11: other stakes than the tickets give.
    #[error("the stakes of seat {0} are not those of the tickets")]
    Stakes(Seat),
    /// G12: other rating changes than stakes and outcome give.
    #[error("the rating changes are not those of the stakes and the outcome")]
    Deltas,
    /// G13: an act.
    #[error("act number {0} of the bundle: {1}")]
    Act(u16, ActFault),
    /// G14: the result says what no act backs.
    #[error("too few signed acts back the result: {0}")]
    Unbacked(Claim),
    /// G15: the goals.
    #[error("the goals: {0}")]
    Goals(GoalFault),
    /// G16: the course of the match.
    #[error("the course of the match: {0}")]
    Course(CourseFault),
}

/// What is wrong with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TicketFault {
    /// Its record proves nothing.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// Signed by no key that was the server's at that time.
    #[error("no key that was the server's at that time signed it")]
    Signer,
    /// Not the one that the start names.
    #[error("it is not the one that the start names")]
    Other,
    /// For another device or lobby.
    #[error("it is for another device or another lobby")]
    Place,
    /// Made after the match began.
    #[error("it was made after the match began")]
    Later,
    /// Expired before the match began, or a travel ticket older than it may be.
    #[error("it had expired when the match began")]
    Expired,
    /// Two players with the same key.
    #[error("it names the same key as the ticket of another player")]
    SharedKey,
}

/// What is wrong with an answer to the roll call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RollFault {
    /// Its record proves nothing, or the player's key did not sign it.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// Not the one that the start names.
    #[error("it is not the one that the start names")]
    Other,
    /// Of another match.
    #[error("it is of another match")]
    Match,
    /// An answer to another challenge.
    #[error("it answers another challenge")]
    Challenge,
    /// Given with another ticket.
    #[error("it was given with another ticket")]
    Ticket,
    /// No share of the draw, or the same as another player's.
    #[error("its share of the draw is empty, or that of another player")]
    Nonce,
}

/// What is wrong with an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ActFault {
    /// Its record proves nothing.
    #[error(transparent)]
    Evidence(EvidenceError),
    /// Signed by nobody of the roster.
    #[error("nobody of the roster signed it")]
    Stranger,
    /// Of another match.
    #[error("it is of another match")]
    Match,
    /// The same player's act with the same number is there already.
    #[error("the player's act with this number is there already")]
    Twice,
    /// It does not bind anybody to start.
    #[error("it does not show that a player who was ready missed the start")]
    Missed,
}

/// What a result says because players did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Claim {
    /// A player left.
    #[error("seat {0} left")]
    Left(Seat),
    /// A player was injured.
    #[error("seat {0} was injured")]
    Injured(Seat),
    /// A player was absent.
    #[error("seat {0} was absent")]
    Absent(Seat),
    /// A player confirmed.
    #[error("seat {0} confirmed")]
    Confirmed(Seat),
    /// A player flagged the match.
    #[error("seat {0} flagged the match")]
    Flagged(Seat),
    /// A goal was annulled.
    #[error("goal {0} was annulled")]
    Annulled(u8),
    /// A team conceded, or was too few.
    #[error("a team conceded or was too few")]
    Conceded,
}

/// What is wrong with the goals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GoalFault {
    /// The score is not the number of goals that count.
    #[error("the score is not the number of goals that count")]
    Score,
    /// Credited to the team that defends that end.
    #[error("goal {0} is credited to the team that defends there")]
    Team(u8),
    /// After the end.
    #[error("goal {0} was after the end of the match")]
    Late(u8),
    /// Sooner after the one before than the rules allow.
    #[error("goal {0} came sooner after the one before than a goal is armed again")]
    Rearm(u8),
    /// The same frame twice.
    #[error("goal {0} is the same frame as one before")]
    Twice(u8),
    /// Not covered by the slave's seal.
    #[error("the slave's seal does not cover goal {0}")]
    Unsealed(u8),
}

/// What is wrong with the course of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CourseFault {
    /// A loser without such an outcome, or the other way round.
    #[error("a loser is named where the score decides, or none where a team conceded")]
    Loser,
    /// Ended too early for its outcome.
    #[error("it ended before the outcome was possible")]
    TooShort,
    /// More was played than time passed.
    #[error("more was played than time passed between start and end")]
    Clock,
    /// A goal was out of sight for longer than the rules allow.
    #[error("a goal was out of sight for longer than a rated match may be")]
    Gap,
}

impl Refusal {
    /// The id of the failed check, for answers.
    pub const fn check(self) -> &'static str {
        match self {
            Self::TooLarge => "G1",
            Self::Malformed(_) | Self::Envelope(_) => "G2",
            Self::UnknownDevice => "G3",
            Self::Start(_) | Self::Result(_) | Self::Unrelated => "G4",
            Self::SlaveSeal => "G5",
            Self::Commitment | Self::MatchId => "G6",
            Self::UnknownRules | Self::RosterSize(_) => "G7",
            Self::Ticket(..) => "G8",
            Self::Roll(..) => "G9",
            Self::Draw => "G10",
            Self::Stakes(_) => "G11",
            Self::Deltas => "G12",
            Self::Act(..) => "G13",
            Self::Unbacked(_) => "G14",
            Self::Goals(_) => "G15",
            Self::Course(_) => "G16",
        }
    }
}

impl From<BundleError> for Refusal {
    fn from(error: BundleError) -> Self {
        match error {
            BundleError::TooLong => Self::TooLarge,
            BundleError::Malformed(malformed) => Self::Malformed(malformed),
        }
    }
}
