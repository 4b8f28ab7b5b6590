//! `console.event_sheets`, `_package`: what an organiser takes along to the day.

use super::event::{Mine, blocking, mine, named};
use super::proof::{Desk, Organiser};
use super::{Stop, conflict};
use crate::app::Backend;
use crate::desk::event::sheets;
use crate::reply::Reply;
use countersign::ResultCode;
use countersign_judging::Package;

/// Most bytes of an answer: no client reads more.
const ANSWER_MAX: usize = 4 * 1024 * 1024 - 4_096;
/// Key sets in a package at most.
const SETS_MAX: usize = 16;

/// A card with a code for each project and category, as PDF. `[O4]`
pub(super) async fn cards<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    let Mine { plan, .. } = mine(desk, named(desk)?).await?;
    let _one_at_a_time = desk.app().handing_over.lock().await;
    let pdf = blocking(move || sheets(&plan)).await?;
    let pdf = pdf.map_err(|error| conflict(&error.to_string()))?;
    if pdf.len() > ANSWER_MAX {
        let message = "the sheets are longer than an answer can be; print them from the hub's page";
        return Ok(conflict(message));
    }
    Ok(Reply { result: ResultCode::OK, payload: pdf, content_type: "application/pdf".into() })
}

/// The newest bundle and the key sets behind it, for `countersign hub run --bundle`. The salt is in it. `[O4]`
pub(super) async fn package<S: Backend>(desk: &Desk<'_, S, Organiser>) -> Result<Reply, Stop> {
    let event = named(desk)?;
    mine(desk, event).await?;
    let Some(bundle) = desk.store().find_bundle(event, None).await? else {
        return Ok(conflict("no bundle of this event was published yet"));
    };
    let keys = desk.app().sealer.keys();
    let version = keys.keyset.content.version;
    let former = keys.keysets.range(..version).rev().map(|(_, frame)| frame.to_vec());
    let sets = std::iter::once(keys.keyset_frame.clone()).chain(former).take(SETS_MAX);
    let realm = desk.app().sealer.realm();
    let package = Package {
        app: realm.app().to_owned(),
        audience: realm.audience().to_owned(),
        sets: sets.collect(),
        bundle: bundle.frame,
    };
    Ok(Reply::bytes(package.encode()))
}
