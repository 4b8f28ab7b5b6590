//! `league.dispute`, `league.disputes`, `league.penalties`: what players hold against a match, and what is held against them.

use super::{Call, Stop, conflict, id, parse, rate_limited, view};
use crate::app::Backend;
use crate::desk::dispute;
use crate::reply::Reply;
use countersign::ResultCode;
use countersign_store::league::{
    DisputeId, DisputeKind, DisputeOutcome, DisputeQueue, NewDispute, PenaltyId,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Disputes or penalties of a page.
const PAGE: u32 = 100;

pub(super) async fn open<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        match_id: String,
        kind: String,
        #[serde(default)]
        text: String,
    }
    let expected = r#"expected {"match_id":"<hex>","kind":"goal","text":"…"}; kind is goal, roster, conduct or other"#;
    let Wish { match_id, kind, text } = parse(call.admitted, expected)?;
    let kind = match kind.as_str() {
        "goal" => DisputeKind::Goal,
        "roster" => DisputeKind::Roster,
        "conduct" => DisputeKind::Conduct,
        "other" => DisputeKind::Other,
        _ => return Err(Reply::invalid(expected).into()),
    };
    let (user, now) = (call.admitted.session.user, call.app.now());
    call.league.quotas.changes.take(user, now).map_err(rate_limited)?;
    let match_id = id(&match_id, "match_id", 32)?;
    let dispute = NewDispute { match_id, user, kind, text, now };
    let said = |id: DisputeId, new: bool| Reply::json(&json!({ "dispute": id.0, "new": new }));
    match call.app.store.open_dispute(dispute).await? {
        DisputeOutcome::Opened(id) => {
            call.league.wake();
            Ok(said(id, true))
        }
        DisputeOutcome::Known(id) => Ok(said(id, false)),
        DisputeOutcome::NoMatch => Ok(Reply::error(ResultCode::NOT_FOUND)),
        DisputeOutcome::NotAPlayer => Ok(Reply::error(ResultCode::FORBIDDEN)),
        DisputeOutcome::TooMany => {
            Ok(conflict("this match is disputed often enough to be looked at"))
        }
        DisputeOutcome::TextTooLong => Ok(Reply::invalid("text has at most 2,000 bytes")),
    }
}

/// What the caller disputed, and what was ruled.
pub(super) async fn list<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[serde(default)]
        after: u64,
    }
    let Wish { after } = parse(call.admitted, r#"expected {} or {"after":<number>}"#)?;
    let mine = DisputeQueue::OfUser(call.admitted.session.user);
    let found = call.app.store.disputes(mine, DisputeId(after), PAGE).await?;
    let next = found.last().filter(|_| found.len() == PAGE as usize).map(|last| last.id.0);
    let disputes: Vec<Value> = found.iter().map(dispute::view).collect();
    Ok(Reply::json(&json!({ "disputes": disputes, "next": next })))
}

pub(super) async fn penalties<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[serde(default)]
        after: u64,
    }
    let Wish { after } = parse(call.admitted, r#"expected {} or {"after":<id>}"#)?;
    let player = call.player().await?;
    let penalties = call.app.store.penalties(player.user, PenaltyId(after), PAGE).await?;
    let next = penalties.last().filter(|_| penalties.len() == PAGE as usize).map(|last| last.id.0);
    let penalties: Vec<Value> = penalties.iter().map(view::penalty).collect();
    let mut said = view::own(&player);
    (said["penalties"], said["next"]) = (penalties.into(), next.into());
    Ok(Reply::json(&said))
}
