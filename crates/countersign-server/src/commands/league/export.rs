//! What an account's export says about the league.

use super::{Stop, view};
use crate::app::{App, Backend};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::{Timestamp, UserId};
use countersign_store::league::{DisputeEntry, DisputeState, LedgerLine, LineKind};
use serde_json::{Value, json};

/// Everything that the league stores about a user; null if the user is no player.
pub(in crate::commands) async fn export<S: Backend>(
    app: &App<S>,
    user: UserId,
) -> Result<Value, Stop> {
    let Some(export) = app.store.export_player(user).await? else { return Ok(Value::Null) };
    let list = |values: Vec<Value>| Value::Array(values);
    let mut said = json!({
        "profile": view::profile(&export.player, None, None, app.now()),
        "own": view::own(&export.player),
        "avatar_base64": export.avatar.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes)),
    });
    said["seasons"] = list(export.seasons.iter().map(view::season_row).collect());
    said["matches"] = list(export.history.iter().map(view::match_of_history).collect());
    said["ledger"] = list(export.ledger.iter().map(line).collect());
    said["penalties"] = list(export.penalties.iter().map(view::penalty).collect());
    said["disputes"] = list(export.disputes.iter().map(dispute).collect());
    Ok(said)
}

pub(super) fn line(line: &LedgerLine) -> Value {
    let kind = match line.kind {
        LineKind::Opening => "opening",
        LineKind::Sporting => "sporting",
        LineKind::Adjustment => "adjustment",
        LineKind::Correction => "correction",
        LineKind::Season => "season",
        LineKind::Bank => "bank",
    };
    json!({
        "seq": line.seq,
        "at_ms": line.at.as_millis(),
        "kind": kind,
        "match_id": line.match_id.map(|id| id.to_string()),
        "amount": line.amount,
    })
}

fn dispute(entry: &DisputeEntry) -> Value {
    let ruled: Option<Timestamp> = match entry.state {
        DisputeState::Open => None,
        DisputeState::Ruled(_, at) => Some(at),
    };
    json!({
        "dispute": entry.id.0,
        "match_id": entry.match_id.to_string(),
        "text": entry.text,
        "opened_ms": entry.opened.as_millis(),
        "ruled_ms": ruled.map(Timestamp::as_millis),
    })
}
