//! What people and devices on the venue's network reach. Plain HTTP: everything that matters is signed or sealed by itself.

mod near;
mod organiser;
mod page;
mod papers;
mod problem;
mod reached;
mod status;
mod ws;

use crate::clock::Clock;
use crate::desk::{Handle, SharedVenue};
use crate::intake::Counts;
use crate::papers::Papers;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use countersign_judging::auth;
use countersign_node::NodeHandle;
use std::sync::Arc;

pub(crate) use organiser::{Door, Seen, token_text};

/// What handlers need.
pub(crate) struct App {
    pub(crate) handle: Handle,
    pub(crate) node: NodeHandle,
    pub(crate) papers: Arc<Papers>,
    pub(crate) door: Door,
    pub(crate) counts: Arc<Counts>,
    pub(crate) venue: SharedVenue,
    pub(crate) clock: Clock,
    pub(crate) reception: Arc<auth::Desk>,
    /// The organiser's view that was made last.
    pub(crate) seen: tokio::sync::Mutex<Seen>,
    /// One thing is printed at a time.
    pub(crate) printing: tokio::sync::Semaphore,
}

/// Nothing but this hub's own pages, styles and scripts.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// All routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::public))
        .route("/public.js", get(page::public_script))
        .route("/style.css", get(page::style))
        .route("/organiser", get(page::organiser))
        .route("/organiser.js", get(page::organiser_script))
        .route("/organiser/state", get(organiser::state))
        .route("/organiser/command", post(organiser::command))
        .route("/bundle", get(papers::bundle).post(papers::bundle_for_judge))
        .route("/bundle/challenge", post(papers::challenge))
        .route("/package", get(papers::package))
        .route("/link.svg", get(reached::svg))
        .route("/event.svg", get(papers::event_svg))
        .route("/event.png", get(papers::event_png))
        .route("/event.pdf", get(papers::event_pdf))
        .route("/projects.pdf", get(papers::projects_pdf))
        .route("/ws", get(ws::upgrade))
        .route(countersign_node::link::ws::PATH, get(ws::upgrade))
        .route("/healthz", get(status::health))
        .route("/metrics", get(status::metrics))
        .fallback(|| async { problem::NOT_FOUND })
        .method_not_allowed_fallback(|| async { problem::METHOD })
        .layer(axum::middleware::map_response(guarded))
        .with_state(app)
}

/// What every answer says, unless its handler said otherwise.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
