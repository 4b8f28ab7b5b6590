//! Message types of events, one file for each family. `docs/judging.md`, "Before the day" and "After the day", has their fields.

mod bundle;
mod enrol;
mod hand_over;
mod list;
mod results;

pub(super) use list::export;

use super::{Stop, parse};
use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::reply::Reply;
use countersign::{EventId, ResultCode};
use countersign_judging::Bundle;
use countersign_store::event::StoredBundle;
use countersign_store::{StoreError, User};
use serde::Deserialize;

/// Who may fetch bundles without a seat on the roster, and hand over what a hub recorded.
const SCOPE: &str = "hub";

/// What a command has at hand.
pub(super) struct Call<'a, S> {
    app: &'a App<S>,
    admitted: &'a Admitted,
}

impl<S> Clone for Call<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Call<'_, S> {}

/// Runs a message type of events; `None` if there is none of this name.
pub(super) async fn dispatch<S: Backend>(
    app: &App<S>,
    admitted: &Admitted,
) -> Option<Result<Reply, Stop>> {
    let call = Call { app, admitted };
    Some(match admitted.request.header.message_type.as_str() {
        "event.list" => list::list(call).await,
        "event.enrol" => enrol::enrol(call).await,
        "event.bundle" => bundle::bundle(call).await,
        "event.hand_over" => hand_over::hand_over(call).await,
        "event.results" => results::results(call).await,
        _ => return None,
    })
}

impl<S: Backend> Call<'_, S> {
    /// The caller's account.
    async fn user(&self) -> Result<User, Stop> {
        let user = self.app.store.find_user(self.admitted.session.user).await?;
        user.ok_or_else(|| Reply::error(ResultCode::NOT_FOUND).into())
    }

    fn is_hub(&self) -> bool {
        self.admitted.session.scopes.iter().any(|scope| scope == SCOPE)
    }

    /// The event that a payload of nothing else names.
    fn event(&self) -> Result<EventId, Reply> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            event: String,
        }
        let Named { event } = parse(self.admitted, r#"expected {"event":"<id>"}"#)?;
        event_id(&event)
    }

    /// The event of a bundle of this server's own.
    fn reopened(&self, bundle: &StoredBundle) -> Result<Bundle, StoreError> {
        use countersign::evidence::Signed;
        let signed = Signed::<Bundle>::reopen(self.app.sealer.realm(), &bundle.frame);
        let damaged = |error| StoreError::Damaged(format!("bundle {}: {error}", bundle.version));
        signed.map(|signed| signed.value).map_err(damaged)
    }
}

fn event_id(text: &str) -> Result<EventId, Reply> {
    let expected = "an event's id has 1 to 32 of A-Z a-z 0-9 _ - .";
    EventId::new(text).map_err(|_| Reply::invalid(expected))
}

/// A refusal with a word for programs and a sentence for people.
fn refused(result: ResultCode, reason: &str, message: &str) -> Reply {
    Reply::error_with(result, &[("reason", reason.into()), ("message", message.into())])
}
