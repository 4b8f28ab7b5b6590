//! What can go wrong inside, before it becomes a [`StoreError`].

use countersign_store::StoreError;
use rusqlite::{Error, ErrorCode};

/// An error of a unit of work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Sql(#[from] Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Sql(error) if is_damage(&error) => Self::Damaged(error.to_string()),
            Fault::Sql(error) => Self::Engine(error.to_string()),
        }
    }
}

/// Whether the file can no longer be trusted with new work.
///
/// After a failed fsync the kernel may have dropped the pages and call the next fsync a success: nothing that this
/// process believes to be on disk is certain any more.
pub(crate) fn is_fatal(error: &Error) -> bool {
    use ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(SystemIoFailure | DatabaseCorrupt | NotADatabase))
}

fn is_damage(error: &Error) -> bool {
    use ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    ) || matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
