//! The audit log.

use super::data::{DataArgs, wait};
use super::{OpsError, Output};
use countersign_keys::Utc;
use countersign_server::desk::audit;
use countersign_store::{AuditEntry, Store};

/// Arguments of `audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Entries are numbered from 1 without gaps. A missing number means that somebody changed the database.

Examples:
  countersign audit                        the first 100 entries
  countersign audit --after 1200           what came after entry 1200
  countersign audit --limit 1000 --json    for another program; times in milliseconds since 1970")]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Show entries with a higher number than this
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &AuditArgs, out: &mut Output<'_>) -> Result<(), OpsError> {
    let store = args.data.open()?;
    let entries = wait(store.audit_after(args.after, args.limit))?;
    if args.json {
        out.json(&entries.iter().map(audit::view).collect())?;
        return Ok(());
    }
    for AuditEntry { seq, event } in &entries {
        let user = event.user.map(|user| format!(" user {user}")).unwrap_or_default();
        let session =
            event.session.map(|session| format!(" session {session}")).unwrap_or_default();
        let (at, action, detail) = (Utc(event.at), &event.action, &event.detail);
        out.line(format_args!("{seq} {at} {action}{user}{session} {detail}"))?;
    }
    if let Some(last) = entries.last().filter(|_| entries.len() as u64 == u64::from(args.limit)) {
        out.line(format_args!("There may be more: countersign audit --after {}", last.seq))?;
    }
    Ok(())
}
