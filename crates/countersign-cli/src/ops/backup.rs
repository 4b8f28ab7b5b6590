//! Copies of the database, and the way back.

use super::data::{DataArgs, database, existing};
use super::{OpsError, Output};
use countersign_store_sqlite::Existing;
use std::path::PathBuf;

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy is one state of the database, verified before it gets its name. Left out on purpose: logins and \
waiting messages, the ledger of erasures (it has to outlive every backup: copy it elsewhere by itself), and \
the keys (copy the folder keys/ once after each change, to a place as safe as the server).

Example:
  countersign backup /backup/$(date +%F).db")]
pub(crate) struct BackupArgs {
    /// Name of the new file
    dest: PathBuf,
    #[command(flatten)]
    data: DataArgs,
}

/// Arguments of `restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The backup is verified first. Whoever was erased after it was made is erased again, as the ledger \
countersign.db.erasures in the data folder says; on a new machine, put that file in place before.

Examples:
  countersign restore /backup/2026-11-22.db --data /var/lib/countersign
  countersign restore /backup/2026-11-22.db --force      lose the database that is there")]
pub(crate) struct RestoreArgs {
    /// The backup
    backup: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// Replace a database that is there; what it holds is lost
    #[arg(long)]
    force: bool,
}

pub(super) fn backup(args: &BackupArgs, out: &mut Output<'_>) -> Result<(), OpsError> {
    let inventory = countersign_store_sqlite::backup(&existing(&args.data.data)?, &args.dest)?;
    let rows: u64 = inventory.rows.values().sum();
    let tables = inventory.rows.len();
    out.line(format_args!(
        "{} holds {rows} rows of {tables} tables, schema version {}; verified.",
        args.dest.display(),
        inventory.schema_version
    ))?;
    Ok(())
}

pub(super) fn restore(args: &RestoreArgs, out: &mut Output<'_>) -> Result<(), OpsError> {
    let target = database(&args.data.data);
    let mode = if args.force { Existing::Replace } else { Existing::Keep };
    std::fs::create_dir_all(&args.data.data).map_err(OpsError::file(&args.data.data, "created"))?;
    let erased = countersign_store_sqlite::restore(&args.backup, &target, mode)?;
    out.line(format_args!("{} is restored and verified.", target.display()))?;
    out.line(format_args!("{erased} accounts were erased again, as the ledger says."))?;
    Ok(())
}
