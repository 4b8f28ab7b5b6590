//! Accounts by address.

use super::data::{DataArgs, wait};
use super::{OpsError, Output};
use countersign::Timestamp;
use countersign_identity::address::Address;
use countersign_keys::Utc;
use countersign_server::desk::account;
use countersign_store::{AuditEvent, SessionStatus, Store, User};
use countersign_store_sqlite::SqliteStore;
use serde_json::json;

/// Arguments of `user`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Scopes decide what an account's sessions may do behind the gateway. Changes count at once and are written to \
the audit log. Phone numbers are written with their country code, like +33612345678.

Whoever has the scope operator sees everything at /console, and may act there after a fresh code. Scopes are given here \
and nowhere else: log in once with the address, so that there is an account, then grant.

Examples:
  countersign user list
  countersign user show ana@example.org
  countersign user grant ana@example.org operator
  countersign user grant ana@example.org referee admin
  countersign user revoke-scope ana@example.org admin")]
pub(crate) struct UserArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, clap::Subcommand)]
enum UserCommand {
    /// List accounts by address, with their scopes
    List {
        /// List accounts whose address comes after this
        #[arg(long, value_name = "ADDRESS", default_value = "")]
        after: String,
        /// List at most this many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// As JSON; times in milliseconds since 1970
        #[arg(long)]
        json: bool,
    },
    /// Show an account, its scopes and its sessions
    Show {
        /// E-mail address or phone number
        address: String,
    },
    /// Give scopes to an account
    Grant {
        /// E-mail address or phone number
        address: String,
        /// Scopes to add
        #[arg(required = true)]
        scopes: Vec<String>,
    },
    /// Take scopes from an account
    RevokeScope {
        /// E-mail address or phone number
        address: String,
        /// Scopes to remove
        #[arg(required = true)]
        scopes: Vec<String>,
    },
}

pub(super) fn run(args: &UserArgs, now: Timestamp, out: &mut Output<'_>) -> Result<(), OpsError> {
    let store = args.data.open()?;
    match &args.command {
        UserCommand::List { after, limit, json } => {
            let users = wait(store.users_after(after.clone(), *limit))?;
            if *json {
                Ok(out.json(&users.iter().map(account::view).collect())?)
            } else {
                list(&users, *limit, out)
            }
        }
        UserCommand::Show { address } => show(&store, &find(&store, address)?, out),
        UserCommand::Grant { address, scopes } => {
            check(scopes)?;
            let user = find(&store, address)?;
            let kept = user.scopes.iter().chain(scopes).cloned().collect();
            change(&store, &user, kept, "user.grant", now, out)
        }
        UserCommand::RevokeScope { address, scopes } => {
            let user = find(&store, address)?;
            let kept = user.scopes.iter().filter(|scope| !scopes.contains(scope)).cloned();
            change(&store, &user, kept.collect(), "user.revoke-scope", now, out)
        }
    }
}

fn list(users: &[User], limit: u32, out: &mut Output<'_>) -> Result<(), OpsError> {
    for User { id, address, created, scopes } in users {
        out.line(format_args!("{id}  {}  {address}  {}", Utc(*created), shown(scopes)))?;
    }
    if let Some(last) = users.last().filter(|_| users.len() as u64 == u64::from(limit)) {
        out.line(format_args!(
            "There may be more: countersign user list --after {}",
            last.address
        ))?;
    }
    Ok(())
}

fn find(store: &SqliteStore, address: &str) -> Result<User, OpsError> {
    let address = Address::parse(address, None)?;
    let user = wait(store.find_user_by_address(address.as_str().to_owned()))?;
    user.ok_or_else(|| OpsError::NoUser(address.as_str().to_owned()))
}

fn show(store: &SqliteStore, user: &User, out: &mut Output<'_>) -> Result<(), OpsError> {
    out.line(format_args!("{}", user.address))?;
    out.line(format_args!("  user     {}", user.id))?;
    out.line(format_args!("  created  {}", Utc(user.created)))?;
    out.line(format_args!("  scopes   {}", shown(&user.scopes)))?;
    for session in wait(store.list_sessions(user.id))? {
        let status = match session.status {
            SessionStatus::Live => "live",
            SessionStatus::Revoked(_) => "revoked",
        };
        out.line(format_args!(
            "  session  {}  {status:7}  last seen {}  {:?} on {}",
            session.id,
            Utc(session.last_seen),
            session.name,
            session.platform.escape_debug()
        ))?;
    }
    Ok(())
}

fn change(
    store: &SqliteStore,
    user: &User,
    mut scopes: Vec<String>,
    action: &str,
    now: Timestamp,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    scopes.sort_unstable();
    scopes.dedup();
    if scopes != user.scopes {
        let detail =
            json!({ "before": user.scopes, "after": scopes, "by": "operator" }).to_string();
        if !wait(store.set_scopes(user.id, scopes.clone()))? {
            return Err(OpsError::NoUser(user.address.clone()));
        }
        let (action, user) = (action.to_owned(), Some(user.id));
        wait(store.append_audit(AuditEvent { at: now, action, user, session: None, detail }))?;
    }
    out.line(format_args!("{} has the scopes: {}", user.address, shown(&scopes)))?;
    Ok(())
}

fn check(scopes: &[String]) -> Result<(), OpsError> {
    let byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._/:-".contains(&b);
    let bad = |scope: &&String| scope.is_empty() || scope.len() > 64 || !scope.bytes().all(byte);
    scopes.iter().find(bad).map_or(Ok(()), |scope| Err(OpsError::Scope(scope.clone())))
}

fn shown(scopes: &[String]) -> String {
    if scopes.is_empty() { "none".into() } else { scopes.join(" ") }
}
