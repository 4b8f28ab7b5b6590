//! What phones reach: section 3 of `docs/league.md`, and a page for people.

mod calls;
mod page;
mod problem;
mod update;
mod ws;

use crate::actor::Handle;
use crate::master::{Latest, MasterHalf};
use crate::radio::Radios;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// What handlers need.
pub(crate) struct App {
    pub(crate) handle: Handle<MasterHalf>,
    pub(crate) views: watch::Receiver<Latest>,
    pub(crate) drops: watch::Receiver<u64>,
    pub(crate) radios: Radios,
    pub(crate) outbox: PathBuf,
}

/// All routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    let league = Router::new()
        .route("/league/certificate", open(get(calls::certificate)))
        .route("/league/prove", open(post(calls::prove)))
        .route("/league/join", open(post(calls::join)))
        .route("/league/act", open(post(calls::act)))
        .route("/league/view", open(post(calls::view)))
        .route("/league/ws", get(ws::upgrade))
        .route("/league/outbox", open(get(calls::outbox)))
        .route("/league/outbox/{id}", open(get(calls::bundle)))
        .route("/league/inbox", open(post(calls::inbox)))
        .route("/league/tls", open(get(calls::tls)))
        .route("/league/tls/request", open(get(calls::tls_request)))
        .route("/league/update/slave", open(post(update::release)))
        .route("/league/update/slave/chunk", open(post(update::chunk)))
        .layer(axum::middleware::map_response(from_anywhere));
    Router::new()
        .route("/", get(page::status))
        .route("/style.css", get(page::style))
        .merge(league)
        .fallback(|| async { problem::NOT_FOUND })
        .method_not_allowed_fallback(|| async { problem::METHOD })
        .with_state(app)
}

/// Pages of the league's own site may ask, too: nothing here rests on cookies or on who is asking.
fn open(methods: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    methods.options(|| async {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, "86400"),
            (header::HeaderName::from_static("access-control-allow-private-network"), "true"),
        ];
        (StatusCode::NO_CONTENT, allowed)
    })
}

async fn from_anywhere(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
