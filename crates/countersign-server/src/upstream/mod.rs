//! Gateway mode: verified payloads go to the operator's own HTTP service, its answers come back signed.

mod headers;
mod route;

pub use route::{RestRule, RestRuleSpec, Route, RouteError, RouteSpec};

use crate::app::{App, Backend};
use crate::gateway::Admitted;
use crate::outbound::{self, HttpClient};
use crate::random;
use crate::reply::Reply;
use crate::trace;
use bytes::Bytes;
use countersign::ResultCode;
use countersign_identity::webhook::WebhookSecret;
use countersign_store::{ClaimId, IdempotencyKey, Idempotent, StoredAnswer};
use http::{Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use std::net::IpAddr;
use std::time::Duration;
use tracing::Instrument;

type Body = Full<Bytes>;

/// How long an idempotency key stays claimed beyond the call's own deadline.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// The service behind the gateway.
#[derive(Debug)]
pub struct Upstream {
    client: HttpClient,
    base: String,
    routes: Vec<Route>,
    rest: Vec<RestRule>,
    secret: Option<WebhookSecret>,
    answer_max: usize,
    timeout: Duration,
}

/// Everything an upstream is made of.
#[derive(Debug)]
pub struct UpstreamParts {
    /// `http://` or `https://`, without a slash at the end.
    pub base: String,
    /// Message types that are forwarded; the first that fits counts.
    pub routes: Vec<Route>,
    /// Which paths of the REST profile are forwarded; the first that fits counts.
    pub rest: Vec<RestRule>,
    /// Signs forwarded calls, so that the service can tell them from others.
    pub secret: Option<WebhookSecret>,
    /// Largest answer, in bytes.
    pub answer_max: usize,
    /// Deadline where a route has none.
    pub timeout: Duration,
}

/// One call, ready to be sent.
struct Call {
    method: Method,
    path_and_query: String,
    content_type: String,
    body: Vec<u8>,
    timeout: Duration,
}

/// What became of a call.
enum Called {
    Answered {
        status: u16,
        content_type: String,
        body: Vec<u8>,
    },
    /// The service was never reached: it certainly did nothing.
    Unreachable,
    /// Unknown whether it did anything.
    TimedOut,
    TooLarge,
}

/// Whether the effect of a call happened.
enum Outcome {
    Nothing,
    Unknown,
    Known,
}

impl Called {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            Self::Unreachable | Self::TimedOut | Self::TooLarge => None,
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Answered { .. } | Self::TooLarge => Outcome::Known,
            Self::Unreachable => Outcome::Nothing,
            Self::TimedOut => Outcome::Unknown,
        }
    }
}

impl Upstream {
    /// A client for the service. Nothing is connected yet.
    pub fn new(parts: UpstreamParts) -> Self {
        let UpstreamParts { base, routes, rest, secret, answer_max, timeout } = parts;
        let client = outbound::http_client();
        Self { client, base, routes, rest, secret, answer_max, timeout }
    }

    /// The route of a message type.
    pub fn route(&self, message_type: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.fits(message_type))
    }

    /// Forwards a verified request along a route and returns the service's answer.
    pub async fn call<S: Backend>(
        &self,
        app: &App<S>,
        admitted: &Admitted,
        route: &Route,
        ip: IpAddr,
    ) -> Reply {
        if !route.scope_allows(&admitted.session.scopes) {
            return Reply::error(ResultCode::FORBIDDEN);
        }
        let content = &admitted.request.content;
        let (path_and_query, body) =
            match route.target(admitted.request.header.message_type.as_str(), content) {
                Ok(target) => target,
                Err(error) => return Reply::invalid(&error.to_string()),
            };
        let call = Call {
            method: route.method().clone(),
            path_and_query,
            content_type: route.content_type().to_owned(),
            body,
            timeout: route.timeout().unwrap_or(self.timeout),
        };
        match route.idempotency_key(content) {
            Err(error) => Reply::invalid(&error.to_string()),
            Ok(None) => reply(self.send(app, admitted, call, ip).await),
            Ok(Some(key)) => {
                let key = IdempotencyKey {
                    user: admitted.session.user,
                    message_type: admitted.request.header.message_type.as_str().to_owned(),
                    key,
                    fingerprint: countersign::payload::hash(content),
                };
                self.call_once(app, admitted, call, ip, key).await
            }
        }
    }

    /// Forwards a call of the REST profile, if a rule lets it through.
    pub async fn call_rest<S: Backend>(
        &self,
        app: &App<S>,
        admitted: &Admitted,
        rest: RestCall<'_>,
        ip: IpAddr,
    ) -> Reply {
        let path = rest.path_and_query.split('?').next().unwrap_or_default();
        let Some(rule) = route::rule_for(&self.rest, rest.method, path) else {
            return Reply::error(ResultCode::UNKNOWN_TYPE);
        };
        if !rule.scope_allows(&admitted.session.scopes) {
            return Reply::error(ResultCode::FORBIDDEN);
        }
        app.metrics.business_call("http");
        let call = Call {
            method: rest.method.clone(),
            path_and_query: rest.path_and_query.to_owned(),
            content_type: rest.content_type.to_owned(),
            body: rest.body.to_vec(),
            timeout: self.timeout,
        };
        reply(self.send(app, admitted, call, ip).await)
    }

    /// A call whose effect happens once per idempotency key, however often it is asked for.
    async fn call_once<S: Backend>(
        &self,
        app: &App<S>,
        admitted: &Admitted,
        call: Call,
        ip: IpAddr,
        key: IdempotencyKey,
    ) -> Reply {
        let lease = call.timeout + LEASE_MARGIN;
        let Ok(claim) = random::bytes().map(ClaimId) else {
            return Reply::error(ResultCode::INTERNAL);
        };
        let begun = app.store.begin_idempotent(key.clone(), claim, app.now(), lease).await;
        match begun {
            Ok(Idempotent::Claimed) => {}
            Ok(Idempotent::Done(answer)) => return stored_reply(answer),
            Ok(Idempotent::InProgress) => {
                return Reply::retry(ResultCode::IDEMPOTENCY_IN_PROGRESS, Duration::from_secs(1));
            }
            Ok(Idempotent::Mismatch) => return Reply::error(ResultCode::IDEMPOTENCY_MISMATCH),
            Err(error) => return store_failed(&error),
        }
        let called = self.send(app, admitted, call, ip).await;
        let outcome = called.outcome();
        let reply = reply(called);
        let settled = match outcome {
            Outcome::Nothing => app.store.abandon_idempotent(key, claim).await,
            // The key stays claimed until its lease ends, then the client may try again.
            Outcome::Unknown => Ok(()),
            Outcome::Known => {
                let answer =
                    StoredAnswer { code: reply.result.as_u16(), payload: reply.payload.clone() };
                app.store.finish_idempotent(key, answer, app.now()).await
            }
        };
        match settled {
            Ok(()) => reply,
            Err(error) => store_failed(&error),
        }
    }

    async fn send<S: Backend>(
        &self,
        app: &App<S>,
        admitted: &Admitted,
        call: Call,
        ip: IpAddr,
    ) -> Called {
        let Ok(uri) = format!("{}{}", self.base, call.path_and_query).parse::<Uri>() else {
            return Called::Unreachable;
        };
        let body = Bytes::from(call.body);
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = call.method;
        *request.uri_mut() = uri;
        if let Err(error) = headers::set(request.headers_mut(), admitted, &call.content_type, ip) {
            tracing::error!(%error, "identity headers could not be made");
            return Called::Unreachable;
        }
        if let Some(secret) = &self.secret
            && let Err(error) = headers::sign(&mut request, &body, secret, admitted, app.now())
        {
            tracing::error!(%error, "the call could not be signed for the service");
            return Called::Unreachable;
        }
        let span = trace::upstream(request.method());
        let exchange = self.exchange(request).instrument(span.clone());
        let called = match tokio::time::timeout(call.timeout, exchange).await {
            Ok(called) => called,
            Err(_) => Called::TimedOut,
        };
        trace::called(&span, called.status());
        called
    }

    async fn exchange(&self, request: Request<Body>) -> Called {
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Called::Unreachable,
            Err(error) => {
                tracing::warn!(%error, "the service behind broke the call off");
                return Called::TimedOut;
            }
        };
        read_answer(response, self.answer_max).await
    }
}

/// A call of the REST profile: what the client signed.
#[derive(Debug, Clone, Copy)]
pub struct RestCall<'a> {
    /// HTTP method.
    pub method: &'a Method,
    /// Path and query below the profile's prefix.
    pub path_and_query: &'a str,
    /// Content type, possibly empty.
    pub content_type: &'a str,
    /// The plain body.
    pub body: &'a [u8],
}

async fn read_answer(response: Response<Incoming>, max: usize) -> Called {
    let status = response.status().as_u16();
    let content_type =
        response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
    match Limited::new(response.into_body(), max).collect().await {
        Ok(body) => Called::Answered { status, content_type, body: body.to_bytes().to_vec() },
        Err(error) if error.is::<LengthLimitError>() => Called::TooLarge,
        Err(_) => Called::TimedOut,
    }
}

fn reply(called: Called) -> Reply {
    match called {
        Called::Answered { status, content_type, body } => {
            // 2xx is success; what kind of success matters in the REST profile alone.
            let result = if status == 200 { ResultCode::OK } else { ResultCode::from_u16(status) };
            Reply { result, payload: body, content_type }
        }
        Called::Unreachable => Reply::error(ResultCode::UPSTREAM_UNAVAILABLE),
        Called::TimedOut => Reply::error(ResultCode::UPSTREAM_TIMEOUT),
        Called::TooLarge => {
            tracing::warn!("an answer of the service behind is larger than upstream.answer_max");
            // Not `upstream_unavailable`, which says that nothing happened: the service did its work.
            Reply::error(ResultCode::INTERNAL)
        }
    }
}

fn stored_reply(answer: StoredAnswer) -> Reply {
    let result = ResultCode::from_u16(answer.code);
    Reply { result, payload: answer.payload, content_type: "application/json".into() }
}

fn store_failed(error: &countersign_store::StoreError) -> Reply {
    tracing::error!(%error, "an idempotency key could not be stored");
    Reply::error(ResultCode::INTERNAL)
}
