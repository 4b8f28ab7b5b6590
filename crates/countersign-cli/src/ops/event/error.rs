//! Why a command of an event could not do its work.

use countersign::evidence::EvidenceError;
use countersign::{EventId, Malformed};
use countersign_judging::audit::AuditFault;
use countersign_judging::event::EventFault;
use countersign_judging::venue::{AmendRefusal, MergeRefusal};
use countersign_keys::{LoadError, ReadError};
use std::path::PathBuf;

/// Shown to the operator as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EventError {
    #[error("{}, {message}", file.display())]
    Toml { file: PathBuf, message: String },
    #[error("{}: {what}", file.display())]
    Table { file: PathBuf, what: String },
    #[error("{0}")]
    Rows(Rows),
    #[error("{text:?} is no id of a {what}; an id has 1 to 32 of A-Z a-z 0-9 _ - .")]
    Id { what: &'static str, text: String },
    #[error("{0} has 64 hexadecimal digits")]
    Hex(String),
    #[error("the key of hub {hub} cannot be used: {why}; take it from `countersign hub init`")]
    HubKey { hub: String, why: String },
    #[error("the event is not right:{}", listed(.0))]
    Faults(Vec<EventFault>),
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
    #[error("devices that have the last bundle would not take this one: {0}")]
    Amend(Box<AmendRefusal>),
    #[error("an event has at most 200 versions of its bundle, and this one has them")]
    Full,
    #[error("version {newest} is the newest; somebody published it just now")]
    NotNext { newest: u32 },
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
    #[error("no hub has handed over a log of {0} yet")]
    NoLogs(EventId),
    #[error("a stored log does not pass its checks any more: {0}")]
    Log(Box<AuditFault>),
    #[error("two logs cannot be put together: {0}")]
    Merge(Box<MergeRefusal>),
    #[error("the ballots cannot be counted: {0}")]
    Count(Box<countersign_hub::count::CountError>),
    #[error(transparent)]
    Export(Box<countersign_hub::ExportError>),
    #[error("the results have {0} bytes, more than the 4 MiB that can be published")]
    TooLong(usize),
    #[error("what is stored of the event cannot be read: {0}")]
    Damaged(String),
    #[error("the bundle cannot be read: {0}")]
    Bundle(Box<EvidenceError>),
    #[error("the bundle cannot be signed: {0}")]
    Unsigned(#[from] Malformed),
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
    AmendRefusal => Amend
    AuditFault => Log
    MergeRefusal => Merge
    countersign_hub::count::CountError => Count
    countersign_hub::ExportError => Export
    EvidenceError => Bundle
    ReadError => Keys
    LoadError => Online
    countersign_keys::DiskError => Disk
}

/// Everything that is wrong with a table, up to a page of it.
#[derive(Debug)]
pub(crate) struct Rows(pub(super) Vec<String>);

impl core::fmt::Display for Rows {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const SHOWN: usize = 20;
        for (n, row) in self.0.iter().take(SHOWN).enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{row}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

fn listed(faults: &[EventFault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}
