//! `event.bundle`: what a device takes along to the day.

use super::{Call, Stop, refused};
use crate::app::Backend;
use crate::reply::Reply;
use countersign::ResultCode;

/// Most events of one address that are looked through.
const INVITED_MAX: u32 = 10_000;

/// The newest signed bundle, for judges on the roster and for hubs. `[E5]`
pub(super) async fn bundle<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let event = call.event()?;
    if !call.is_hub() {
        let user = call.user().await?;
        let invited = call.app.store.invitations(user.address, INVITED_MAX).await?;
        if !invited.iter().any(|it| it.event == event) {
            let message = "no event of this id has the address of this account on its roster";
            return Ok(refused(ResultCode::NOT_FOUND, "not_invited", message));
        }
    }
    Ok(match call.app.store.find_bundle(event, None).await? {
        Some(bundle) => Reply::bytes(bundle.frame),
        None => {
            let message = "no bundle of this event was published yet";
            refused(ResultCode::NOT_FOUND, "not_published", message)
        }
    })
}
