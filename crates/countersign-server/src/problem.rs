//! Unsigned refusals: `application/problem+json` (RFC 9457), for what cannot be bound to a request or must stay cheap.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use std::time::Duration;

/// A refusal without a signature. Says nothing about the request's content; clients never act on one but by waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The bytes are no message of this protocol.
    Malformed,
    /// Another protocol version.
    UnsupportedVersion,
    /// Larger than this server reads.
    TooLarge,
    /// `[V0b]` Too many refused requests from this network.
    IpLimited(Duration),
    /// More than this server can do at present.
    Overloaded,
    /// The body did not arrive in time.
    Timeout,
    /// Nothing is at this path.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// A JSON body that does not fit; the text is ours, not the client's.
    Invalid(&'static str),
    /// A limit of the login stands against it.
    LoginLimited(Duration),
    /// The server cannot do it now, for a reason of its own.
    Unavailable(&'static str),
}

impl Problem {
    const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, "malformed", "The body is not a frame of the protocol.")
            }
            Self::UnsupportedVersion => {
                (StatusCode::BAD_REQUEST, "unsupported_version", "This server speaks version 1.")
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "The body is larger than this server reads.",
            ),
            Self::IpLimited(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "ip_limited",
                "Too many refused requests from this network.",
            ),
            Self::Overloaded => {
                (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much to do; try again soon.")
            }
            Self::Timeout => {
                (StatusCode::REQUEST_TIMEOUT, "timeout", "The body did not arrive in time.")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "Nothing is here."),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This path has another method.",
            ),
            Self::Invalid(detail) => (StatusCode::BAD_REQUEST, "invalid", detail),
            Self::LoginLimited(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "login_limited",
                "Too many logins or codes; try again later.",
            ),
            Self::Unavailable(detail) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail),
        }
    }

    /// The name in the `type` member.
    pub const fn name(self) -> &'static str {
        self.parts().1
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, name, detail) = self.parts();
        let retry_after = match self {
            Self::IpLimited(wait) | Self::LoginLimited(wait) => {
                Some(wait.as_millis().div_ceil(1000).max(1))
            }
            Self::Overloaded => Some(1),
            Self::Malformed
            | Self::UnsupportedVersion
            | Self::TooLarge
            | Self::Timeout
            | Self::NotFound => None,
            Self::MethodNotAllowed | Self::Invalid(_) | Self::Unavailable(_) => None,
        };
        let body = serde_json::json!({
            "type": format!("urn:countersign:problem:{name}"),
            "title": name,
            "status": status.as_u16(),
            "detail": detail,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(
                header::RETRY_AFTER,
                HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)),
            );
        }
        response
    }
}
