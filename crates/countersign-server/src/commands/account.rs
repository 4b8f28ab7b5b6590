//! The account: taking everything along, and leaving.

use super::console::{OPERATOR, ORGANISER};
use super::{Stop, event, league, parse, session};
use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::reply::Reply;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::ResultCode;
use countersign_store::{AccountExport, AuditEntry, AuditEvent, StoredRecord};
use serde::Deserialize;
use serde_json::{Value, json};

/// What has to be typed to delete an account.
const CONFIRMATION: &str = "delete my account";

pub(super) async fn export<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    let current = admitted.session.device.id;
    match app.store.export_account(admitted.session.user).await? {
        Some(export) => {
            let mut everything = view(&export, current);
            let (id, address) = (export.user.id, &export.user.address);
            everything["events"] = event::export(app, id, address).await?;
            if app.league.is_some() {
                everything["league"] = league::export(app, admitted.session.user).await?;
            }
            Ok(Reply::json(&everything))
        }
        None => Ok(Reply::error(ResultCode::NOT_FOUND)),
    }
}

fn view(export: &AccountExport, current: countersign::SessionId) -> Value {
    let record = |record: &StoredRecord| {
        json!({
            "seq": record.seq,
            "record_id": record.id.to_string(),
            "type": record.record_type,
            "digest": record.digest.to_string(),
            "received_ms": record.received.as_millis(),
            "frame": BASE64_URL_SAFE_NO_PAD.encode(&record.frame),
        })
    };
    let entry = |entry: &AuditEntry| {
        json!({
            "seq": entry.seq,
            "at_ms": entry.event.at.as_millis(),
            "action": entry.event.action,
            "detail": serde_json::from_str::<Value>(&entry.event.detail).unwrap_or(Value::Null),
        })
    };
    json!({
        "user_id": export.user.id.to_string(),
        "address": export.user.address,
        "created_ms": export.user.created.as_millis(),
        "scopes": export.user.scopes,
        "sessions": export.sessions.iter().map(|s| session::view(s, current)).collect::<Vec<_>>(),
        "records": export.records.iter().map(record).collect::<Vec<_>>(),
        "audit": export.audit.iter().map(entry).collect::<Vec<_>>(),
    })
}

pub(super) async fn delete<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    struct Delete {
        confirm: String,
    }
    let Delete { confirm } = parse(admitted, r#"expected {"confirm":"delete my account"}"#)?;
    if confirm != CONFIRMATION {
        return Err(Reply::invalid(r#"confirm has to be "delete my account""#).into());
    }
    // Of an erased account the audit log keeps no name: an operator could do something and be gone.
    let user = app.store.find_user(admitted.session.user).await?;
    let role = |scope: &String| scope == OPERATOR || scope == ORGANISER;
    if user.is_some_and(|user| user.scopes.iter().any(role)) {
        let message = "this account has a role; `countersign user revoke-scope` takes it away";
        return Ok(Reply::error_with(ResultCode::CONFLICT, &[("message", message.into())]));
    }
    let Some(sessions) = app.store.erase_account(admitted.session.user, app.now()).await? else {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    };
    app.sessions_ended(&sessions, "account deleted");
    if let Some(league) = &app.league {
        league.forget(&admitted.session.user);
    }
    // The entry names nobody: the account is gone.
    let detail = json!({ "sessions": sessions.len() }).to_string();
    app.audit(AuditEvent {
        at: app.now(),
        action: "account.delete".into(),
        user: None,
        session: None,
        detail,
    })
    .await;
    Ok(Reply::json(&json!({})))
}
