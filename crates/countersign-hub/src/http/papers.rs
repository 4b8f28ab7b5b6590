//! Things to fetch and to print. Whoever is in the hall may have them: they are on the screen and on the tables anyway.

use super::App;
use super::problem::{self, Problem};
use crate::papers::Print;
use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use countersign_judging::auth::{AuthMessage, CONTENT_MAX};
use countersign_listen::{ConnectionInfo, read_body};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

type Outcome = Result<Response, Problem>;

const BYTES: &str = "application/octet-stream";
/// Time for a message of the handshake to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The record that devices keep, for an event in the seed's mode and for the organiser. Otherwise it holds the salt without which a
/// photo of the event's QR opens nothing, and only a judge may have it: [`bundle_for_judge`].
pub(super) async fn bundle(
    State(app): State<Arc<App>>,
    Extension(info): Extension<ConnectionInfo>,
    headers: HeaderMap,
) -> Outcome {
    may_have_salt(&app, &info, &headers)?;
    Ok(file(BYTES, "event.bundle", app.papers.bundle.clone()))
}

/// The record with the key sets behind it.
pub(super) async fn package(
    State(app): State<Arc<App>>,
    Extension(info): Extension<ConnectionInfo>,
    headers: HeaderMap,
) -> Outcome {
    may_have_salt(&app, &info, &headers)?;
    Ok(file(BYTES, "event.package", app.papers.package.clone()))
}

fn may_have_salt(app: &App, info: &ConnectionInfo, headers: &HeaderMap) -> Result<(), Problem> {
    let is_salted =
        app.venue.read().unwrap_or_else(PoisonError::into_inner).bundle().salt.is_some();
    match is_salted && app.door.check(info, headers).is_err() {
        true => Err(problem::SALTED),
        false => Ok(()),
    }
}

/// A judge's device without the bundle begins the handshake of section 9 here, because it has no key for a packet yet.
pub(super) async fn challenge(State(app): State<Arc<App>>, body: Body) -> Outcome {
    let AuthMessage::Hello(hello) = message(body).await? else { return Err(problem::NO_JUDGE) };
    let venue = app.venue.read().unwrap_or_else(PoisonError::into_inner);
    let challenge = app.reception.hello(&venue, &hello, app.clock.now());
    let challenge = challenge.map_err(|_| problem::NO_JUDGE)?;
    Ok(to_any_page(file(BYTES, "challenge", challenge.encode())))
}

/// And ends it here: whoever has a key of the roster gets the record.
pub(super) async fn bundle_for_judge(State(app): State<Arc<App>>, body: Body) -> Outcome {
    let AuthMessage::Proof(proof) = message(body).await? else { return Err(problem::NO_JUDGE) };
    let venue = app.venue.read().unwrap_or_else(PoisonError::into_inner);
    let proven = app.reception.proof(&venue, &proof, app.clock.now());
    proven.map_err(|_| problem::NO_JUDGE)?;
    Ok(to_any_page(file(BYTES, "event.bundle", app.papers.bundle.clone())))
}

/// The judging page came from the server, which is another origin. Any page may read this: a browser adds nothing to a request here that
/// would prove anything, and only a judge's key does.
fn to_any_page(mut response: Response) -> Response {
    let any = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    response
}

async fn message(body: Body) -> Result<AuthMessage, Problem> {
    let body = read_body(body, CONTENT_MAX, BODY_TIME).await?;
    AuthMessage::decode(&body).map_err(|error| Problem::malformed(&error))
}

pub(super) async fn event_svg(State(app): State<Arc<App>>) -> Outcome {
    let qr = app.papers.qr().map_err(|_| problem::FAILED)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], qr.svg()).into_response())
}

pub(super) async fn event_png(State(app): State<Arc<App>>) -> Outcome {
    print(app, Print::EventPng).await
}

pub(super) async fn event_pdf(State(app): State<Arc<App>>) -> Outcome {
    print(app, Print::EventPdf).await
}

pub(super) async fn projects_pdf(State(app): State<Arc<App>>) -> Outcome {
    print(app, Print::ProjectsPdf).await
}

async fn print(app: Arc<App>, what: Print) -> Outcome {
    let (kind, name) = match what {
        Print::EventPng => ("image/png", "event.png"),
        Print::EventPdf => ("application/pdf", "event.pdf"),
        Print::ProjectsPdf => ("application/pdf", "projects.pdf"),
    };
    // One at a time: hundreds of pages take a second of a core, and the hall may ask as often as it likes.
    let _turn = app.printing.acquire().await.map_err(|_| problem::FAILED)?;
    let printed = tokio::task::spawn_blocking({
        let app = Arc::clone(&app);
        move || app.papers.print(what, &app.venue)
    });
    match printed.await {
        Ok(Ok(bytes)) => Ok(file(kind, name, bytes)),
        Ok(Err(error)) => {
            tracing::error!(%error, name, "cannot be printed");
            Err(problem::FAILED)
        }
        Err(_) => Err(problem::FAILED),
    }
}

fn file(kind: &'static str, name: &'static str, bytes: Vec<u8>) -> Response {
    let disposition: (HeaderName, String) =
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}\""));
    ([(header::CONTENT_TYPE, kind.to_owned()), disposition], bytes).into_response()
}
