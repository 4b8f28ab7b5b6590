//! Refusals: `application/problem+json` with `code` and `detail`.

use crate::actor::Busy;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_league::device::{InboxError, JoinError, SayError};
use countersign_league::game::Refusal;
use countersign_league::pair::master::ParcelError;
use countersign_listen::BodyError;
use std::borrow::Cow;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
}

pub(super) const NOT_FOUND: Problem =
    Problem::fixed(StatusCode::NOT_FOUND, "not_found", "Nothing is here.");
pub(super) const METHOD: Problem = Problem::fixed(
    StatusCode::METHOD_NOT_ALLOWED,
    "method_not_allowed",
    "This path has another method.",
);
pub(super) const NO_CERTIFICATE: Problem = Problem::fixed(
    StatusCode::NOT_FOUND,
    "no_certificate",
    "No phone has brought this device its certificate yet.",
);
pub(super) const NO_TLS: Problem = Problem::fixed(
    StatusCode::NOT_FOUND,
    "no_tls",
    "This device has no name, or does not serve HTTPS; it wants no chain.",
);
pub(super) const NO_LOBBY: Problem = Problem::fixed(
    StatusCode::CONFLICT,
    "no_lobby",
    "There is neither a lobby nor a match; press the button of the master.",
);
pub(super) const NO_TOKEN: Problem = Problem::fixed(
    StatusCode::NOT_FOUND,
    "no_token",
    "This lobby token is not known any more; join again.",
);
pub(super) const NO_BUNDLE: Problem = Problem::fixed(
    StatusCode::NOT_FOUND,
    "no_bundle",
    "No result of this match waits here; it may be settled.",
);
pub(super) const DISK: Problem =
    Problem::fixed(StatusCode::INTERNAL_SERVER_ERROR, "disk", "The device's disk does not answer.");

pub(super) const SILENT_SLAVE: Problem = Problem::fixed(
    StatusCode::SERVICE_UNAVAILABLE,
    "no_slave",
    "The slave gave no answer; bring its release again, and it says where to go on.",
);
pub(super) const NO_UPDATES: Problem = Problem::fixed(
    StatusCode::NOT_FOUND,
    "no_updates",
    "This half's image was built without a release key; it takes no updates.",
);

impl Problem {
    const fn fixed(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, code: Cow::Borrowed(code), detail: Cow::Borrowed(detail) }
    }

    /// The slave does not take it.
    pub(super) fn update(why: String) -> Self {
        Self { status: StatusCode::CONFLICT, code: "update".into(), detail: why.into() }
    }

    /// A body that is not what this call takes.
    pub(super) const fn malformed(detail: &'static str) -> Self {
        Self::fixed(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    fn said(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        why: &dyn core::fmt::Display,
    ) -> Self {
        Self { status, code: code.into(), detail: why.to_string().into() }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::said(StatusCode::CONFLICT, format!("refused_{}", refusal.code()), &refusal)
    }
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Refused(refusal) => refusal.into(),
            JoinError::Evidence(_) => Self::said(StatusCode::FORBIDDEN, "evidence", &error),
            JoinError::Server => Self::said(StatusCode::FORBIDDEN, "server_key", &error),
            JoinError::Full => Self::said(StatusCode::SERVICE_UNAVAILABLE, "full", &error),
        }
    }
}

impl From<SayError> for Problem {
    fn from(error: SayError) -> Self {
        match error {
            SayError::Refused(refusal) => refusal.into(),
            SayError::Evidence(_) => Self::said(StatusCode::FORBIDDEN, "evidence", &error),
        }
    }
}

impl From<InboxError> for Problem {
    fn from(error: InboxError) -> Self {
        match error {
            InboxError::Refused(refusal) => refusal.into(),
            InboxError::Malformed(_) | InboxError::Type => {
                Self::said(StatusCode::BAD_REQUEST, "malformed", &error)
            }
            InboxError::Evidence(_) | InboxError::Keyset(_) => {
                Self::said(StatusCode::FORBIDDEN, "evidence", &error)
            }
            InboxError::OtherTlsKey => Self::said(StatusCode::CONFLICT, "other_tls_key", &error),
            InboxError::OtherDevice => Self::said(StatusCode::CONFLICT, "other_device", &error),
        }
    }
}

impl From<ParcelError> for Problem {
    fn from(error: ParcelError) -> Self {
        match error {
            ParcelError::Match => Self::said(StatusCode::CONFLICT, "playing", &error),
            ParcelError::NoSlave | ParcelError::Busy => {
                Self::said(StatusCode::SERVICE_UNAVAILABLE, "no_slave", &error)
            }
            ParcelError::Length => Self::said(StatusCode::BAD_REQUEST, "malformed", &error),
        }
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let (status, code) = match error {
            BodyError::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            BodyError::Broken => (StatusCode::BAD_REQUEST, "malformed"),
        };
        Self::said(status, code, &error)
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        Self::said(StatusCode::SERVICE_UNAVAILABLE, "overloaded", &busy)
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
