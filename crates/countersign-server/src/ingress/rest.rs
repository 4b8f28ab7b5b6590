//! The REST profile: signature in one header, plain body, for services that speak ordinary HTTP.

use super::caller::Caller;
use super::http::{finish, http_status};
use super::read;
use crate::app::{App, Backend};
use crate::commands::REST_TYPE;
use crate::gateway::Refusal;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::upstream::RestCall;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use countersign::{Frame, ReplyTo, ResultCode};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::net::IpAddr;
use std::sync::Arc;

const COUNTERSIGN: HeaderName = HeaderName::from_static("countersign");
const SCHEME: &str = "v1 ";
/// A header of a request frame without its payload, in base64url, is shorter than this.
const HEADER_MAX: usize = 512;

/// Any call below the profile's prefix.
pub(super) async fn call<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    request: Request,
) -> Response {
    match verified_call(&app, ip, request).await {
        Ok((reply_to, reply)) => sealed(&app, &reply_to, reply),
        Err(problem) => problem.into_response(),
    }
}

async fn verified_call<S: Backend>(
    app: &App<S>,
    ip: IpAddr,
    request: Request,
) -> Result<(ReplyTo, Reply), Problem> {
    if app.failed.is_set() {
        return Err(Problem::Unavailable("The server's clock or disk cannot be trusted."));
    }
    let (parts, body) = request.into_parts();
    let text = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .map_or(Ok(""), |value| value.to_str().map_err(|_| Problem::Malformed))
    };
    let content_type = text(header::CONTENT_TYPE)?.to_owned();
    let envelope = decode_header(text(COUNTERSIGN)?)?;
    let received = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let signed_path = format!("{}{received}", app.limits.public_prefix);
    let body = read(app, body, app.limits.frame_max).await?;
    let payload = payload(parts.method.as_str(), &signed_path, &content_type, &body);
    let frame: Bytes = [envelope, payload].concat().into();
    let admitted = match app.gateway.verify(frame, ip).await {
        Ok(admitted) => admitted,
        Err(Refusal::Signed(reply_to, reply)) => return Ok((reply_to, reply)),
        Err(Refusal::Unsigned(problem)) => return Err(problem),
    };
    let reply_to = admitted.reply_to;
    let Some(upstream) = &app.upstream else {
        return Ok((reply_to, Reply::error(ResultCode::UNKNOWN_TYPE)));
    };
    if admitted.request.header.message_type.as_str() != REST_TYPE {
        return Ok((reply_to, Reply::error(ResultCode::UNKNOWN_TYPE)));
    }
    let below = received.strip_prefix(&app.limits.rest_prefix).unwrap_or(received);
    let rest = RestCall {
        method: &parts.method,
        path_and_query: below,
        content_type: &content_type,
        body: &body,
    };
    Ok((reply_to, upstream.call_rest(app, &admitted, rest, ip).await))
}

/// `v1 <base64url(frame without payload)>`.
fn decode_header(value: &str) -> Result<Vec<u8>, Problem> {
    let encoded = value.strip_prefix(SCHEME).filter(|encoded| encoded.len() <= HEADER_MAX);
    let envelope = encoded
        .and_then(|encoded| BASE64_URL_SAFE_NO_PAD.decode(encoded).ok())
        .ok_or(Problem::Malformed)?;
    match Frame::split(&envelope) {
        Ok(frame) if frame.payload.is_empty() => Ok(envelope),
        _ => Err(Problem::Malformed),
    }
}

/// `LP16(method) ‖ LP16(path and query) ‖ LP16(content-type) ‖ body`.
fn payload(method: &str, path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut payload =
        Vec::with_capacity(6 + method.len() + path.len() + content_type.len() + body.len());
    for text in [method, path, content_type] {
        put_lp16(&mut payload, text);
    }
    payload.extend_from_slice(body);
    payload
}

fn put_lp16(out: &mut Vec<u8>, text: &str) {
    // Heads are limited to 16 KiB, so nothing in them is longer than 65,535 bytes.
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The answer: plain body, its signature in the header. `LP16(content-type) ‖ body` is what was signed.
fn sealed<S: Backend>(app: &App<S>, reply_to: &ReplyTo, reply: Reply) -> Response {
    let status = match reply.result.as_u16() {
        code @ 200..=599 => StatusCode::from_u16(code).unwrap_or(StatusCode::OK),
        _ => http_status(reply.result),
    };
    let (body, content_type) = (reply.payload.clone(), reply.content_type.clone());
    let mut signed = Vec::with_capacity(2 + content_type.len() + body.len());
    put_lp16(&mut signed, &content_type);
    signed.extend_from_slice(&body);
    let frame = app.gateway.seal(reply_to, Reply { payload: signed, ..reply });
    let envelope_len = Frame::split(&frame).map_or(0, |split| frame.len() - split.payload.len());
    let envelope = BASE64_URL_SAFE_NO_PAD.encode(&frame[..envelope_len]);
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    let value = |text: &str| {
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
    };
    headers.insert(header::CONTENT_TYPE, value(&content_type));
    headers.insert(COUNTERSIGN, value(&format!("{SCHEME}{envelope}")));
    finish(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_call_cannot_slide_into_each_other() {
        assert_ne!(payload("GET", "/a", "b", b""), payload("GET", "/ab", "", b""));
        assert_ne!(payload("GET", "/", "", b"x"), payload("GET", "/", "x", b""));
    }

    #[test]
    fn only_a_whole_envelope_is_a_header() {
        let frame = Frame::join(b"header", &[0; 64], b"");
        let good = format!("v1 {}", BASE64_URL_SAFE_NO_PAD.encode(&frame));
        assert_eq!(decode_header(&good), Ok(frame.clone()));
        let with_payload =
            format!("v1 {}", BASE64_URL_SAFE_NO_PAD.encode([&frame[..], b"x"].concat()));
        for bad in ["", "v1", "v2 AAAA", "v1 !", &with_payload, &good[..good.len() - 4]] {
            assert_eq!(decode_header(bad), Err(Problem::Malformed));
        }
    }
}
