//! The span of an HTTP request, around everything that its handler does.

use crate::app::{App, Backend};
use crate::{otlp, trace};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use countersign_listen::ConnectionInfo;
use std::sync::Arc;
use tracing::Instrument;
use tracing::field::Empty;

/// Asked every few seconds by whoever watches.
const NOT_TRACED: [&str; 2] = ["/health", "/ready"];

/// Runs a handler in a span that has the route's name; never the path's, which may hold anything.
pub(super) async fn serve<S: Backend>(
    State(app): State<Arc<App<S>>>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if NOT_TRACED.contains(&route) {
        return next.run(request).await;
    }
    let method = trace::method(request.method());
    let span = tracing::debug_span!(
        target: trace::TARGET,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
    );
    let peer = request.extensions().get::<ConnectionInfo>().map(|info| info.peer.ip());
    // From anybody else it would let strangers write into other people's traces.
    if peer.is_some_and(|peer| app.limits.trusted_proxies.contains(peer)) {
        otlp::continue_trace(&span, request.headers());
    }
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    response
}
