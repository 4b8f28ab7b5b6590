//! What anybody may ask: the key set, and whether the server is well.

use crate::app::{App, Backend};
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use std::sync::Arc;

/// The root-signed key set, never from a cache: an old one would lock clients out.
pub(super) async fn keyset<S: Backend>(State(app): State<Arc<App<S>>>) -> Response {
    let mut response = app.sealer.keys().keyset_frame.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(super::MEDIA_TYPE));
    super::http::finish(headers);
    response
}

/// The set of one version, former or current. Its bytes never change, so anybody may keep them.
pub(super) async fn keyset_of_version<S: Backend>(
    State(app): State<Arc<App<S>>>,
    version: Result<Path<String>, PathRejection>,
) -> Response {
    // One spelling for each number: no caches full of the same set.
    let number =
        |text: &String| text.parse().ok().filter(|version: &u64| version.to_string() == *text);
    let asked = version.ok().and_then(|Path(text)| number(&text));
    let Some(frame) = asked.and_then(|version| app.sealer.keys().keysets.get(&version).cloned())
    else {
        return Problem::NotFound.into_response();
    };
    let mut response = frame.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(super::MEDIA_TYPE));
    super::http::finish(headers);
    let forever = "public, max-age=31536000, immutable, no-transform";
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(forever));
    response
}

/// The process runs.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// The process can serve: its store answers, its clock is sound, and it is not about to end.
pub(super) async fn ready<S: Backend>(State(app): State<Arc<App<S>>>) -> Response {
    if app.shutdown.has_begun() {
        return Problem::Unavailable("The server is shutting down.").into_response();
    }
    if app.failed.is_set() {
        return Problem::Unavailable("The server's clock or disk cannot be trusted.")
            .into_response();
    }
    if app.league.as_ref().is_some_and(|league| !league.is_ready()) {
        return Problem::Unavailable("The leaderboard is being built.").into_response();
    }
    match app.store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "the store does not answer");
            Problem::Unavailable("The store does not answer.").into_response()
        }
    }
}

/// Lets pages of other origins call: there are no cookies, and every call is signed.
pub(super) async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    let allowed = HeaderValue::from_static("Content-Type, Countersign");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    response
}
