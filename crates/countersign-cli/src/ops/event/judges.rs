//! Who has enrolled, and who may enrol again.

use super::super::data::wait;
use super::super::{OpsError, Output};
use super::desk::Desk;
use super::{EventError, Named};
use countersign_judging::JudgeId;
use countersign_keys::Utc;
use countersign_server::desk::event::id;
use countersign_store::event::{EventStore, ReplaceOutcome, RosterLine};
use serde_json::{Value, json};

/// Arguments of `event judges`.
#[derive(Debug, clap::Args)]
pub(super) struct JudgesArgs {
    #[command(flatten)]
    event: Named,
    /// Let this judge enrol another key, once: for a lost or broken device. The next bundle revokes the old one
    #[arg(long, value_name = "JUDGE", requires = "reason")]
    replace: Option<String>,
    /// Why; kept in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) fn run(
    args: &JudgesArgs,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    desk.event(args.event.id)?;
    if let Some(judge) = &args.replace {
        return replace(args, judge, desk, out);
    }
    let roster = wait(desk.store.roster(args.event.id))?;
    if desk.json {
        return Ok(out.json(&roster.iter().map(as_json).collect())?);
    }
    let head = ["judge", "address", "key", "enrolled", "bundle"].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(head).chain(roster.iter().map(row)).collect();
    out.table(&rows)?;
    let missing = roster.iter().filter(|line| line.enrolment.is_none()).count();
    if missing > 0 {
        out.line(format_args!("{missing} of {} have no key yet.", roster.len()))?;
    }
    Ok(())
}

fn row(line: &RosterLine) -> Vec<String> {
    let address = line.address.clone().unwrap_or_else(|| "(erased)".to_owned());
    let mut row = vec![line.judge.to_string(), address];
    match &line.enrolment {
        None => row.push("none".to_owned()),
        Some(it) => {
            let mut key = it.fingerprint.to_string();
            key.truncate(16);
            let since =
                if it.published == 0 { "not yet".to_owned() } else { it.published.to_string() };
            let since = if it.replaceable { format!("{since}, may be replaced") } else { since };
            row.extend([key, Utc(it.at).to_string(), since]);
        }
    }
    row
}

fn as_json(line: &RosterLine) -> Value {
    let it = line.enrolment.as_ref();
    json!({
        "judge": line.judge.as_str(),
        "address": line.address,
        "key": it.map(|it| hex::encode(it.key)),
        "fingerprint": it.map(|it| it.fingerprint.to_string()),
        "enrolled_ms": it.map(|it| it.at.as_millis()),
        "published": it.map(|it| it.published),
        "replaceable": it.is_some_and(|it| it.replaceable),
    })
}

fn replace(
    args: &JudgesArgs,
    judge: &str,
    desk: &Desk<'_>,
    out: &mut Output<'_>,
) -> Result<(), OpsError> {
    let (event, judge) = (args.event.id, id::<JudgeId>(judge, "judge").map_err(EventError::from)?);
    match wait(desk.store.allow_replacement(event, judge))? {
        ReplaceOutcome::Allowed => {}
        ReplaceOutcome::NoKey => return Err(EventError::NoKey(judge.to_string()).into()),
        ReplaceOutcome::NoJudge => return Err(EventError::NoJudge(judge.to_string()).into()),
    }
    let detail = json!({ "judge": judge.as_str(), "reason": args.reason });
    desk.note("event.replace_key", event, detail.clone())?;
    if desk.json {
        return Ok(out.json(&detail)?);
    }
    out.line(format_args!("{judge} may enrol another key; then publish {event} again."))?;
    Ok(())
}
