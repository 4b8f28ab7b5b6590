//! Things to fetch and to print. Whoever is in the hall may have them: they are on the screen and on the tables anyway.

use super::App;
use super::problem::{self, Problem};
use crate::papers::Print;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

type Outcome = Result<Response, Problem>;

/// The record that devices keep. Whoever gets it here checks it as if it came from anywhere.
pub(super) async fn bundle(State(app): State<Arc<App>>) -> Response {
    file("application/octet-stream", "event.bundle", app.papers.bundle.clone())
}

/// The record with the key sets behind it.
pub(super) async fn package(State(app): State<Arc<App>>) -> Response {
    file("application/octet-stream", "event.package", app.papers.package.clone())
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
