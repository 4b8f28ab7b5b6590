//! The ways in. All signed traffic ends in [`crate::gateway::Gateway::verify`]; logins are the only unsigned calls that do anything.

mod admin;
mod caller;
mod http;
mod league;
mod login;
mod openapi;
mod pages;
mod public;
mod rest;
mod sse;
#[cfg(feature = "otlp")]
mod traced;
mod web;
mod ws;

pub use admin::router as admin_router;
pub use openapi::document as openapi_document;
pub use pages::Pages;
pub(crate) use pages::{ROOTS as PAGE_ROOTS, Site};

use crate::app::{App, Backend};
use crate::problem::Problem;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{any, get, post};
use bytes::Bytes;
use caller::Caller;
use countersign::{Frame, Name, RequestHeader};
use std::sync::Arc;
use std::time::Duration;

/// Media type of a frame.
pub const MEDIA_TYPE: &str = "application/vnd.countersign.v1";

/// Message types whose frames may be larger than others: a bundle has 128 KiB, a profile a picture of 64 KiB in base64.
pub const LARGE_TYPES: [&str; 2] = ["league.settle", "league.profile_update"];

/// Sizes and deadlines of what comes in.
#[derive(Debug, Clone)]
pub struct IngressLimits {
    /// Largest request frame, in bytes.
    pub frame_max: usize,
    /// Largest frame of the few types that bring more; see [`LARGE_TYPES`]. The same where there is no league.
    pub large_max: usize,
    /// Largest JSON body of a login call, in bytes.
    pub json_max: usize,
    /// Time for a whole body to arrive.
    pub body_deadline: Duration,
    /// Where the REST profile begins, for example `/api`; empty: it is off.
    pub rest_prefix: String,
    /// What a proxy in front has cut off the path before it came here.
    pub public_prefix: String,
    /// Where pages that need it may connect besides this server, as it stands in a policy.
    pub page_connects: String,
    /// Proxies whose word on the client's address is taken.
    pub trusted_proxies: Arc<countersign_listen::TrustedProxies>,
}

/// All routes of the public listener.
pub fn router<S: Backend>(app: Arc<App<S>>) -> Router {
    let router = Router::new()
        .route("/x", post(http::exchange::<S>).options(public::preflight))
        .route("/x/{prefix}", post(http::exchange::<S>).options(public::preflight))
        .route("/sse", post(sse::open::<S>).options(public::preflight))
        .route("/ws", get(ws::upgrade::<S>))
        .route("/keyset", get(public::keyset::<S>))
        .route("/keyset/{version}", get(public::keyset_of_version::<S>))
        .route("/login", post(login::open::<S>).options(public::preflight))
        .route("/signin", post(login::open::<S>).options(public::preflight))
        .route("/otp_verify", post(login::register::<S>).options(public::preflight))
        .route("/login/code", post(login::send_code::<S>).options(public::preflight))
        .route("/login/register", post(login::register::<S>).options(public::preflight))
        .route("/health", get(public::health))
        .route("/ready", get(public::ready::<S>))
        .route("/openapi.json", get(openapi::serve));
    let router = pages::add(web::add(router, &app.limits.page_connects));
    let router = match app.league {
        Some(_) => league::ALIASES.iter().fold(router, |router, (path, only)| {
            let call = move |State(app): State<Arc<App<S>>>, Caller(ip): Caller, body: Body| {
                http::exchange_only(app, ip, body, only)
            };
            router.route(path, post(call).options(public::preflight))
        }),
        None => router,
    };
    #[cfg(feature = "conformance")]
    let router = router.route("/ws-echo", get(ws::echo));
    let router = match app.limits.rest_prefix.as_str() {
        "" => router,
        prefix => router.route(&format!("{prefix}/{{*path}}"), any(rest::call::<S>)),
    };
    #[cfg(feature = "otlp")]
    let router = match app.traced {
        true => router.route_layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app),
            traced::serve::<S>,
        )),
        false => router,
    };
    router
        .fallback(|| async { Problem::NotFound })
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .with_state(app)
}

/// Whether a frame is within the limit of the type that it claims. `[V0a]`
fn is_within<S: Backend>(app: &App<S>, frame: &[u8]) -> bool {
    frame.len() <= app.limits.frame_max
        || (frame.len() <= app.limits.large_max
            && claimed_type(frame).is_some_and(|it| LARGE_TYPES.contains(&it.as_str())))
}

fn claimed_type(frame: &[u8]) -> Option<Name> {
    let header = Frame::split(frame).ok()?.header;
    Some(RequestHeader::decode(header).ok()?.message_type)
}

/// Reads a body: its size is limited before anything is allocated, its time while it arrives. `[V0a]`
async fn read<S: Backend>(app: &App<S>, body: Body, max: usize) -> Result<Bytes, Problem> {
    use countersign_listen::BodyError;
    let bytes = countersign_listen::read_body(body, max, app.limits.body_deadline).await;
    bytes.map_err(|error| match error {
        BodyError::TooLarge => Problem::TooLarge,
        BodyError::TooSlow => Problem::Timeout,
        BodyError::Broken => Problem::Malformed,
    })
}
