//! The server's data folder.

use super::OpsError;
use countersign_store_sqlite::SqliteStore;
use std::path::{Path, PathBuf};

/// Which data folder.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DataArgs {
    /// The server's data folder (`store.data` of its configuration)
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        default_value = "countersign-data",
        env = "COUNTERSIGN__STORE__DATA"
    )]
    pub(crate) data: PathBuf,
}

impl DataArgs {
    /// Opens the database that is there; never makes one.
    pub(crate) fn open(&self) -> Result<SqliteStore, OpsError> {
        Ok(SqliteStore::open(&existing(&self.data)?)?)
    }
}

/// Where the database of a data folder lies.
pub(crate) fn database(data: &Path) -> PathBuf {
    data.join("countersign.db")
}

/// The same, if it is there.
pub(crate) fn existing(data: &Path) -> Result<PathBuf, OpsError> {
    let path = database(data);
    if path.is_file() { Ok(path) } else { Err(OpsError::NoDatabase(path)) }
}

/// Runs what the store does to its end.
pub(crate) fn wait<T>(
    work: impl Future<Output = countersign_store::Result<T>>,
) -> Result<T, OpsError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work)?)
}
