//! Why a command of the league could not do its work.

use countersign::{Malformed, UserId};
use countersign_keys::{LoadError, ReadError};
use countersign_league::evidence::DeviceStatus;
use countersign_league::settlement::{Reason, Refusal};
use countersign_league::{DeviceId, MatchId};
use std::path::PathBuf;

/// Shown to the operator as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeagueError {
    #[error("nothing was changed: type {0} to confirm, or add --yes")]
    NotConfirmed(String),
    #[error("no device has the id or serial {0}; `countersign league device list` shows them")]
    NoDevice(String),
    #[error("several devices have the serial {serial}; give one of the ids {}", list(.ids))]
    SerialTwice { serial: String, ids: Vec<DeviceId> },
    #[error("a device that is {} cannot become {}; {}", from.as_str(), to.as_str(), allowed(*.from))]
    Transition { from: DeviceStatus, to: DeviceStatus },
    #[error("there is no match {0}; `countersign league match list` shows them")]
    NoMatch(MatchId),
    #[error("there is no dispute {0}; `countersign league dispute list` shows those that are open")]
    NoDispute(u64),
    #[error(
        "{0:?} is neither the number of a dispute nor the id of a match (32 hexadecimal digits)"
    )]
    NotACase(String),
    #[error("no player has the name {0}; give the name in full, the account's address, or its id")]
    NoPlayer(String),
    #[error("the account {0} has played no match yet, so the league does not know it")]
    NotInLeague(String),
    #[error("there is no penalty {0}; `countersign league player show` lists those of a player")]
    NoPenalty(u64),
    #[error("the penalty {0} was taken back before")]
    Pardoned(u64),
    #[error("season {current} is the present one, so only season {} can be opened", u32::from(*.current) + 1)]
    NotNextSeason { current: u16 },
    #[error("{} does not say whose keys it holds, and without them nothing can be verified", .0.display())]
    NoRealm(PathBuf),
    #[error(transparent)]
    Keys(Box<ReadError>),
    #[error("the server's keys cannot sign for the device: {0}")]
    Sign(Box<LoadError>),
    #[error("the certificate of the device cannot be made: {0}")]
    Certificate(Malformed),
    #[error(transparent)]
    Random(#[from] countersign_server::random::NoRandom),
    #[error("the evidence of match {id} does not pass check {}: {refusal}; look at `countersign league match verify {id}`", .refusal.check())]
    Evidence { id: MatchId, refusal: Refusal },
    #[error("nothing of match {id} can count: {}", .reason.sentence())]
    CannotCount { id: MatchId, reason: Reason },
    #[error("match {id} has {goals} goals, numbered from 0; there is no goal {goal}")]
    NoGoal { id: MatchId, goals: usize, goal: u8 },
    #[error("goal {0} is annulled already")]
    Annulled(u8),
    #[error("the player {user} did not play in match {id}")]
    NotInMatch { user: UserId, id: MatchId },
    #[error("goals are given for annul-goal only, and --player for refund only")]
    Extra,
    #[error("--frivolous needs the number of an open dispute that a player opened")]
    NotFrivolous,
    #[error("nobody lost points in match {0} that could be given back")]
    NothingToRefund(MatchId),
    #[error(
        "match {0} is not as it was: its players are not those of its evidence, or somebody else has ruled meanwhile"
    )]
    Mismatch(MatchId),
    #[error("{} is no exported match: {what}", path.display())]
    Export { path: PathBuf, what: String },
    #[error("{} is no key set that can be trusted: {what}", path.display())]
    Keyset { path: PathBuf, what: String },
    #[error("a root key is 64 hexadecimal digits, as `countersign keys init` prints them")]
    RootKey,
}

// Boxed, because both are large, and rare.
impl From<ReadError> for LeagueError {
    fn from(error: ReadError) -> Self {
        Self::Keys(Box::new(error))
    }
}

impl From<LoadError> for LeagueError {
    fn from(error: LoadError) -> Self {
        Self::Sign(Box::new(error))
    }
}

fn list(ids: &[DeviceId]) -> String {
    ids.iter().map(DeviceId::to_string).collect::<Vec<_>>().join(", ")
}

fn allowed(from: DeviceStatus) -> String {
    let next = countersign_server::desk::device::next(from);
    match next.is_empty() {
        true => "it stays so, because its keys may be in other hands".to_owned(),
        false => format!("it can become {}", next.join(", ")),
    }
}
