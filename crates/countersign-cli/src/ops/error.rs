//! Why a command could not do its work.

use countersign_identity::address::AddressError;
use countersign_keys::{
    CeremonyError, InitError, InstallError, KeyFileError, LifecycleError, ReadError,
};
use countersign_store::StoreError;
use countersign_store_sqlite::{BackupError, OpenError};
use std::io;
use std::path::{Path, PathBuf};

/// Shown to the operator as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpsError {
    #[error(transparent)]
    Init(#[from] InitError),
    #[error(transparent)]
    Keys(#[from] ReadError),
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error(
        "the root key is not in {}; give its place with --root FILE, or write what it has to sign with \
         `countersign keys export-unsigned FILE …` and sign that where the root is", .0.display()
    )]
    RootElsewhere(PathBuf),
    #[error(transparent)]
    Step(#[from] LifecycleError),
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    #[error("--app and --audience are needed, because {} does not say whose keys it holds", .0.display())]
    RealmUnknown(PathBuf),
    #[error(transparent)]
    Realm(#[from] countersign::domain::RealmError),
    #[error("give the hashes of at least two keys, or certificates with --certificate, or --none")]
    NoPins,
    #[error("{} is no certificate that can be read: {what}", path.display())]
    Certificate { path: PathBuf, what: String },
    #[error("there is no database {}; give the server's data folder with --data", .0.display())]
    NoDatabase(PathBuf),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Backup(#[from] BackupError),
    #[error("the address cannot be read: {0}")]
    Address(#[from] AddressError),
    #[error("no account has the address {0}")]
    NoUser(String),
    #[error("{0:?} is no scope: 1 to 64 of a-z, 0-9, '.', '_', '/', ':' and '-'")]
    Scope(String),
    #[error(transparent)]
    League(#[from] super::league::LeagueError),
    #[error(transparent)]
    Event(#[from] super::event::EventError),
    #[error("{} cannot be {action}: {source}", path.display())]
    File { path: PathBuf, action: &'static str, source: io::Error },
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl OpsError {
    /// For `map_err` on an operation with a file.
    pub(crate) fn file(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { path: path.to_owned(), action, source }
    }
}
