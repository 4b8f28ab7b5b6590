//! The operator's listener, on the loopback by default: metrics, health, and events from the service behind the gateway.

use super::{public, read};
use crate::app::{App, Backend};
use crate::problem::Problem;
use crate::push::Audience;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use countersign::Name;
use countersign_identity::webhook::{self, WebhookHeaders};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Routes of the operator's listener.
pub fn router<S: Backend>(app: Arc<App<S>>) -> Router {
    Router::new()
        .route("/metrics", get(metrics::<S>))
        .route("/health", get(public::health))
        .route("/ready", get(public::ready::<S>))
        .route("/push", post(push::<S>))
        .fallback(|| async { Problem::NotFound })
        .with_state(app)
}

async fn metrics<S: Backend>(State(app): State<Arc<App<S>>>) -> Response {
    let gauges = app.metrics.gauges();
    let (replay_ids, queue) = app.gateway.load();
    let level = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    gauges.replay_ids.set(level(replay_ids));
    gauges.verify_queue.set(level(queue));
    gauges.streams.set(level(app.hub.len()));
    let stats = app.identity.stats(app.now());
    gauges.logins.set(i64::try_from(stats.registered).unwrap_or(i64::MAX));
    gauges.login_failures.set(i64::try_from(stats.failed_attempts).unwrap_or(i64::MAX));
    gauges
        .keyset_version
        .set(i64::try_from(app.sealer.keys().keyset.content.version).unwrap_or(i64::MAX));
    let mut response = app.metrics.render().into_response();
    let media =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    response
}

/// An event for one session, all sessions of a user, or everyone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    session: Option<String>,
    user: Option<String>,
    #[serde(default)]
    everyone: bool,
    r#type: String,
    /// Any JSON; or bytes in `payload_base64`.
    payload: Option<Value>,
    payload_base64: Option<String>,
}

/// `POST /push`, signed with `upstream.secret` as Standard Webhooks do.
async fn push<S: Backend>(
    State(app): State<Arc<App<S>>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let done = async {
        let secret = app.push_secret.as_ref().ok_or(Problem::NotFound)?;
        let body = read(&app, body, app.limits.frame_max).await?;
        let signed = webhook_headers(&headers)
            .ok_or(Problem::Invalid("The webhook headers are missing."))?;
        secret
            .verify(&signed, &body, app.now())
            .map_err(|_| Problem::Invalid("The webhook signature is not valid."))?;
        let push: Push = serde_json::from_slice(&body).map_err(|_| {
            Problem::Invalid(
                "Expected one of session, user, everyone; type; payload or payload_base64.",
            )
        })?;
        publish(&app, push)
    };
    match done.await {
        Ok(delivered) => (
            [(header::CONTENT_TYPE, "application/json")],
            json!({ "streams": delivered }).to_string(),
        )
            .into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn publish<S: Backend>(app: &App<S>, push: Push) -> Result<usize, Problem> {
    let id = Problem::Invalid("session and user have 32 hexadecimal digits.");
    let to = match (push.session, push.user, push.everyone) {
        (Some(session), None, false) => Audience::Session(session.parse().map_err(|_| id)?),
        (None, Some(user), false) => Audience::User(user.parse().map_err(|_| id)?),
        (None, None, true) => Audience::Everyone,
        _ => {
            return Err(Problem::Invalid(
                "Exactly one of session, user and everyone has to be there.",
            ));
        }
    };
    let event_type = Name::new(&push.r#type).map_err(|_| {
        Problem::Invalid("type has 1 to 64 characters of a-z, 0-9, '.', '_', '/', '-'.")
    })?;
    let payload = match (push.payload, push.payload_base64) {
        (Some(value), None) => value.to_string().into_bytes(),
        (None, Some(text)) => BASE64_STANDARD
            .decode(text)
            .map_err(|_| Problem::Invalid("payload_base64 is not base64."))?,
        (None, None) => Vec::new(),
        (Some(_), Some(_)) => {
            return Err(Problem::Invalid("Either payload or payload_base64, not both."));
        }
    };
    Ok(app.hub.publish(&app.sealer, to, event_type, &payload, app.now()))
}

fn webhook_headers(headers: &HeaderMap) -> Option<WebhookHeaders> {
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Some(WebhookHeaders {
        id: text(webhook::ID_HEADER)?,
        timestamp: text(webhook::TIMESTAMP_HEADER)?,
        signature: text(webhook::SIGNATURE_HEADER)?,
    })
}
