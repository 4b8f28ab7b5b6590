//! What a command answers, before it is sealed.

use countersign::ResultCode;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// A result with its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// How it went.
    pub result: ResultCode,
    /// The content.
    pub payload: Vec<u8>,
    /// Type of the content; matters in the REST profile alone.
    pub content_type: String,
}

impl Reply {
    /// Success with a JSON payload.
    pub fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(payload) => Self::with_json(ResultCode::OK, payload),
            Err(_) => Self::error(ResultCode::INTERNAL),
        }
    }

    /// Success with bytes.
    pub fn bytes(payload: Vec<u8>) -> Self {
        Self { result: ResultCode::OK, payload, content_type: "application/octet-stream".into() }
    }

    /// A refusal with nothing but its name.
    pub fn error(result: ResultCode) -> Self {
        Self::error_with(result, &[])
    }

    /// A refusal with members of its own.
    pub fn error_with(result: ResultCode, members: &[(&str, Value)]) -> Self {
        let mut body = json!({ "error": result.name() });
        for (name, value) in members {
            body[*name] = value.clone();
        }
        Self::with_json(result, body.to_string().into_bytes())
    }

    /// A payload that does not fit; the text says what would.
    pub fn invalid(message: &str) -> Self {
        Self::error_with(ResultCode::INVALID_PAYLOAD, &[("message", message.into())])
    }

    /// A refusal that says when to try again.
    pub fn retry(result: ResultCode, after: Duration) -> Self {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Self::error_with(result, &[("retry_after_ms", millis.into())])
    }

    fn with_json(result: ResultCode, payload: Vec<u8>) -> Self {
        Self { result, payload, content_type: "application/json".into() }
    }
}
