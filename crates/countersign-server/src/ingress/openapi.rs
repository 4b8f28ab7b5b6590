//! The JSON surfaces, described for tools. Signed frames are described in docs/PROTOCOL.md; here they are binary bodies.

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::openapi::OpenApi;
use utoipa::{OpenApi as _, ToSchema};

/// `GET /openapi.json`.
pub(super) async fn serve() -> Response {
    let text = document().to_json().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// The document.
pub fn document() -> OpenApi {
    Document::openapi()
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "Signed device sessions. The protocol of signed frames is specified in docs/PROTOCOL.md.",
        license(name = "MIT OR Apache-2.0")
    ),
    paths(
        open_login,
        send_code,
        register,
        signin,
        otp_verify,
        exchange,
        device_registration,
        device_verify,
        device_verify_user,
        device_send_match_result,
        rank,
        update_profile,
        search,
        sse,
        keyset,
        keyset_of_version,
        event_results,
        health,
        ready
    )
)]
struct Document;

/// An address and the public key that will register with it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body; the handler has its own type")]
struct OpenLogin {
    /// E-mail address or phone number.
    #[schema(example = "ana@example.org", max_length = 254)]
    address: String,
    key: PublicKey,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body; the handler has its own type")]
struct PublicKey {
    /// 1: Ed25519.
    #[schema(example = 1)]
    alg: u8,
    /// 32 bytes in hexadecimal.
    #[schema(min_length = 64, max_length = 64)]
    pk: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body; the handler has its own type")]
struct SendCode {
    #[schema(min_length = 32, max_length = 32)]
    login_id: String,
    /// Solution of the proof of work, if one is asked for.
    pow_nonce: Option<u64>,
    /// Shown in the message.
    name: Option<String>,
    platform: Option<String>,
    /// `en` or `fr`.
    locale: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body; the handler has its own type")]
struct Login {
    login_id: String,
    /// Normalised: this form is signed.
    address: String,
    audience: String,
    app: String,
    code_length: usize,
    expires_ms: u64,
    allowed_to_request_code: bool,
    /// Waiting time; null: never in this login.
    next_code_ms: Option<u64>,
    next_verification_attempt_ms: Option<u64>,
    attempts_left: u32,
    requested_information: Vec<String>,
    pow: Option<Pow>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body; the handler has its own type")]
struct Pow {
    challenge: String,
    bits: u8,
}

/// RFC 9457.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a body; the handler has its own type")]
struct ProblemDetails {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
}

#[utoipa::path(post, path = "/login", request_body = OpenLogin, responses(
    (status = 200, body = Login),
    (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 408, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 413, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 429, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 503, body = ProblemDetails, content_type = "application/problem+json"),
))]
#[expect(dead_code, reason = "carries the attribute")]
fn open_login() {}

#[utoipa::path(post, path = "/login/code", request_body = SendCode, responses(
    (status = 200, body = Login),
    (status = 403, description = "A proof of work is asked for", body = Login),
    (status = 429, description = "A code was sent lately, or too many were", body = Login),
    (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 408, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 413, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 503, body = ProblemDetails, content_type = "application/problem+json"),
))]
#[expect(dead_code, reason = "carries the attribute")]
fn send_code() {}

#[utoipa::path(post, path = "/login/register",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A register frame"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame: code_invalid", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn register() {}

#[utoipa::path(post, path = "/x",
    description = "Any signed request; its message type says what it asks for. The server answers session., account., record., stream., \
event. and console. itself (docs/PROTOCOL.md section 14): event.list, event.enrol and event.bundle before an event (docs/judging.md section 21), \
event.hand_over and event.results after it (section 22). Every other type is for the service behind it.",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn exchange() {}

#[utoipa::path(post, path = "/signin", description = "The same as /login", request_body = OpenLogin, responses(
    (status = 200, body = Login),
    (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    (status = 429, body = ProblemDetails, content_type = "application/problem+json"),
))]
#[expect(dead_code, reason = "carries the attribute")]
fn signin() {}

#[utoipa::path(post, path = "/otp_verify", description = "The same as /login/register",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A register frame"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame: code_invalid", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn otp_verify() {}

#[utoipa::path(post, path = "/device_registration", description = "Where there is a league: `factory.register`, as /x takes it",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame of the type factory.register"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn device_registration() {}

#[utoipa::path(post, path = "/device_verify", description = "Where there is a league: `league.device_verify`, as /x takes it",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame of the type league.device_verify"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn device_verify() {}

#[utoipa::path(post, path = "/device_verify_user", description = "Where there is a league: `league.ticket`, as /x takes it",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame of the type league.ticket"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn device_verify_user() {}

#[utoipa::path(post, path = "/device_send_match_result", description = "Where there is a league: `league.settle`, as /x takes it",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame of the type league.settle"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn device_send_match_result() {}

#[utoipa::path(post, path = "/rank", description = "Where there is a league: `league.rank`, as /x takes it",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame of the type league.rank"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn rank() {}

#[utoipa::path(post, path = "/update_profile", description = "Where there is a league: `league.profile_update`, as /x takes it",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame of the type league.profile_update"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn update_profile() {}

#[utoipa::path(post, path = "/search", description = "Where there is a league: `league.search`, as /x takes it",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A request frame of the type league.search"),
    responses(
        (status = 200, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 401, description = "A response frame", content_type = "application/vnd.countersign.v1"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn search() {}

#[utoipa::path(post, path = "/sse",
    request_body(content = Vec<u8>, content_type = "application/vnd.countersign.v1", description = "A stream.open frame"),
    responses(
        (status = 200, description = "Events: one `open`, then `push`", content_type = "text/event-stream"),
        (status = 400, body = ProblemDetails, content_type = "application/problem+json"),
    ))]
#[expect(dead_code, reason = "carries the attribute")]
fn sse() {}

#[utoipa::path(get, path = "/keyset", responses(
    (status = 200, description = "A key set frame", content_type = "application/vnd.countersign.v1"),
))]
#[expect(dead_code, reason = "carries the attribute")]
fn keyset() {}

#[utoipa::path(get, path = "/keyset/{version}", params(("version" = u64, Path, description = "In decimal")), responses(
    (status = 200, description = "A key set frame; never changes", content_type = "application/vnd.countersign.v1"),
    (status = 404, body = ProblemDetails, content_type = "application/problem+json"),
))]
#[expect(dead_code, reason = "carries the attribute")]
fn keyset_of_version() {}

#[utoipa::path(get, path = "/event/{id}/results.json", params(("id" = String, Path, description = "The event")), responses(
    (status = 200, description = "What `event.results` says (docs/judging.md)", content_type = "application/json"),
    (status = 404, description = "A page", content_type = "text/html"),
    (status = 429, description = "A page", content_type = "text/html"),
))]
#[expect(dead_code, reason = "carries the attribute")]
fn event_results() {}

#[utoipa::path(get, path = "/health", responses((status = 200, description = "The process runs")))]
#[expect(dead_code, reason = "carries the attribute")]
fn health() {}

#[utoipa::path(get, path = "/ready", responses(
    (status = 200, description = "The process can serve"),
    (status = 503, body = ProblemDetails, content_type = "application/problem+json"),
))]
#[expect(dead_code, reason = "carries the attribute")]
fn ready() {}

#[cfg(test)]
mod tests {
    use crate::commands::SYSTEM_PREFIXES;

    #[test]
    fn what_the_server_answers_itself_is_named() {
        let document = serde_json::to_value(super::document()).unwrap();
        let said = document["paths"]["/x"]["post"]["description"].as_str().unwrap();
        for prefix in SYSTEM_PREFIXES {
            assert!(said.contains(prefix), "{prefix}: {said}");
        }
    }
}
