//! Refusals: `application/problem+json` with `code` and `detail`.

use crate::desk::Busy;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_listen::BodyError;
use std::borrow::Cow;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
}

pub(super) const NOT_FOUND: Problem =
    Problem::fixed(StatusCode::NOT_FOUND, "not_found", "Nothing is here.");
pub(super) const METHOD: Problem = Problem::fixed(
    StatusCode::METHOD_NOT_ALLOWED,
    "method_not_allowed",
    "This path has another method.",
);
pub(super) const NO_TOKEN: Problem = Problem::fixed(
    StatusCode::UNAUTHORIZED,
    "no_token",
    "This needs the organiser's token, which the hub printed when it started.",
);
pub(super) const ELSEWHERE: Problem = Problem::fixed(
    StatusCode::FORBIDDEN,
    "elsewhere",
    "The organiser's page answers on the hub itself only; start the hub with --organiser-lan to open it to the network.",
);
pub(super) const SALTED: Problem = Problem::fixed(
    StatusCode::FORBIDDEN,
    "salted",
    "The bundle holds the event's salt: a judge's device gets it with POST /bundle, everybody else from the organiser.",
);
pub(super) const NO_JUDGE: Problem = Problem::fixed(
    StatusCode::FORBIDDEN,
    "no_judge",
    "This is not the word of a judge's device, or not to a challenge of this hub within the last minute.",
);
pub(super) const FAILED: Problem = Problem::fixed(
    StatusCode::INTERNAL_SERVER_ERROR,
    "internal",
    "This could not be made; the hub's log says why.",
);

impl Problem {
    const fn fixed(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, code, detail: Cow::Borrowed(detail) }
    }

    pub(super) fn malformed(why: &dyn core::fmt::Display) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "malformed", detail: why.to_string().into() }
    }

    /// What was asked cannot be done now.
    pub(super) fn refused(why: String) -> Self {
        Self { status: StatusCode::CONFLICT, code: "refused", detail: why.into() }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (status, code) = match error {
            BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "malformed"),
        };
        Self { status, code, detail: error.to_string().into() }
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, code: "overloaded", detail: busy.to_string().into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, detail } = self;
        let body = serde_json::json!({
            "type": format!("urn:countersign:problem:{code}"),
            "title": code,
            "code": code,
            "status": status.as_u16(),
            "detail": detail,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
