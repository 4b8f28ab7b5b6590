//! `league.match`, `league.history`, `league.ledger`, `league.head_to_head`: what was played, with everything to check it again.

use super::{Call, Stop, device, export, id, parse, view};
use crate::app::{App, Backend};
use crate::reply::Reply;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::{Frame, ResultCode, Timestamp, UserId};
use countersign_league::evidence::{
    Artefact, Bundle, Goal, GoalState, MatchResult, MissedEvidence, Ticket,
};
use countersign_league::{End, MatchId};
use countersign_store::league::{
    EvidenceView, GameView, HistoryCursor, Player, StoredSeat, Visibility,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Matches of a page unless the caller says otherwise, and at most.
const PAGE: u32 = 20;
const PAGE_MAX: u32 = 50;
/// Lines of the ledger in one answer.
const LINES: u32 = 500;

pub(super) async fn show<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        match_id: String,
        #[serde(default)]
        evidence: usize,
    }
    let expected =
        r#"expected {"match_id":"<hex>"}, and "evidence":<number> for another result of it"#;
    let wish: Wish = parse(call.admitted, expected)?;
    let match_id: MatchId = id(&wish.match_id, "match_id", 32)?;
    let not_found = || Stop::from(Reply::error(ResultCode::NOT_FOUND));
    let found = call.app.store.find_game(match_id).await?.ok_or_else(not_found)?;
    let chosen = found.evidence.get(wish.evidence).ok_or_else(not_found)?;
    let there = everybody(&found, chosen);
    let seated = || found.seats.iter().map(|seat| seat.user);
    let players = call.players(there.clone().unwrap_or_else(|| seated().collect())).await?;
    let viewer = call.admitted.session.user;
    let played_along = found.seats.iter().any(|seat| seat.user == viewer);
    let shows = |player: &Player| played_along || player.visibility == Visibility::Public;
    let shown: HashMap<_, _> = players.into_iter().filter(|(_, player)| shows(player)).collect();
    let mut said = view::game(&found.game);
    said["players"] = found.seats.iter().map(|seat| seat_of(seat, &shown)).collect();
    said["goals"] = goals(chosen).into();
    said["results"] = found.evidence.iter().map(result).collect::<Vec<_>>().into();
    // Tickets in a bundle hold the names under which everybody came; nobody can take one out of what was signed.
    let named = there.is_some_and(|there| {
        there.iter().all(|user| shown.get(user).is_some_and(|player| player.erased.is_none()))
    });
    let whole = seated().all(|user| shown.contains_key(&user));
    said["bundle"] = named.then(|| BASE64_URL_SAFE_NO_PAD.encode(&chosen.bundle)).into();
    said["receipt"] = whole.then(|| BASE64_URL_SAFE_NO_PAD.encode(&chosen.receipt)).into();
    said["device_certificate"] = certificate(call.app, &found).await?;
    Ok(Reply::json(&said))
}

/// Whoever a bundle names: those who played, and those who were ready and missed the start. `None` if it cannot be read.
fn everybody(found: &GameView, chosen: &EvidenceView) -> Option<Vec<UserId>> {
    let bundle = Bundle::decode(&chosen.bundle).ok()?;
    let user = |missed: &MissedEvidence| {
        let ticket = Frame::split(&missed.ticket).ok()?;
        Some(Ticket::decode(ticket.payload).ok()?.user)
    };
    let missed = bundle.missed.iter().map(user).collect::<Option<Vec<_>>>()?;
    let mut there: Vec<_> = found.seats.iter().map(|seat| seat.user).chain(missed).collect();
    there.sort_unstable();
    there.dedup();
    Some(there)
}

async fn certificate<S: Backend>(app: &App<S>, found: &GameView) -> Result<Value, Stop> {
    let Some(device) = app.store.find_device(found.game.device).await? else {
        return Ok(Value::Null);
    };
    let frame = device::evidence(app, &device)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(frame).into())
}

fn seat_of(seat: &StoredSeat, players: &HashMap<UserId, Player>) -> Value {
    let shown = players.get(&seat.user);
    json!({
        "seat": seat.seat,
        "user": shown.map(|player| player.user.to_string()),
        "name": shown.map(|player| player.name.as_str()),
        "team": view::team(seat.team),
        "sporting": seat.line.sporting,
        "adjustment": seat.line.adjustment,
        "booked": seat.booked,
        "conduct": view::conduct(seat.conduct),
        "result": seat.counted.map(view::seat_result),
    })
}

fn result(evidence: &EvidenceView) -> Value {
    json!({
        "result": evidence.result.to_string(),
        "received_ms": evidence.received.as_millis(),
    })
}

/// The goals of a result that was verified when it was settled.
fn goals(evidence: &EvidenceView) -> Vec<Value> {
    let result = Bundle::decode(&evidence.bundle).ok().and_then(|bundle| {
        let frame = Frame::split(&bundle.result).ok()?;
        MatchResult::decode(frame.payload).ok()
    });
    result.map_or_else(Vec::new, |result| result.goals.iter().map(goal).collect())
}

fn goal(goal: &Goal) -> Value {
    json!({
        "team": view::team(goal.team),
        "end": match goal.end { End::North => "north", End::South => "south" },
        "counts": goal.state == GoalState::Counted,
        "at_ms": goal.at,
        "uncertainty_ms": goal.uncertainty,
        "peak": goal.peak,
        "duration_ms": goal.duration,
        "spread": goal.spread,
    })
}

pub(super) async fn history<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        user: Option<String>,
        before: Option<String>,
        limit: Option<u32>,
    }
    let expected = r#"expected {"user":"<hex>","before":"<next of the last answer>","limit":<1 to 50>}, each optional"#;
    let wish: Wish = parse(call.admitted, expected)?;
    let limit = wish.limit.unwrap_or(PAGE);
    let cursor = wish.before.as_deref().map_or(Some(HistoryCursor::NEWEST), cursor);
    let Some(cursor) = cursor.filter(|_| (1..=PAGE_MAX).contains(&limit)) else {
        return Err(Reply::invalid(expected).into());
    };
    let player = call.seen(wish.user.as_deref()).await?;
    let entries = call.app.store.history(player.user, cursor, limit).await?;
    let is_full = entries.len() == limit as usize;
    let next = entries.last().filter(|_| is_full).map(HistoryCursor::after);
    let next = next.map(|next| format!("{}-{}", next.ended.as_millis(), next.no));
    let matches: Vec<Value> = entries.iter().map(view::match_of_history).collect();
    Ok(Reply::json(&json!({
        "user": player.user.to_string(), "name": player.name, "matches": matches, "next": next
    })))
}

fn cursor(text: &str) -> Option<HistoryCursor> {
    let (ended, no) = text.split_once('-')?;
    let ended = Timestamp::from_millis(ended.parse().ok()?);
    Some(HistoryCursor { ended, no: no.parse().ok()? })
}

/// Every change of the caller's rating, the first one first: their sum is the rating, but for the floor.
pub(super) async fn ledger<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        #[serde(default)]
        after: u64,
    }
    let Wish { after } = parse(call.admitted, r#"expected {} or {"after":<seq>}"#)?;
    let player = call.player().await?;
    let lines = call.app.store.ledger_of(player.user, after, LINES).await?;
    let next = lines.last().filter(|_| lines.len() == LINES as usize).map(|line| line.seq);
    let lines: Vec<Value> = lines.iter().map(export::line).collect();
    Ok(Reply::json(&json!({ "lines": lines, "next": next })))
}

pub(super) async fn head_to_head<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        user: String,
    }
    let Wish { user } = parse(call.admitted, r#"expected {"user":"<hex>"}"#)?;
    let (viewer, user): (UserId, UserId) = (call.admitted.session.user, id(&user, "user", 32)?);
    let met = call.app.store.head_to_head(viewer, user).await?;
    let other = call.app.store.find_player(user).await?;
    let Some(other) = other.filter(|it| it.erased.is_none()) else {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    };
    // Who met knows the other; to everybody else there is no hidden player.
    if met.met() == 0 && !call.may_see(&other).await? {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    }
    Ok(Reply::json(&json!({
        "user": other.user.to_string(),
        "name": other.name,
        "met": met.met(),
        "won": met.won,
        "drawn": met.drawn,
        "lost": met.lost,
    })))
}
