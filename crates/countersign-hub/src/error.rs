//! Why a hub does not start, or had to stop.

use crate::control::ControlError;
use crate::disk::FolderError;
use crate::random::NoRandom;
use countersign::{EventId, Fingerprint};
use countersign_judging::package::PackageError;
use countersign_judging::venue::{AmendRefusal, BeginRefusal, RestoreFault};
use countersign_keys::DiskError;
use countersign_listen::BindError;
use countersign_mesh::event_code::CodeError;
use countersign_mesh::hub::TooManyHubs;
use std::io;

/// Every cause that a person can do something about.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The hub's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The event's package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// No event was started here.
    #[error(
        "this hub has no event yet; give its package with --bundle and whom you trust with --root"
    )]
    NoEvent,
    /// Another event than the one in the folder.
    #[error(
        "this folder is for the event {found}, the package is of {given}; make a folder for each event"
    )]
    OtherEvent {
        /// In the folder.
        found: EventId,
        /// In the package.
        given: EventId,
    },
    /// The bundle does not name this hub.
    #[error(
        "{0}: put the lines of `countersign hub init` into event.toml and sign the event again"
    )]
    Begin(#[from] BeginRefusal),
    /// The log is not one of this event.
    #[error("log.bin is not to be used: {0}")]
    Log(#[from] RestoreFault),
    /// Less of the log is whole than what was acknowledged.
    #[error(
        "log.bin is whole up to byte {whole} only, and votes up to byte {durable} have their receipts: restore it from another \
         copy. To go on without them, remove log.durable; the judges then have to vote again"
    )]
    LogLost {
        /// Bytes of whole entries from its beginning.
        whole: usize,
        /// Bytes that were on the disk.
        durable: usize,
    },
    /// The log of another hub.
    #[error("log.bin is the log of the hub {0}, and hub.key is another key")]
    OtherHub(Fingerprint),
    /// A newer bundle that does not fit.
    #[error("the newer bundle is not taken: {0}")]
    Amend(#[from] AmendRefusal),
    /// The text of `--code`.
    #[error("--code is no event code: {0}")]
    Code(#[from] CodeError),
    /// The code of another event.
    #[error("--code is for the event {0}, not for this one")]
    CodeEvent(EventId),
    /// There is a key already.
    #[error("this hub has an event key already, another one than --code; leave --code out")]
    OtherCode,
    /// More hubs than the mesh believes.
    #[error(transparent)]
    Hubs(#[from] TooManyHubs),
    /// A link.
    #[error("{0}")]
    Link(String),
    /// The control socket.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The listener.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Randomness.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// Threads, signals.
    #[error("the system gives no threads or no signals: {0}")]
    System(#[from] io::Error),
    /// The disk, while running.
    #[error("stopped, because what happened could not be written down: {0}")]
    Stopped(DiskError),
    /// The desk's thread is gone.
    #[error("stopped, because the thread that keeps the log has ended")]
    Ended,
}

impl From<DiskError> for HubError {
    fn from(error: DiskError) -> Self {
        Self::Folder(error.into())
    }
}
