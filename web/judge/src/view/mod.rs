//! What is on the page. No decision is made here: the same app always looks the same.

mod ballot;
mod code;
mod event;
mod form;
mod notice;
mod projects;
mod scan;

use crate::app::{App, Phase, Press};
use crate::route::{MAIN, Route};
use crate::text::Texts;
use countersign_web_kit::frame::{Frame, Place};
use countersign_web_kit::node::{Element, el};
use countersign_web_kit::parts::{press, title};

/// The page of an app.
pub fn page(app: &App) -> Vec<Element> {
    let t = Texts::of(app.language);
    let content = match &app.phase {
        Phase::Starting => vec![title(t.judging), el("p").class("quiet").text(t.loading)],
        Phase::Stranger => {
            vec![title(t.judging), el("p").class("card").text(t.stranger), log_in(t)]
        }
        Phase::Unusable => vec![title(t.judging), el("p").class("card").text(t.unusable)],
        Phase::Elsewhere => {
            let here = press(Press::Here.name(), t.here).class("main");
            let unkept = app.has_left_unkept.then(|| el("p").class("card bad").text(t.left_unkept));
            let says = [title(t.judging), el("p").class("card").text(t.elsewhere)];
            says.into_iter().chain(unkept).chain([el("p").with(here)]).collect()
        }
        Phase::Ready(device) => match (app.route, device.screen().event.is_some()) {
            (Route::Scan, _) => scan::view(app, t),
            (Route::Event, true) => event::view(app, device, t),
            (_, false) => event::without(app, device, t),
            (Route::Projects, true) => projects::view(app, device, t),
            (Route::Vote(place), true) => form::view(app, device, &place, t),
            (Route::Code(place), true) => code::view(app, device, &place, t),
        },
    };
    let places = match &app.phase {
        Phase::Ready(_) => MAIN.iter().map(|route| link(app, route, t)).collect(),
        Phase::Starting | Phase::Stranger | Phase::Unusable | Phase::Elsewhere => Vec::new(),
    };
    let (home, bars) = (Route::Projects.hash().into(), notice::bars(app, t));
    Frame { language: app.language, home, place: place(app), bars, content, places }.page(t)
}

/// What the window is called.
pub fn window_title(app: &App) -> String {
    let t = Texts::of(app.language);
    let place = match app.route {
        Route::Projects => t.judging,
        Route::Vote(_) => t.project,
        Route::Code(_) => t.code_title,
        Route::Scan => t.scan,
        Route::Event => t.event,
    };
    format!("{place} – {}", t.app)
}

/// A name for what is shown, so that two places never share an element.
pub fn place(app: &App) -> &'static str {
    match (&app.phase, app.route) {
        (Phase::Starting, _) => "starting",
        (Phase::Stranger, _) => "stranger",
        (Phase::Unusable, _) => "unusable",
        (Phase::Elsewhere, _) => "elsewhere",
        (Phase::Ready(_), Route::Projects) => "projects",
        (Phase::Ready(_), Route::Vote(_)) => "vote",
        (Phase::Ready(_), Route::Code(_)) => "code",
        (Phase::Ready(_), Route::Scan) => "scan",
        (Phase::Ready(_), Route::Event) => "event",
    }
}

fn link(app: &App, route: &Route, t: &Texts) -> Place {
    let is_here = *route == app.route
        || (matches!(app.route, Route::Vote(_) | Route::Code(_)) && *route == Route::Projects);
    let name = match route {
        Route::Scan => t.scan,
        Route::Event => t.event,
        Route::Projects | Route::Vote(_) | Route::Code(_) => t.projects,
    };
    Place { href: route.hash().into(), name, is_here }
}

/// Where a session is made: it is the same for all pages of this server.
fn log_in(t: &Texts) -> Element {
    el("p").with(el("a").class("button").set("href", "/").text(t.login))
}

#[cfg(test)]
#[path = "../view_tests.rs"]
mod tests;
