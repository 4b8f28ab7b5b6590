//! `event.list`: where the caller is invited.

use super::{Call, Stop};
use crate::app::{App, Backend};
use crate::reply::Reply;
use countersign::UserId;
use countersign_store::event::{Enrolment, Invitation};
use serde_json::{Value, json};

/// Most events in an answer.
const LIMIT: u32 = 200;

pub(super) async fn list<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let user = call.user().await?;
    let events = call.app.store.invitations(user.address, LIMIT).await?;
    let events: Vec<Value> = events.iter().map(invitation).collect();
    Ok(Reply::json(&json!({ "events": events })))
}

fn invitation(it: &Invitation) -> Value {
    json!({
        "event": it.event.as_str(),
        "title": it.title,
        "starts_ms": it.starts.as_millis(),
        "ends_ms": it.ends.as_millis(),
        "judge": it.judge.as_str(),
        "key": it.key.map(|key| key.to_string()),
        "bundle": (it.version > 0).then_some(it.version),
    })
}

/// What an account's export says about events.
pub(in crate::commands) async fn export<S: Backend>(
    app: &App<S>,
    user: UserId,
    address: &str,
) -> Result<Value, Stop> {
    let invited = app.store.invitations(address.to_owned(), LIMIT).await?;
    let keys = app.store.enrolments_of(user).await?;
    let key = |(event, it): &(countersign::EventId, Enrolment)| {
        json!({
            "event": event.as_str(),
            "judge": it.judge.as_str(),
            "key": hex::encode(it.key),
            "enrolled_ms": it.at.as_millis(),
        })
    };
    let invited: Vec<Value> = invited.iter().map(invitation).collect();
    Ok(json!({ "invited": invited, "keys": keys.iter().map(key).collect::<Vec<_>>() }))
}
