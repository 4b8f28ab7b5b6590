//! Spans of what happens to a request. They are all that a trace can hold: names, results and times; no payload, no
//! address, no key, and nothing of any other crate.

use countersign::{ReplyTo, ResultCode};
use tracing::Span;
use tracing::field::Empty;

/// Target of every span that is exported, and of nothing else.
pub const TARGET: &str = "countersign::trace";

/// A method's name, if it is one that everybody knows: a stranger can make up any other.
pub(crate) fn method(method: &http::Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// One frame, from its first byte in memory to its answer before the seal.
pub(crate) fn exchange() -> Span {
    tracing::debug_span!(
        target: TARGET,
        "exchange",
        countersign.message_type = Empty,
        countersign.request_id = Empty,
        countersign.result = Empty,
    )
}

/// V0 to V6.
pub(crate) fn verify() -> Span {
    tracing::debug_span!(target: TARGET, "verify")
}

/// A call of the service behind.
pub(crate) fn upstream(method: &http::Method) -> Span {
    tracing::debug_span!(
        target: TARGET,
        "upstream",
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = self::method(method),
        http.response.status_code = Empty,
    )
}

/// What a verified request asked for. An unverified one could put anything here.
pub(crate) fn admitted(span: &Span, message_type: &str) {
    span.record("countersign.message_type", message_type);
}

/// How an exchange ended.
pub(crate) fn answered(span: &Span, reply_to: &ReplyTo, result: ResultCode) {
    if !span.is_disabled() {
        span.record("countersign.request_id", reply_to.request_id.to_string());
        span.record("countersign.result", tracing::field::display(result));
    }
}

/// What the service behind said; `None`: nothing.
pub(crate) fn called(span: &Span, status: Option<u16>) {
    match status {
        Some(status) => {
            span.record("http.response.status_code", status);
            if status >= 400 {
                span.record("otel.status_code", "ERROR");
            }
        }
        None => {
            span.record("otel.status_code", "ERROR");
        }
    }
}
