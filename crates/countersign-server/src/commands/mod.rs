//! `[V7]` Business: what runs after a request was verified. Every command takes [`Admitted`], which only the gateway makes.

mod account;
mod console;
mod event;
mod league;
mod record;
mod session;
mod stream;

pub(crate) use console::{OPERATOR, ORGANISER};
pub(crate) use stream::{open_stream, opened_reply};

use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::reply::Reply;
use countersign::{ResultCode, SessionId};
use countersign_store::{AuditEvent, StoreError};
use serde::de::DeserializeOwned;
use std::net::IpAddr;

/// Beginnings of message types that are this server's own, now or later: they are never forwarded.
pub const SYSTEM_PREFIXES: [&str; 6] =
    ["session.", "account.", "record.", "stream.", "event.", "console."];

/// The message type of the REST profile: no type of a frame that comes any other way.
pub const REST_TYPE: &str = "http";

/// Whether a message type belongs to this server.
pub fn is_system_type(message_type: &str) -> bool {
    message_type == REST_TYPE
        || SYSTEM_PREFIXES.iter().any(|prefix| message_type.starts_with(prefix))
}

/// Why a command ends early.
pub(crate) enum Stop {
    /// With this answer.
    Reply(Reply),
    /// The store failed; nothing was acknowledged.
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Reply> for Stop {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// Runs a verified request: a command of this server, or a call of the service behind it.
pub async fn dispatch<S: Backend>(app: &App<S>, admitted: &Admitted, ip: IpAddr) -> Reply {
    let message_type = admitted.request.header.message_type;
    if let Some(league) = league::league_for(app, message_type.as_str()) {
        return match league::dispatch(app, league, admitted).await {
            Some(outcome) => concluded(app, message_type.as_str(), outcome),
            None => Reply::error(ResultCode::UNKNOWN_TYPE),
        };
    }
    if let Some(outcome) = event::dispatch(app, admitted).await {
        return concluded(app, message_type.as_str(), outcome);
    }
    if let Some(outcome) = console::dispatch(app, admitted).await {
        return concluded(app, message_type.as_str(), outcome);
    }
    let outcome = match message_type.as_str() {
        "session.hello" => session::hello(app, admitted),
        "session.list" => session::list(app, admitted).await,
        "session.rename" => session::rename(app, admitted).await,
        "session.revoke" => session::revoke(app, admitted).await,
        "session.revoke_others" => {
            session::revoke_many(app, admitted, session::Keep::Current).await
        }
        "session.revoke_all" => session::revoke_many(app, admitted, session::Keep::None).await,
        "account.export" => account::export(app, admitted).await,
        "account.delete" => account::delete(app, admitted).await,
        "record.submit" => record::submit(app, admitted).await,
        "record.get" => record::get(app, admitted).await,
        "stream.open" => stream::open(app, admitted),
        "stream.poll" => stream::poll(app, admitted).await,
        other => return forward(app, admitted, other, ip).await,
    };
    concluded(app, message_type.as_str(), outcome)
}

/// The answer to a command of this server.
fn concluded<S: Backend>(app: &App<S>, message_type: &str, outcome: Result<Reply, Stop>) -> Reply {
    app.metrics.business_call(message_type);
    match outcome {
        Ok(reply) | Err(Stop::Reply(reply)) => reply,
        Err(Stop::Store(error)) => {
            tracing::error!(%error, message_type, "a command failed in the store");
            app.check_store();
            Reply::error(ResultCode::INTERNAL)
        }
    }
}

async fn forward<S: Backend>(
    app: &App<S>,
    admitted: &Admitted,
    message_type: &str,
    ip: IpAddr,
) -> Reply {
    let Some(upstream) = &app.upstream else { return Reply::error(ResultCode::UNKNOWN_TYPE) };
    let Some(route) = upstream.route(message_type) else {
        return Reply::error(ResultCode::UNKNOWN_TYPE);
    };
    app.metrics.business_call(route.label());
    upstream.call(app, admitted, route, ip).await
}

/// Reads a JSON payload; an empty one counts as `{}`.
fn parse<T: DeserializeOwned>(admitted: &Admitted, expected: &str) -> Result<T, Reply> {
    let content = &admitted.request.content[..];
    let content = if content.is_empty() { b"{}" } else { content };
    serde_json::from_slice(content).map_err(|_| Reply::invalid(expected))
}

fn parse_session_id(text: &str) -> Result<SessionId, Reply> {
    text.parse().map_err(|_| Reply::invalid("session_id has 32 hexadecimal digits"))
}

/// Writes to the audit log; a failure is logged and does not undo what was done.
async fn audit<S: Backend>(
    app: &App<S>,
    admitted: &Admitted,
    action: &str,
    detail: serde_json::Value,
) {
    let event = AuditEvent {
        at: app.now(),
        action: action.to_owned(),
        user: Some(admitted.session.user),
        session: Some(admitted.session.device.id),
        detail: detail.to_string(),
    };
    app.audit(event).await;
}
