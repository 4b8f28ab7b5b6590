//! One frame in, one frame out.

use super::caller::Caller;
use super::{MEDIA_TYPE, is_within, read};
use crate::app::{App, Backend};
use crate::clock;
use crate::commands;
use crate::gateway::Refusal;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::trace;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use countersign::{ReplyTo, ResultCode};
use http::{HeaderValue, StatusCode, header};
use std::net::IpAddr;
use std::sync::Arc;
use tracing::{Instrument, Span};

/// Log target of one line per request, at debug level: `log.filter = "info,countersign::access=debug"`.
const ACCESS: &str = "countersign::access";

/// `POST /x`: the only handler of signed requests over plain HTTP.
pub(super) async fn exchange<S: Backend>(
    State(app): State<Arc<App<S>>>,
    Caller(ip): Caller,
    body: Body,
) -> Response {
    let frame = match read(&app, body, app.limits.large_max).await {
        Ok(frame) => frame,
        Err(problem) => return problem.into_response(),
    };
    match answer(&app, frame, ip).await {
        Ok((reply_to, reply)) => sealed(&app, &reply_to, reply),
        Err(problem) => problem.into_response(),
    }
}

/// A path that takes one message type and refuses the others.
pub(super) async fn exchange_only<S: Backend>(
    app: Arc<App<S>>,
    ip: IpAddr,
    body: Body,
    only: &'static str,
) -> Response {
    let frame = match read(&app, body, app.limits.large_max).await {
        Ok(frame) => frame,
        Err(problem) => return problem.into_response(),
    };
    match answer_if(&app, frame, ip, Some(only)).await {
        Ok((reply_to, reply)) => sealed(&app, &reply_to, reply),
        Err(problem) => problem.into_response(),
    }
}

/// Verifies a frame and runs it; for every transport that carries frames.
pub(super) async fn answer<S: Backend>(
    app: &App<S>,
    frame: Bytes,
    ip: IpAddr,
) -> Result<(ReplyTo, Reply), Problem> {
    answer_if(app, frame, ip, None).await
}

/// The same, if it is of the type that the path takes.
async fn answer_if<S: Backend>(
    app: &App<S>,
    frame: Bytes,
    ip: IpAddr,
    only: Option<&'static str>,
) -> Result<(ReplyTo, Reply), Problem> {
    let span = trace::exchange();
    let answered = exchanged(app, frame, ip, only).instrument(span.clone()).await;
    if let Ok((reply_to, reply)) = &answered {
        trace::answered(&span, reply_to, reply.result);
    }
    answered
}

async fn exchanged<S: Backend>(
    app: &App<S>,
    frame: Bytes,
    ip: IpAddr,
    only: Option<&'static str>,
) -> Result<(ReplyTo, Reply), Problem> {
    let started = clock::instant();
    if app.failed.is_set() {
        return Err(Problem::Unavailable("The server's clock or disk cannot be trusted."));
    }
    if !is_within(app, &frame) {
        return Err(Problem::TooLarge);
    }
    let answered = match app.gateway.verify(frame, ip).await {
        Ok(admitted) => {
            let message_type = admitted.request.header.message_type;
            trace::admitted(&Span::current(), message_type.as_str());
            let reply = match only {
                Some(only) if only != message_type.as_str() => another_type(only),
                Some(_) | None => commands::dispatch(app, &admitted, ip).await,
            };
            tracing::debug!(
                target: ACCESS,
                request_id = %admitted.reply_to.request_id,
                %message_type,
                result = %reply.result,
                took_us = started.elapsed().as_micros(),
            );
            Ok((admitted.reply_to, reply))
        }
        Err(Refusal::Signed(reply_to, reply)) => {
            tracing::debug!(target: ACCESS, request_id = %reply_to.request_id, result = %reply.result, "refused");
            Ok((reply_to, reply))
        }
        Err(Refusal::Unsigned(problem)) => {
            tracing::debug!(target: ACCESS, problem = problem.name(), "refused");
            Err(problem)
        }
    };
    app.metrics.answered(started.elapsed());
    answered
}

fn another_type(only: &str) -> Reply {
    let message = format!("this path takes {only} and nothing else; send other types to /x");
    Reply::error_with(ResultCode::UNKNOWN_TYPE, &[("message", message.into())])
}

/// An HTTP answer that carries a signed frame.
pub(super) fn sealed<S: Backend>(app: &App<S>, reply_to: &ReplyTo, reply: Reply) -> Response {
    let status = http_status(reply.result);
    let frame = app.gateway.seal(reply_to, reply);
    let mut response = (status, Body::from(frame)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    finish(headers);
    response
}

/// Headers of every signed answer: not stored, not transformed, readable from other origins (there are no cookies).
pub(super) fn finish(headers: &mut http::HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Countersign, Retry-After"),
    );
}

pub(super) fn http_status(result: ResultCode) -> StatusCode {
    StatusCode::from_u16(result.http_status()).unwrap_or(StatusCode::OK)
}
