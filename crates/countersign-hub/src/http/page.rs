//! Pages: the public one for everybody, complete without a script, and the organiser's, which a script fills.

use super::App;
use super::problem::{self, Problem};
use super::reached::Reached;
use crate::view::{self, CoverageView, RoundView};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use countersign_html::Text;
use countersign_keys::Utc;
use std::fmt::Write;
use std::sync::{Arc, PoisonError};

pub(super) async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("style.css"))
}

pub(super) async fn public_script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("public.js"))
}

pub(super) async fn organiser_script() -> Response {
    asset("text/javascript; charset=utf-8", include_str!("organiser.js"))
}

pub(super) async fn organiser() -> Response {
    asset("text/html; charset=utf-8", include_str!("organiser.html"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

pub(super) async fn public(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (now, reached) = (app.clock.now(), Reached::of(&headers));
    let of_venue = Arc::clone(&app);
    // Large events take milliseconds.
    let shown = tokio::task::spawn_blocking(move || Public::of(&of_venue)).await;
    let page = shown.map_err(|_| problem::FAILED)?.html(&Utc(now).to_string(), reached.as_ref());
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response())
}

/// What everybody may know: nothing of it is a score.
struct Public {
    title: String,
    event: String,
    version: u32,
    rounds: Vec<RoundView>,
    coverage: CoverageView,
    links: usize,
}

impl Public {
    fn of(app: &App) -> Self {
        let venue = app.venue.read().unwrap_or_else(PoisonError::into_inner);
        let event = venue.bundle().event();
        Self {
            title: event.title.clone(),
            event: event.id.to_string(),
            version: event.version,
            rounds: view::rounds(&venue),
            coverage: view::coverage(&venue),
            links: app.node.status().borrow().links.len(),
        }
    }

    fn html(&self, now: &str, reached: Option<&Reached>) -> String {
        let title = Text(&self.title);
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <link rel=\"stylesheet\" href=\"/style.css\">\n<script src=\"/public.js\" defer></script>\n\
             <main>\n<h1>{title}</h1>\n<p class=\"quiet\">Hub time <time>{now}</time></p>\n<div class=\"columns two\">\n\
             <section aria-labelledby=\"join\"><h2 id=\"join\">Join as a judge</h2>\n\
             <p>Scan this with the judging app, not with the camera.</p>\n\
             <p class=\"code\"><img src=\"/event.svg\" alt=\"QR code of the event {}\" width=\"352\" height=\"352\"></p>\n\
             <p><a href=\"/event.png\">PNG</a> · <a href=\"/event.svg\">SVG</a> · <a href=\"/event.pdf\">PDF to print</a></p>\n\
             {}</section>\n<section aria-labelledby=\"state\"><h2 id=\"state\">Rounds</h2>\n<ul class=\"plain\">\n",
            Text(&self.event),
            way(reached)
        );
        for round in &self.rounds {
            let (class, state) = match round.state {
                "open" => ("good", "open"),
                "draft" => ("quiet", "not begun"),
                _ => ("quiet", "closed"),
            };
            // Writing to a string cannot fail.
            let _done = writeln!(
                page,
                "<li>Round {}: {} – <span class=\"{class}\">{state}</span></li>",
                round.number,
                Text(&round.name)
            );
        }
        page.push_str("</ul>\n");
        page.push_str(&self.progress());
        let _done = write!(
            page,
            "</section>\n</div>\n</main>\n<footer><p>Event bundle version {} · {} devices connected · \
             <a href=\"/organiser\">Organiser</a></p></footer>\n</html>\n",
            self.version, self.links
        );
        page
    }

    fn progress(&self) -> String {
        let CoverageView { done, wanted, short } = &self.coverage;
        let mut out = format!(
            "<h2>Coverage</h2>\n<p id=\"done\">{done} of {wanted} assigned judgements are in.</p>\n\
             <progress max=\"{}\" value=\"{done}\" aria-labelledby=\"done\"></progress>\n",
            (*wanted).max(1)
        );
        if short.is_empty() {
            return out;
        }
        out.push_str(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Projects still to be judged\">\n<table>\n\
             <caption>Still to be judged</caption>\n<thead><tr><th scope=\"col\">Project</th><th scope=\"col\">Category</th>\
             <th scope=\"col\" class=\"number\">In</th><th scope=\"col\" class=\"number\">Wanted</th></tr></thead>\n<tbody>\n",
        );
        for line in short {
            let (name, project, category) =
                (Text(&line.name), Text(&line.project), Text(&line.category));
            let (done, wanted) = (line.done, line.wanted);
            // Writing to a string cannot fail.
            let _done = writeln!(
                out,
                "<tr><th scope=\"row\">{name} ({project})</th><td>{category}</td><td class=\"number\">{done}</td>\
                 <td class=\"number\">{wanted}</td></tr>"
            );
        }
        out.push_str("</tbody>\n</table>\n</div>\n");
        out
    }
}

/// How a phone with the judging page gets here: that page came from the server, and does not know where the hub is.
fn way(reached: Option<&Reached>) -> String {
    let Some(reached) = reached else {
        return "<p class=\"quiet\">Open this page by an address that phones reach in this network, and it shows that address as a second \
                code.</p>\n"
            .to_owned();
    };
    let address = Text(reached.text());
    format!(
        "<h3>Where this hub is</h3>\n<p>Scan this, too, on the judging page in a browser, or type <code>{address}</code> there.</p>\n\
         <p class=\"code\"><img src=\"/link.svg\" alt=\"QR code of the address {address}\" width=\"352\" height=\"352\"></p>\n"
    )
}
