//! Why a command of an event could not do its work.

use countersign::EventId;
use countersign::evidence::EvidenceError;
use countersign_keys::{LoadError, ReadError};
use countersign_server::desk::event::{NextError, PlanError, ResultsError};
use std::path::PathBuf;

/// Shown to the operator as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("there is no event {0}; `countersign event list` shows them")]
    NoEvent(EventId),
    #[error("there is an event {0} already; change it with `countersign event amend`")]
    Exists(EventId),
    #[error("a judge or an address stands twice in the list of judges")]
    Twice,
    #[error("the event changed while this was done; nothing was stored, so try again")]
    Changed,
    #[error(
        "these judges have not enrolled a key yet: {0}; wait for them, or leave them out with --without-missing"
    )]
    Missing(String),
    #[error(transparent)]
    Next(NextError),
    #[error("no bundle of {0} was published yet; `countersign event publish {0}` does it")]
    NotPublished(EventId),
    #[error("there is no version {0} of the bundle")]
    NoVersion(u32),
    #[error("no judge {0} is on the roster; `countersign event judges` shows them")]
    NoJudge(String),
    #[error("judge {0} has no key yet; they can enrol one without permission")]
    NoKey(String),
    #[error("nobody can be assigned: {0}")]
    Assign(#[from] countersign_judging::assignment::AssignError),
    #[error(
        "no log says what was judged in round {0} so far: hand one over (`countersign hub sync`, also while the hub runs) or give \
         a hub's with --log; a round in which nobody has judged is dealt out without --again"
    )]
    NothingJudged(u8),
    #[error("{}: {why}", file.display())]
    LogFile { file: PathBuf, why: String },
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Export(Box<countersign_hub::ExportError>),
    #[error("the bundle cannot be read: {0}")]
    Bundle(Box<EvidenceError>),
    #[error("the key folder {} does not say for whom its keys sign", .0.display())]
    NoRealm(PathBuf),
    #[error(transparent)]
    Keys(Box<ReadError>),
    #[error(transparent)]
    Online(Box<LoadError>),
    #[error(transparent)]
    Disk(Box<countersign_keys::DiskError>),
    #[error("no random bytes: {0}")]
    Random(#[from] countersign_server::random::NoRandom),
}

/// What comes from elsewhere is boxed: it is large, and every answer of a command would be as large.
macro_rules! boxed {
    ($($from:ty => $variant:ident)+) => {$(
        impl From<$from> for EventError {
            fn from(error: $from) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )+};
}

boxed! {
    countersign_hub::ExportError => Export
    EvidenceError => Bundle
    ReadError => Keys
    LoadError => Online
    countersign_keys::DiskError => Disk
}
