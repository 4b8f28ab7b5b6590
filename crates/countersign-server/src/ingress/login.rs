//! From an address to a session: the only calls that are not signed by a session. The last one is signed by the new key.

use super::caller::Caller;
use super::http::{finish, sealed};
use super::read;
use crate::app::{App, Backend};
use crate::problem::Problem;
use crate::reply::Reply;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign::verify::{ProvenRegister, ReceivedRegister};
use countersign::{LoginId, ResultCode, VerifyingKey};
use countersign_identity::code::TypedCode;
use countersign_identity::flow::{
    CodeRequest, DeviceLabel, Locale, LoginView, NewDevice, OpenError, RegisterError, SendCodeError,
};
use countersign_store::{AuditEvent, Registered};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

#[derive(Deserialize)]
struct Open {
    address: String,
    key: Key,
}

#[derive(Deserialize)]
struct Key {
    alg: u8,
    pk: String,
}

#[derive(Deserialize)]
struct SendCode {
    login_id: String,
    pow_nonce: Option<u64>,
    name: Option<String>,
    platform: Option<String>,
    locale: Option<Locale>,
}

/// Payload of a register frame.
#[derive(Deserialize)]
struct Register {
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    platform: String,
}

/// Step 1: an address and the key that will register with it.
pub(super) async fn open<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    body: Body,
) -> Response {
    let opened = async {
        let Open { address, key } = parse(&app, body).await?;
        let bytes = hex::decode(&key.pk).map_err(|_| Problem::Invalid("key.pk is hexadecimal."))?;
        let key = VerifyingKey::from_alg(key.alg, &bytes).map_err(|_| {
            Problem::Invalid("The key is not a strong Ed25519 key (alg 1, 32 bytes).")
        })?;
        let view = app.identity.open(&address, *key.fingerprint(), ip, app.now()).await;
        view.map_err(open_problem)
    };
    match opened.await {
        Ok(view) => json_view(StatusCode::OK, &view),
        Err(problem) => problem.into_response(),
    }
}

/// Step 3: a code, please.
pub(super) async fn send_code<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    body: Body,
) -> Response {
    let wish = match parse::<S, SendCode>(&app, body).await {
        Ok(wish) => wish,
        Err(problem) => return problem.into_response(),
    };
    let Ok(id) = wish.login_id.parse::<LoginId>() else {
        return Problem::Invalid("login_id has 32 hexadecimal digits.").into_response();
    };
    let request = CodeRequest {
        pow_nonce: wish.pow_nonce,
        device: DeviceLabel::new(wish.name.as_deref(), wish.platform.as_deref()),
        locale: wish.locale,
    };
    match app.identity.send_code(id, request, ip, app.now()).await {
        Ok(view) => json_view(StatusCode::OK, &view),
        Err(SendCodeError::PowRequired(view)) => json_view(StatusCode::FORBIDDEN, &view),
        Err(SendCodeError::TooSoon(view)) => json_view(StatusCode::TOO_MANY_REQUESTS, &view),
        Err(SendCodeError::NoLogin) => Problem::NotFound.into_response(),
        Err(SendCodeError::RateLimited { retry_after }) => {
            Problem::LoginLimited(retry_after).into_response()
        }
        Err(SendCodeError::Sms(_)) => {
            Problem::LoginLimited(Duration::from_secs(3600)).into_response()
        }
        Err(SendCodeError::Random(_) | SendCodeError::Store(_)) => unavailable().into_response(),
    }
}

/// Step 4: the code in the hand of whoever holds the key. The answer is signed and bound to the register frame.
pub(super) async fn register<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    body: Body,
) -> Response {
    let frame = match read(&app, body, app.limits.frame_max).await {
        Ok(frame) => frame,
        Err(problem) => return problem.into_response(),
    };
    if app.failed.is_set() {
        return unavailable().into_response();
    }
    let Ok(received) = ReceivedRegister::decode(app.sealer.realm(), &frame) else {
        return Problem::Malformed.into_response();
    };
    let reply_to = received.reply_to();
    let reply = match received.prove(app.sealer.realm()) {
        Ok(proven) => registered(&app, proven, ip).await,
        Err(refused) => Reply::error(refused.result()),
    };
    sealed(&app, &reply_to, reply)
}

async fn registered<S: Backend>(app: &App<S>, proven: ProvenRegister<'_>, ip: IpAddr) -> Reply {
    let Ok(register) = serde_json::from_slice::<Register>(proven.content) else {
        return Reply::invalid(r#"expected {"code":"…","name":"…","platform":"…"}"#);
    };
    let typed = TypedCode::normalise(&register.code);
    if !typed.matches(&proven.header.code_hash) {
        return Reply::error(ResultCode::PAYLOAD_MISMATCH);
    }
    let device = NewDevice {
        public_key: *proven.key.as_bytes(),
        fingerprint: *proven.key.fingerprint(),
        address: proven.header.address.clone(),
        name: register.name,
        platform: register.platform,
        scopes_if_new: app.new_account.scopes.clone(),
        max_per_user: app.new_account.sessions_max,
    };
    match app.identity.register(proven.header.login, &typed, device, ip, app.now()).await {
        Ok(registered) => welcome(app, registered).await,
        Err(RegisterError::CodeInvalid { attempts_left }) => {
            Reply::error_with(ResultCode::CODE_INVALID, &[("attempts_left", attempts_left.into())])
        }
        Err(RegisterError::RateLimited { retry_after }) => {
            Reply::retry(ResultCode::RATE_LIMITED, retry_after)
        }
        Err(RegisterError::Random(_)) => Reply::error(ResultCode::INTERNAL),
        Err(RegisterError::Store(error)) => {
            tracing::error!(%error, "a registration failed in the store");
            Reply::error(ResultCode::INTERNAL)
        }
    }
}

async fn welcome<S: Backend>(app: &App<S>, registered: Registered) -> Reply {
    let Registered { session, new_user, displaced, .. } = registered;
    if !displaced.is_empty() {
        app.sessions_ended(&displaced, "displaced");
    }
    app.audit(AuditEvent {
        at: app.now(),
        action: "session.register".into(),
        user: Some(session.user),
        session: Some(session.id),
        detail: json!({ "new_user": new_user, "displaced": displaced.len() }).to_string(),
    })
    .await;
    Reply::json(&json!({
        "session_id": session.id.to_string(),
        "user_id": session.user.to_string(),
        "new_user": new_user,
        "server_time_ms": app.now().as_millis(),
        "keyset_version": app.sealer.keys().keyset.content.version,
        "scopes": session.scopes,
    }))
}

async fn parse<S: Backend, T: DeserializeOwned>(app: &App<S>, body: Body) -> Result<T, Problem> {
    let bytes = read(app, body, app.limits.json_max).await?;
    serde_json::from_slice(&bytes)
        .map_err(|_| Problem::Invalid("The JSON body lacks a member or has one of another type."))
}

fn json_view(status: StatusCode, view: &LoginView) -> Response {
    let body = serde_json::to_vec(view).unwrap_or_default();
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    finish(response.headers_mut());
    response
}

fn open_problem(error: OpenError) -> Problem {
    match error {
        OpenError::Address(_) => {
            Problem::Invalid("The address is neither an e-mail address nor a phone number.")
        }
        OpenError::NotServed => {
            Problem::Invalid("Codes cannot be sent to addresses of this kind here.")
        }
        OpenError::RateLimited { retry_after } => Problem::LoginLimited(retry_after),
        OpenError::Random(_) | OpenError::Store(_) => unavailable(),
    }
}

fn unavailable() -> Problem {
    Problem::Unavailable("The login cannot be done at present.")
}
