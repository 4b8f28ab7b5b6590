//! Sessions as their owner sees them.

use super::{Stop, audit, parse, parse_session_id};
use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::reply::Reply;
use countersign::{ResultCode, SessionId};
use countersign_store::{SessionStatus, StoredSession};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longest name of a session, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Whether the asking session survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Revoke all others.
    Current,
    /// Revoke this one too.
    None,
}

/// The server's time and who the server thinks you are.
pub(super) fn hello<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    let session = &admitted.session;
    Ok(Reply::json(&json!({
        "server_time_ms": app.now().as_millis(),
        "keyset_version": app.sealer.keys().keyset.content.version,
        "session_id": session.device.id.to_string(),
        "user_id": session.user.to_string(),
        "scopes": session.scopes,
    })))
}

pub(super) async fn list<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    let sessions = app.store.list_sessions(admitted.session.user).await?;
    let current = admitted.session.device.id;
    let sessions: Vec<Value> = sessions.iter().map(|session| view(session, current)).collect();
    Ok(Reply::json(&json!({ "sessions": sessions })))
}

pub(super) fn view(session: &StoredSession, current: SessionId) -> Value {
    json!({
        "session_id": session.id.to_string(),
        "name": session.name,
        "platform": session.platform,
        "created_ms": session.created.as_millis(),
        "last_seen_ms": session.last_seen.as_millis(),
        "current": session.id == current,
        "status": match session.status {
            SessionStatus::Live => "live",
            SessionStatus::Revoked(_) => "revoked",
        },
    })
}

pub(super) async fn rename<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    struct Rename {
        session_id: String,
        name: String,
    }
    let Rename { session_id, name } =
        parse(admitted, r#"expected {"session_id":"<hex>","name":"<text>"}"#)?;
    let id = parse_session_id(&session_id)?;
    let name = name.trim();
    if name.is_empty()
        || name.chars().count() > NAME_CHARS_MAX
        || name.chars().any(char::is_control)
    {
        return Err(Reply::invalid("name has 1 to 64 characters and no control characters").into());
    }
    match app.store.rename_session(admitted.session.user, id, name.to_owned()).await? {
        true => Ok(Reply::json(&json!({}))),
        false => Ok(Reply::error(ResultCode::NOT_FOUND)),
    }
}

pub(super) async fn revoke<S: Backend>(app: &App<S>, admitted: &Admitted) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    struct Revoke {
        session_id: String,
    }
    let Revoke { session_id } = parse(admitted, r#"expected {"session_id":"<hex>"}"#)?;
    let id = parse_session_id(&session_id)?;
    if !app.store.revoke_session(admitted.session.user, id, app.now()).await? {
        return Ok(Reply::error(ResultCode::NOT_FOUND));
    }
    app.sessions_ended(&[id], "revoked");
    audit(app, admitted, "session.revoke", json!({ "session": session_id })).await;
    Ok(Reply::json(&json!({})))
}

pub(super) async fn revoke_many<S: Backend>(
    app: &App<S>,
    admitted: &Admitted,
    keep: Keep,
) -> Result<Reply, Stop> {
    let keep = match keep {
        Keep::Current => Some(admitted.session.device.id),
        Keep::None => None,
    };
    let revoked = app.store.revoke_sessions(admitted.session.user, keep, app.now()).await?;
    app.sessions_ended(&revoked, "revoked");
    audit(app, admitted, "session.revoke_many", json!({ "revoked": revoked.len() })).await;
    Ok(Reply::json(&json!({ "revoked": revoked.len() })))
}
