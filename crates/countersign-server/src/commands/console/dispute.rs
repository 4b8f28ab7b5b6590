//! `console.disputes`, `console.rule`: who disagrees, and what is decided.

use super::proof::Desk;
use super::{Stop, conflict, id, limit, names, not_found};
use crate::app::Backend;
use crate::desk::{dispute, ruling};
use crate::reply::Reply;
use countersign_league::MatchId;
use countersign_store::league::{
    DisputeId, DisputeQueue, GameView, NewRuling, Ruling, RulingOutcome,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) async fn list<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        after: Option<u64>,
        limit: Option<u32>,
    }
    let expected = r#"expected {"after":<number>,"limit":<1 to 200>}, each optional"#;
    let Wish { after, limit: wanted } = desk.payload(expected)?;
    let (after, limit) = (DisputeId(after.unwrap_or(0)), limit(wanted)?);
    let found = desk.store().disputes(DisputeQueue::Open, after, limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.id.0);
    let names = names(desk, found.iter().filter_map(|entry| entry.user).collect()).await?;
    let entries: Vec<Value> = found.iter().map(dispute::view).collect();
    Ok(Reply::json(&json!({ "disputes": entries, "names": names, "next": next })))
}

pub(super) async fn rule<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        r#match: String,
        decision: String,
        reason: String,
    }
    let expected = r#"expected {"match":"<hex>","decision":"void","reason":"<text>"}; decision is uphold, void or refund"#;
    let Wish { r#match, decision, reason } = desk.payload(expected)?;
    let match_id: MatchId = id(&r#match, "match")?;
    let view = desk.store().find_game(match_id).await?.ok_or_else(not_found)?;
    let ruling = match decision.as_str() {
        "uphold" => uphold(&view)?,
        "void" => Ruling::Void,
        "refund" => refund(desk, &view).await?,
        _ => return Err(Reply::invalid(expected).into()),
    };
    let detail = json!({ "match": match_id.to_string(), "decision": decision });
    let (app, _) = desk.act(&reason, detail).await?.into_parts();
    let new = NewRuling { match_id, ruling, frivolous: Vec::new(), now: app.now() };
    match app.store.rule(new).await? {
        RulingOutcome::Ruled { settlement, ended, ratings } => {
            if let Some(league) = &app.league {
                league.wake();
            }
            let (state, changed) = (settlement.as_str(), ratings.len());
            Ok(Reply::json(&json!({ "state": state, "ended": ended, "ratings": changed })))
        }
        RulingOutcome::NoMatch => Err(not_found()),
        RulingOutcome::Mismatch => Ok(conflict("the match is not as it was; look at it again")),
    }
}

fn uphold(view: &GameView) -> Result<Ruling, Reply> {
    match ruling::counts_as_settled(view) {
        true => Ok(Ruling::Uphold),
        false => Err(conflict(
            "its points have to be computed from the evidence: use `countersign league dispute resolve`",
        )),
    }
}

async fn refund<S: Backend>(desk: &Desk<'_, S>, view: &GameView) -> Result<Ruling, Stop> {
    let amounts = ruling::refunds(desk.store(), view, &[]).await?;
    match amounts.is_empty() {
        true => Err(conflict("nobody lost points by this match").into()),
        false => Ok(Ruling::Refund { amounts }),
    }
}
