//! `console.event_count`, `_results`: what hubs handed over, counted, and for everybody to see.

use super::event::{blocking, id, mine, named};
use super::proof::{Desk, Organiser};
use super::{Stop, conflict, not_found};
use crate::app::Backend;
use crate::desk::event::{ResultsError, Union, gather};
use crate::reply::Reply;
use countersign::EventId;
use serde::Deserialize;
use serde_json::json;

/// Counts without publishing anything. `[O4]`
pub(super) async fn count<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    let event = named(desk)?;
    mine(desk, event).await?;
    let union = counted(desk, event).await?;
    Ok(Reply::json(&union.map_err(refused)?.view))
}

/// Publishes what is counted now, in place of what was published before. `[O4]`
pub(super) async fn publish<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        event: String,
        reason: String,
    }
    let Wish { event, reason } = desk.payload(r#"expected {"event":"<id>","reason":"<text>"}"#)?;
    let event = id(&event)?;
    mine(desk, event).await?;
    let union = counted(desk, event).await?.map_err(refused)?;
    let results = union.results(desk.app().now()).map_err(refused)?;
    let said = json!({ "event": event.as_str(), "votes": union.view["votes"],
        "ballot_root": results.ballot_root.to_string() });
    let (app, _) = desk.act(&reason, said.clone()).await?.into_parts();
    match app.store.publish_results(event, results).await? {
        true => Ok(Reply::json(&said)),
        false => Err(not_found()),
    }
}

/// Takes every decision in all logs once more. One event at a time is in memory.
async fn counted<S: Backend>(
    desk: &Desk<'_, S, Organiser>,
    event: EventId,
) -> Result<Result<Union, ResultsError>, Stop> {
    let app = desk.app();
    let _one_at_a_time = app.handing_over.lock().await;
    let held = gather(&*app.store, event).await?;
    let (realm, now) = (app.sealer.realm().clone(), app.now());
    Ok(blocking(move || held.count(&realm, now)).await?)
}

fn refused(error: ResultsError) -> Reply {
    conflict(&error.to_string())
}
