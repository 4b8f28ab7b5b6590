//! `event.results`: what the organiser published.

use super::{Call, Stop, refused};
use crate::app::Backend;
use crate::reply::Reply;
use countersign::ResultCode;

pub(super) async fn results<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let event = call.event()?;
    Ok(match call.app.store.find_results(event).await? {
        Some(results) => Reply {
            result: ResultCode::OK,
            payload: results.content,
            content_type: "application/json".into(),
        },
        None => {
            let message = "no results of this event were published";
            refused(ResultCode::NOT_FOUND, "not_published", message)
        }
    })
}
