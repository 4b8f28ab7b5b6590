//! `console.hello`, `console.health`, `console.keys`: how the server is, and what waits.

use super::Stop;
use super::proof::{Desk, Organiser};
use crate::app::Backend;
use crate::desk::keys;
use crate::desk::queues::Queues;
use crate::reply::Reply;
use serde_json::json;

/// Where counting ends: a thousand that wait are "1,000 or more".
const CAP: u64 = 1_000;

/// Who is at the console, and what waits.
pub(super) async fn hello<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    // What waits is an operator's to know.
    let queues = match desk.is_operator() {
        true => Queues::count(desk.store(), CAP).await?,
        false => Queues::default(),
    };
    let Queues { disputes, frozen, pending, suspect, gaps } = queues;
    let may_act_ms = u64::try_from(desk.may_act_for().as_millis()).unwrap_or(u64::MAX);
    Ok(Reply::json(&json!({
        "user": desk.me().0.to_string(),
        "is_operator": desk.is_operator(),
        "may_act_ms": may_act_ms,
        "has_league": desk.app().league.is_some(),
        "cap": CAP,
        "disputes": disputes,
        "frozen": frozen,
        "pending": pending,
        "suspect": suspect,
        "gaps": gaps,
    })))
}

/// The store, what is in memory, and who tries to log in.
pub(super) async fn health<S: Backend>(desk: &Desk<'_, S>) -> Result<Reply, Stop> {
    let app = desk.app();
    let store = desk.store().ping().await;
    let (replay_ids, verify_queue) = app.gateway.load();
    let logins = app.identity.stats(app.now());
    let gauges = app.metrics.gauges();
    let expires = app.sealer.keys().keyset.content.expires;
    Ok(Reply::json(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "store": store.err().map(|error| error.to_string()),
        "connections": gauges.connections.get(),
        "connections_refused": gauges.connections_refused.get(),
        "streams": app.hub.len(),
        "replay_ids": replay_ids,
        "verify_queue": verify_queue,
        "messages_sent": gauges.messages_sent.get(),
        "messages_failed": gauges.messages_failed.get(),
        "keyset_expires_ms": expires.as_millis(),
        "logins": {
            "opened": logins.opened,
            "codes_issued": logins.codes_issued,
            "registered": logins.registered,
            "failed_attempts": logins.failed_attempts,
            "network_refusals": logins.network_refusals,
            "networks_tracked": logins.networks_tracked,
            "breaker_tripped": logins.breaker_tripped,
            "sms_alarms": logins.sms_alarms,
        },
    })))
}

/// The key set that clients believe, and which key signs.
pub(super) fn keys<S: Backend>(desk: &Desk<'_, S>) -> Reply {
    let set = &desk.app().sealer.keys().keyset;
    Reply::json(&keys::view(&set.content, desk.app().now()))
}
